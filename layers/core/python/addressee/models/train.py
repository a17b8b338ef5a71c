"""Training tables -> a judged model: choose a recipe, examine it once, pass the gate, refit on all days, seal it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from addressee.models.bundle import SERVING_FILE, Bundle, seal
from addressee.models.card import card_files
from addressee.models.evaluate import Compared, as_json, compare
from addressee.models.gate import Verdict, choose, judge
from addressee.models.kind import Cuts, Exam, Kind, Recipe, Window
from addressee.models.packed import pack
from addressee.models.tables import Floats, Metadata, Tables

EPOCH = date(1970, 1, 1)
K = 10


@dataclass(frozen=True)
class Run:
    """One training run. `champion` is the recipe of the model that is served now, `revision` the code's, if known."""

    kind: Kind
    tables: Tables
    seed: int
    champion: Recipe | None = None
    revision: str = ""

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
    recipe = _choose(run, cuts.validation)
    against_floor, against_champion = _examine(run, cuts.test, recipe)
    verdict = judge(against_floor[0], against_champion[0] if against_champion else None)
    metrics = as_json(against_floor)
    bundle = _sealed(run, cuts, recipe, verdict, metrics) if verdict.published else None
    return Trained(verdict, metrics, bundle)


def _choose(run: Run, window: Window) -> Recipe:
    """Choose the recipe in the validation window; there is nothing to do where there is but one."""
    recipes = run.kind.recipes()
    if len(recipes) == 1:
        return recipes[0]
    exam = run.kind.exam(run.tables, window)
    values = [run.kind.metrics[0].of(exam.truth, _marks(run, exam, window, recipe)) for recipe in recipes]
    return recipes[choose(values)]


def _examine(run: Run, window: Window, recipe: Recipe) -> tuple[Sequence[Compared], Sequence[Compared]]:
    """Take the test once: against the floor, and against the champion's recipe where it is another one.

    The champion's recipe is refitted on the same training days. The champion itself, which was refitted on all its
    days before it was served, may have seen the test days, and would win by that.
    """
    exam = run.kind.exam(run.tables, window)
    marks = _marks(run, exam, window, recipe)
    floor = run.kind.floor(run.tables, exam, until=window.first)
    against_floor = compare(run.kind.metrics, exam, model=marks, rival=floor, rng=run.rng())
    if run.champion is None or run.champion == recipe:
        return against_floor, ()
    rival = _marks(run, exam, window, run.champion)
    return against_floor, compare(run.kind.metrics[:1], exam, model=marks, rival=rival, rng=run.rng())


def _marks(run: Run, exam: Exam, window: Window, recipe: Recipe) -> Floats:
    """Fit on what was known when the exam is set, and mark the answers of the model as it would be served."""
    fitted = run.kind.fit(run.tables, until=window.first, recipe=recipe, rng=run.rng()).served()
    return run.kind.marks(exam, run.kind.predict(fitted, exam.audience, k=K))


def _sealed(run: Run, cuts: Cuts, recipe: Recipe, verdict: Verdict, metrics: Mapping[str, Any]) -> Bundle:
    """Refit on all days with the same recipe; add the card and the metadata."""
    known = run.tables.metadata
    fitted = run.kind.fit(run.tables, until=known.as_of_day, recipe=recipe, rng=run.rng())
    about = {
        "family": run.kind.family,
        "role": run.kind.role,
        "features": list(known.feature_names) if run.kind.uses_features else [],
        "feature_hash": known.feature_hash if run.kind.uses_features else "",
        "recipe": dict(recipe),
        "settings": dict(fitted.settings),
        "windows": _windows(known, cuts),
        "metrics": metrics,
        "baseline": run.kind.floor_title,
        "verdict": verdict.reason,
        "revision": run.revision,
    }
    card = card_files(run.kind, known, about, run.kind.details(run.tables, fitted))
    return seal(run.kind.name, known.as_of, {SERVING_FILE: pack(fitted.sections), **card}, about)


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
