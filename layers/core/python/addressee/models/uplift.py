"""Uplift: whom a mail makes buy, learned from campaigns that held people out by chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from addressee.models.candidates import columns_of
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Reason, Recipe, Role, Window
from addressee.models.metrics_uplift import qini, uplift_at
from addressee.models.occasions import DAY_MS, Occasions, cuts, exam_of
from addressee.models.scored_rows import score_rows, strongest_reasons
from addressee.models.tables import TRIAL_DAYS, Flags, Floats, Tables
from addressee.models.uplift_details import uplift_details
from addressee.models.uplift_learners import (
    TRANSFORMED,
    TWO_MODELS,
    Trial,
    alike,
    buys_anyway,
    learn_uplift,
    uplift_rows,
)
from addressee.profiles.features import CATEGORICAL

LEAST_PEOPLE, LEAST_BUYERS = 50, 10
"""In each group of each part."""
TOP_QUANTILE = 0.7
LEAST_GAIN = 1e-6
RECIPES: Sequence[Recipe] = (
    {"learner": TWO_MODELS, "model": "logistic", "c": 0.1},
    {"learner": TRANSFORMED, "model": "logistic", "c": 0.1},
    {"learner": TWO_MODELS, "model": "trees", "rate": 0.05, "leaves": 7, "least": 50, "rounds": 60, "share": 0.8},
    {"learner": TRANSFORMED, "model": "trees", "rate": 0.05, "leaves": 7, "least": 50, "rounds": 60, "share": 0.8},
)
_FLOOR: Recipe = {"model": "logistic", "c": 0.1}


@dataclass(frozen=True)
class TrialExam(Exam):
    """An exam of people who were mailed or held out by chance: `mailed` [n], and `weights` [n] that make both alike.

    `truth` is the transformed outcome, purchase times (mailed - e) / (e (1 - e)) with e the share of the campaign's
    people that was mailed: 0 for who did not buy, and on average the uplift (Athey and Imbens 2016).
    """

    mailed: Floats = field(default_factory=lambda: np.empty(0))
    weights: Floats = field(default_factory=lambda: np.empty(0))


def _marked(figure: Callable[..., float]) -> Callable[[Floats, Floats], float]:
    return lambda truth, marks: figure((truth != 0).astype(np.float64), marks[:, 1], marks[:, 0], weights=marks[:, 2])


@dataclass(frozen=True)
class Uplift:
    """A kind of uplift: by how much a mail raises the chance of an order within `TRIAL_DAYS`."""

    name: str
    title: str
    limits: Sequence[str]
    widths_days: Sequence[int] = (56, 28, 14, 7, 0)
    candidates: Sequence[Recipe] = RECIPES
    role: Role = "scorer"
    families: Sequence[str] = (TWO_MODELS, TRANSFORMED)
    uses_features: bool = True
    floor_title: str = "the better of a random order and the chance to buy without a mail, on the same people"
    metrics: Sequence[Metric] = (Metric("qini", _marked(qini)), Metric("uplift_at_30_percent", _marked(uplift_at)))

    def recipes(self) -> Sequence[Recipe]:
        """Return the candidates, two logistic regressions first."""
        return self.candidates

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows of campaigns, or None where a part lacks people, or buyers, of either group."""
        return cuts(_occasions(tables), self.widths_days, _teaches(tables))

    def exam(self, tables: Tables, window: Window) -> TrialExam:
        """Ask about everybody who took part in the window's campaigns."""
        rows = _occasions(tables)
        chosen = rows.inside(window)
        mailed, share = tables.trials.mailed[chosen], tables.trials.share[chosen]
        asked = exam_of(tables, rows, chosen)
        return TrialExam(
            asked.audience,
            asked.truth * (mailed - share) / (share * (1.0 - share)),
            asked.person,
            groups=asked.groups,
            mailed=mailed.astype(np.float64),
            weights=alike(mailed, share),
        )

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Fit on all campaigns whose outcome was known at the end of day `until`."""
        trial = _trial(tables, until)
        fitted = learn_uplift(recipe, trial, seed=int(rng.integers(2**31)))
        top = float(np.quantile(uplift_rows(fitted, trial.features), TOP_QUANTILE))
        settings = {
            **fitted.settings,
            "names": list(tables.metadata.feature_names),
            "gains": {"high": max(float(f"{top:.6g}"), LEAST_GAIN), "medium": 0.0},
        }
        return Fitted(recipe, settings, fitted.sections, fitted.family)

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # a score has no k
        """Return for each person what a mail adds to the chance, and whether it adds anything."""
        scores = uplift_rows(fitted, audience.features)
        return Answers(scores=scores, positive=scores > 0)

    def marks(self, exam: Exam, answers: Answers) -> Floats:
        """Return [n, 3]: the uplift, whether the person was mailed, and what the row weighs."""
        return np.column_stack([answers.scores, *_assigned(exam)])

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return the better of no order at all and of who buys anyway; judged on the exam itself, which favours it."""
        anyway = buys_anyway(_FLOOR, _trial(tables, until), seed=0)
        likely = np.column_stack([score_rows(anyway, exam.audience.features), *_assigned(exam)])
        random = np.column_stack([np.zeros(exam.audience.size), *_assigned(exam)])
        return max(random, likely, key=lambda marks: self.metrics[0].of(exam.truth, marks))

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Return each person's features that moved the uplift most, in probability."""
        return strongest_reasons(fitted, audience.features)

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return both groups' sizes and rates, the mean effect, and which features move the uplift."""
        return uplift_details(fitted, _trial(tables, tables.metadata.as_of_day))


def _occasions(tables: Tables) -> Occasions:
    trials = tables.trials
    moment_ms = (trials.day.astype(np.int64) + 1) * DAY_MS
    ready = trials.day + np.int32(TRIAL_DAYS)
    return Occasions(trials.features, trials.subject, moment_ms, trials.day, ready, trials.bought, trials.known)


def _trial(tables: Tables, until: int) -> Trial:
    usable, trials = _occasions(tables).usable(until), tables.trials
    codes = columns_of(CATEGORICAL, tables.metadata.feature_names)
    return Trial(trials.features[usable], trials.mailed[usable], trials.bought[usable], trials.share[usable], codes)


def _assigned(exam: Exam) -> tuple[Floats, Floats]:
    """Return who was mailed, and the weights."""
    if not isinstance(exam, TrialExam):
        raise TypeError("who was mailed is not known of this exam")
    return exam.mailed, exam.weights


def _teaches(tables: Tables) -> Callable[[Flags], bool]:
    trials = tables.trials

    def teaches(chosen: Flags) -> bool:
        arms = [chosen & trials.known & arm for arm in (trials.mailed, ~trials.mailed)]
        counts = [(int(arm.sum()), int(trials.bought[arm].sum())) for arm in arms]
        return all(people >= LEAST_PEOPLE and LEAST_BUYERS <= buyers < people for people, buyers in counts)

    return teaches
