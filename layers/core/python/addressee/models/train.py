"""Training tables -> a judged model: choose a recipe, examine it once, pass the gate, refit on all days, seal it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from addressee.models.abilities import Following, Layered, Sparing, Tiered
from addressee.models.bundle import SERVING_FILE, Bundle, seal
from addressee.models.card import card_files
from addressee.models.evaluate import Compared, as_json, compare
from addressee.models.fairness import Mitigation
from addressee.models.gate import Verdict, judge, leads, outdoes
from addressee.models.judged import Taken, judged_figures, tells_yes_or_no
from addressee.models.kind import Cuts, Exam, Fitted, Kind, Recipe, Window
from addressee.models.packed import pack
from addressee.models.product_exams import with_bestsellers
from addressee.models.reference import reference_file
from addressee.models.tables import Floats, Metadata, Tables
from addressee.models.tuning import NO_BUDGET, Budget, Tunable

EPOCH = date(1970, 1, 1)
_LOST_BELOW = "what it builds on surely does worse than the chosen one"
K = 10


@dataclass(frozen=True)
class Run:
    """One training run. `champion` is the recipe of the model that is served now, `former` those of a year's champions.

    `revision` is the code's, empty where it is not known. `budget` is what a kind that can be tuned may spend on it.
    `tiers` are the least probabilities of a scorer's tiers, the kind's own where there are none. `mitigation` narrows a
    scorer's gaps between declared groups (`fairness.py`).
    `previous` is the model of earlier tables, from which a kind that can (`Following`) goes on.
    """

    kind: Kind
    tables: Tables
    seed: int
    champion: Recipe | None = None
    former: Sequence[Recipe] = ()
    revision: str = ""
    budget: Budget = NO_BUDGET
    tiers: Mapping[str, float] = field(default_factory=dict)
    previous: Fitted | None = None
    mitigation: Mitigation = "none"

    def mitigated(self, recipe: Recipe) -> Recipe:
        """Return the recipe with the mitigation that is asked for now, whatever it was made with."""
        plain = {name: value for name, value in recipe.items() if name != "mitigate"}
        if self.mitigation == "none" or not tells_yes_or_no(self.kind):
            return plain
        return {**plain, "mitigate": self.mitigation}

    def served_kind(self) -> Kind:
        """Return the kind as it fits what is served: tests are taken without the model before, which saw their days."""
        if self.tiers and isinstance(self.kind, Tiered):
            return self.kind.tiered(self.tiers)
        if self.previous is None or not isinstance(self.kind, Following):
            return self.kind
        return self.kind.following(self.previous)

    def rng(self) -> np.random.Generator:
        """Return a generator in the same state each time."""
        return np.random.default_rng(self.seed)


@dataclass(frozen=True)
class Trained:
    """What came out of a run; `bundle` is None where the gate said no."""

    verdict: Verdict
    metrics: Mapping[str, Any]
    bundle: Bundle | None


def train(run: Run) -> Trained:
    """Choose a recipe, examine it, judge it; what passed is refitted on all days and sealed. Same input, same bytes."""
    cuts = run.kind.cuts(run.tables)
    if cuts is None:
        return Trained(Verdict(published=False, reason="the tables hold too little for an honest test"), {}, None)
    chosen = _choose(run, cuts.validation)
    examined = _examine(run, cuts.test, chosen.recipe)
    verdict = judge(examined.floor[0], examined.champion, examined.best)
    metrics = as_json(examined.floor)
    if not verdict.published:
        return Trained(verdict, metrics, None)
    said = {"metrics": metrics, "tested": dict(examined.asked), "verdict": verdict.reason, **chosen.said()}
    told = judged_figures(run.kind, run.tables, examined.tested, seed=run.seed)
    return Trained(verdict, metrics, _sealed(run, cuts, chosen, said, told))


class _Candidate(NamedTuple):
    """A recipe, or none for the floor, and its figures in the validation window."""

    recipe: Recipe | None
    validation: Mapping[str, float]


class _Chosen(NamedTuple):
    """The recipe, all that were compared (the floor first), what tuning says of itself, what was left out and why."""

    recipe: Recipe
    compared: Sequence[_Candidate] = ()
    tuning: str = ""
    left_out: Sequence[tuple[Recipe, str]] = ()

    def said(self) -> dict[str, Any]:
        """Return what the bundle and its card tell of the choice."""
        rows = [{"recipe": dict(each.recipe or {}), "validation": dict(each.validation)} for each in self.compared]
        return {"candidates": rows, "tuning": self.tuning}

    def details(self) -> dict[str, Mapping[str, str]]:
        """Return the same for the card: a line for each candidate."""
        told = {
            "candidates in the validation window": {
                _listed(each.recipe or {"": "floor"}): _listed(each.validation) for each in self.compared
            },
            "not tried in the validation window": {_listed(recipe): why for recipe, why in self.left_out},
            "tuning": {"found": self.tuning} if self.tuning else {},
        }
        return {title: values for title, values in told.items() if values}


def _choose(run: Run, window: Window) -> _Chosen:
    """Choose the recipe in the validation window: the first, unless a later one outdoes it there."""
    listed, tuning = _candidates(run, window)
    (recipe, *others), left_out = _busy(run, window, listed)
    if not others:
        return _Chosen(recipe, tuning=tuning, left_out=left_out)
    exam = run.kind.exam(run.tables, window)
    metric, marks = run.kind.metrics[0], _marks(run, exam, window, recipe)
    floor = run.kind.floor(run.tables, exam, until=window.first)
    compared = [_Candidate(None, _figures(run, exam, floor)), _Candidate(recipe, _figures(run, exam, marks))]
    seen = [(recipe, marks)]

    def against(tried: Floats) -> Compared:
        return compare([metric], exam, model=tried, rival=marks, rng=run.rng())[0]

    for other in others:
        if any(against(plainer).difference.high < 0 for plainer in _below(run, other, seen)):
            left_out.append((other, _LOST_BELOW))
            continue
        tried = _marks(run, exam, window, other)
        seen.append((other, tried))
        compared.append(_Candidate(other, _figures(run, exam, tried)))
        if leads(metric.of(exam.truth, tried), metric.of(exam.truth, marks)) and outdoes(against(tried)):
            recipe, marks = other, tried
    return _Chosen(recipe, compared, tuning, left_out)


def _busy(run: Run, window: Window, listed: Sequence[Recipe]) -> tuple[list[Recipe], list[tuple[Recipe, str]]]:
    """Return the recipes that have something to work on, the first in any case, and the others with the reason."""
    if not isinstance(run.kind, Sparing):
        return list(listed), []
    why = [run.kind.idle(recipe, run.tables, until=window.first) for recipe in listed]
    busy = [recipe for at, recipe in enumerate(listed) if not at or not why[at]]
    return busy, [(recipe, reason) for recipe, reason in zip(listed[1:], why[1:], strict=True) if reason]


def _below(run: Run, recipe: Recipe, seen: Sequence[tuple[Recipe, Floats]]) -> list[Floats]:
    """Return the marks of the recipe that this one builds on, if there is one: where it surely lost, so would this."""
    plainer = run.kind.below(recipe) if isinstance(run.kind, Layered) else None
    return [marks for other, marks in seen if other == plainer]


def _candidates(run: Run, window: Window) -> tuple[Sequence[Recipe], str]:
    """Return the kind's recipes and, where it can be tuned and may spend something on it, those that tuning found.

    Tuning sees what was known when the validation window opens, no later day.
    """
    recipes = [run.mitigated(recipe) for recipe in run.kind.recipes()]
    if not isinstance(run.kind, Tunable) or not run.budget.trials:
        return recipes, ""
    found = run.kind.tuned(run.tables, until=window.first, budget=run.budget, seed=run.seed)
    return _distinct([*recipes, *map(run.mitigated, found.recipes)], but=None), found.said


def _figures(run: Run, exam: Exam, marks: Floats) -> dict[str, float]:
    return {metric.name: round(metric.of(exam.truth, marks), 6) for metric in run.kind.metrics}


class _Examined(NamedTuple):
    """What a test said: all metrics against the floor, the deciding one against champions with another recipe."""

    floor: Sequence[Compared]
    champion: Compared | None
    best: Compared | None
    asked: Mapping[str, int]
    tested: Taken


def _examine(run: Run, window: Window, recipe: Recipe) -> _Examined:
    """Take the test once: against the floor, the champion's recipe and the best recipe of the last year's champions.

    Champions' recipes are refitted on the same training days. A champion itself, which was refitted on all its days
    before it was served, may have seen the test days, and would win by that. With the same recipe it is the same model.
    """
    exam, fitted = run.kind.exam(run.tables, window), _learned(run, window, recipe)
    marks = run.kind.marks(exam, run.kind.predict(fitted, exam.audience, k=K))
    floor = run.kind.floor(run.tables, exam, until=window.first)
    against_floor = compare(run.kind.metrics, exam, model=marks, rival=floor, rng=run.rng())

    def against(rival: Floats) -> Compared:
        return compare(run.kind.metrics[:1], exam, model=marks, rival=rival, rng=run.rng())[0]

    former = _distinct([run.mitigated(each) for each in run.former], but=recipe)
    rivals = [_marks(run, exam, window, each) for each in former]
    best = max(rivals, key=lambda rival: run.kind.metrics[0].of(exam.truth, rival), default=None)
    champion = None if run.champion is None else run.mitigated(run.champion)
    champion = None if champion == recipe else champion
    plain = {name: value for name, value in recipe.items() if name != "mitigate"}
    before = _marks(run, exam, window, plain) if plain != recipe else None
    return _Examined(
        against_floor,
        None if champion is None else against(_marks(run, exam, window, champion)),
        None if best is None else against(best),
        {"people": len(np.unique(exam.person)), "questions": len(exam.person)},
        Taken(exam, marks, floor, before, _newcomers(run, exam.newcomers, fitted)),
    )


def _newcomers(run: Run, exam: Exam | None, fitted: Fitted) -> Taken | None:
    """Ask for people without a purchase apart; what a model cannot know is answered by its bestsellers, as served."""
    if exam is None:
        return None
    answers = with_bestsellers(fitted, run.kind.predict(fitted, exam.audience, k=K))
    floor = run.kind.floor(run.tables, exam, until=exam.audience.day)
    return Taken(exam, run.kind.marks(exam, answers), floor)


def _distinct(recipes: Sequence[Recipe], *, but: Recipe | None) -> list[Recipe]:
    """Return each recipe once, without the one that is on trial."""
    return [recipe for at, recipe in enumerate(recipes) if recipe != but and recipe not in recipes[:at]]


def _marks(run: Run, exam: Exam, window: Window, recipe: Recipe) -> Floats:
    """Fit on what was known when the exam is set, and mark the answers of the model as it would be served."""
    return run.kind.marks(exam, run.kind.predict(_learned(run, window, recipe), exam.audience, k=K))


def _learned(run: Run, window: Window, recipe: Recipe) -> Fitted:
    return run.kind.fit(run.tables, until=window.first, recipe=recipe, rng=run.rng()).served()


def _sealed(run: Run, cuts: Cuts, chosen: _Chosen, said: Mapping[str, Any], told: Mapping[str, Any]) -> Bundle:
    """Refit on all days with the same recipe; add what the test said, the card and the metadata."""
    known = run.tables.metadata
    kind, until = run.served_kind(), known.as_of_day
    fitted = kind.fit(run.tables, until=until, recipe=chosen.recipe, rng=run.rng())
    about = {
        "family": fitted.family,
        "role": run.kind.role,
        "features": list(known.feature_names) if run.kind.uses_features else [],
        "feature_hash": known.feature_hash if run.kind.uses_features else "",
        "recipe": dict(chosen.recipe),
        "settings": dict(fitted.settings),
        "windows": _windows(known, cuts),
        **said,
        "baseline": run.kind.floor_title,
        "revision": run.revision,
    }
    details = {**run.kind.details(run.tables, fitted), **chosen.details()}
    card = card_files(run.kind, run.tables, {**about, **told}, details)
    files = {SERVING_FILE: pack(fitted.sections), **card, **reference_file(run.kind, run.tables, fitted)}
    return seal(run.kind.name, known.as_of, files, about)


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}".strip() for name, value in values.items())


def _windows(known: Metadata, cuts: Cuts) -> dict[str, str]:
    """Return the days that matter, ISO 8601."""
    days = {
        "first_day": known.first_day,
        "validation_after": cuts.validation.first,
        "test_after": cuts.test.first,
        "test_cuts_until": cuts.test.last,
        "fitted_until": known.as_of_day,
    }
    return {name: (EPOCH + timedelta(days=day)).isoformat() for name, day in days.items()}
