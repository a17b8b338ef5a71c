"""Propensities: the chance that somebody does something within a horizon, by the plainest model that is good enough."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from addressee.models.balance import Weighted
from addressee.models.calibration import apply, calibration_section, fit_calibration
from addressee.models.candidates import FAMILIES, Lesson, columns_of, learn, moments, regress
from addressee.models.category_levels import MANY_LEVELS, many_levels
from addressee.models.class_metrics import CLASS_METRICS, marked
from addressee.models.fairness import group_thresholds, group_traits, joint_groups, reweighed
from addressee.models.kind import Answers, Audience, Cuts, Exam, Fitted, Metric, Reason, Recipe, Role, Window
from addressee.models.metrics import roc_auc
from addressee.models.occasions import Occasions, cuts, exam_of, inner_split, occasions
from addressee.models.prepared_columns import finite, flatten
from addressee.models.propensity_details import propensity_details
from addressee.models.recipe_search import search_recipes
from addressee.models.scored_rows import answer_rows, score_rows, strongest_reasons
from addressee.models.scorers import THRESHOLDS
from addressee.models.tables import Flags, Floats, Indices, Tables
from addressee.models.thresholds import tuned_thresholds
from addressee.models.tuning import Budget, Found
from addressee.profiles.features import CATEGORICAL

LEAST_PEOPLE = 50
PEOPLE_WIDTHS_DAYS = (21, 14, 7, 0)
"""Cut-offs are weekly: up to four of them tell models apart more surely than one."""
SEND_WIDTHS_DAYS = (27, 13, 6)
MAIL_LIMITS = (
    "Learned from people who were mailed: of people like none of them it says little.",
    "A chance, not a cause: who clicks much may buy as much without a mail.",
)
RECIPES: Sequence[Recipe] = (
    {"model": "logistic", "c": 0.1},
    {"model": "logistic", "c": 1.0},
    {"model": "logistic", "c": 0.1, "categories": "target"},
    {"model": "logistic", "c": 0.1, "categories": "target", "embed": 8},
    {"model": "logistic", "c": 0.1, "impute": "knn"},
    {"model": "trees", "rate": 0.08, "leaves": 15, "least": 50, "share": 0.8},
    {"model": "forest", "trees": 60, "least": 20},
)


@dataclass(frozen=True)
class Propensity:
    """A kind of propensity: `name` is the label in the training tables.

    `tiers` are the least probabilities of the tiers but the lowest; `decides` is the rule (`thresholds.RULES`) whose
    threshold tells a yes from a no. `categorical` names features whose numbers stand for categories: linear models
    encode them, boosted trees split by sets of them, a forest takes them as numbers.
    """

    name: str
    title: str
    limits: Sequence[str]
    widths_days: Sequence[int] = PEOPLE_WIDTHS_DAYS
    tiers: Mapping[str, float] = field(default_factory=lambda: dict(THRESHOLDS))
    decides: str = "best_f1"
    categorical: Sequence[str] = CATEGORICAL
    candidates: Sequence[Recipe] = RECIPES
    role: Role = "scorer"
    families: Sequence[str] = FAMILIES
    uses_features: bool = True
    floor_title: str = "the single feature with the best ROC-AUC on the training days, as a probability"
    metrics: Sequence[Metric] = CLASS_METRICS

    def tiered(self, tiers: Mapping[str, float]) -> "Propensity":
        """Return the kind with other tiers."""
        return replace(self, tiers=tiers)

    def recipes(self) -> Sequence[Recipe]:
        """Return the candidates, the most interpretable first; of a kind the stronger penalty first."""
        return self.candidates

    def idle(self, recipe: Recipe, tables: Tables, *, until: int) -> str:
        """Say that there is nothing to embed where a recipe embeds and no category has many levels."""
        if not recipe.get("embed"):
            return ""
        rows = occasions(tables, self.name)
        many = many_levels(rows.features[rows.usable(until)], self._codes(tables))
        return "" if many else f"no category has more than {MANY_LEVELS} levels with rows enough"

    def tuned(self, tables: Tables, *, until: int, budget: Budget, seed: int) -> Found:
        """Return the best recipe of each family on an inner temporal split of what was known at the end of `until`."""
        rows = occasions(tables, self.name)
        early, held = self._parted(rows, rows.usable(until))
        lesson = self._lesson(tables, rows)
        return search_recipes(lesson.where(early), lesson.where(held), budget=budget, seed=seed)

    def cuts(self, tables: Tables) -> Cuts | None:
        """Return windows, or None where a part lacks people or one of the two classes."""
        rows = occasions(tables, self.name)
        return cuts(rows, self.widths_days, _teaches(rows))

    def exam(self, tables: Tables, window: Window) -> Exam:
        """Ask about everybody whose label in the window is known."""
        rows = occasions(tables, self.name)
        chosen = rows.inside(window)
        exam = exam_of(tables, rows, chosen)
        group = _groups_of(tables, rows.subject[chosen])
        return replace(exam, audience=replace(exam.audience, group=group))

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Fit on all rows whose label was known at the end of day `until`.

        A first model, fitted on the earlier of them, answers the later ones: that says when boosting stops, how its
        probabilities are calibrated and where the thresholds lie. The model itself is then fitted on all. The recipe's
        `mitigate` is `reweigh` (fairness by weights of rows) or `thresholds` (by a threshold for each group).
        """
        rows, seed = occasions(tables, self.name), int(rng.integers(2**31))
        lesson, usable = self._lesson(tables, rows), rows.usable(until)
        group = _groups_of(tables, rows.subject) if "mitigate" in recipe else []
        if recipe.get("mitigate") == "reweigh":
            lesson = _reweighed(lesson, group, usable)
        early, held = self._parted(rows, usable)
        trial = learn(recipe, lesson.where(early), seed=seed, held=lesson.where(held))
        said, labels = answer_rows(trial, lesson.features[held]), lesson.labels[held]
        rounds = {"rounds": trial.settings["rounds"]} if "rounds" in trial.settings else {}
        fitted = learn({**recipe, **rounds}, lesson.where(usable), seed=seed)
        name, calibration = fit_calibration(said, labels)
        settings = {
            **fitted.settings,
            "names": list(tables.metadata.feature_names),
            "thresholds": dict(self.tiers),
            "tuned": tuned_thresholds(apply(calibration, said), labels),
            "decides": self.decides,
            "calibration": name,
        }
        if recipe.get("mitigate") == "thresholds":
            own = [name for name, kept in zip(group, held.tolist(), strict=True) if kept]
            settings |= _of_groups(tables, settings, own, apply(calibration, said), labels)
        return Fitted(recipe, settings, {**fitted.sections, **calibration_section(calibration)}, fitted.family)

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # a score has no k
        """Return a probability for each person, and whether it counts as a yes."""
        scores = score_rows(fitted, audience.features)
        return Answers(scores=scores, positive=scores >= _thresholds(fitted.settings, audience.group))

    def marks(self, exam: Exam, answers: Answers) -> Floats:  # noqa: ARG002  # the metrics read the exam's truth
        """Return [n, 2]: the probabilities, and whether they count as a yes."""
        return marked(answers.scores, answers.positive)

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return a logistic regression on the best single feature: same order as the feature, but a probability."""
        rows = occasions(tables, self.name)
        usable = rows.usable(until)
        features, labels = finite(rows.features[usable]), rows.labels[usable]
        column = _best_feature(features, labels.astype(np.float64), self._codes(tables))
        flat = flatten(features[:, [column]])
        mean, scale = moments(flat)
        weight, bias = regress(Weighted(_standard(flat, mean, scale), labels, np.ones(len(labels))), 1.0)

        def chance(values: Floats) -> Floats:
            return np.asarray(1.0 / (1.0 + np.exp(-(_standard(flatten(values), mean, scale) @ weight + bias[0]))))

        said = chance(finite(exam.audience.features[:, [column]]))
        tuned = tuned_thresholds(chance(features[:, [column]]), labels)
        return marked(said, said >= threshold({"tuned": tuned, "decides": self.decides}))

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Return each person's features with the largest SHAP values, in log-odds."""
        return strongest_reasons(fitted, audience.features)

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:
        """Return weights, importance, correlations, class balance, calibration and thresholds."""
        rows = occasions(tables, self.name)
        return propensity_details(tables.metadata.feature_names, rows, fitted)

    def _lesson(self, tables: Tables, rows: Occasions) -> Lesson:
        return Lesson(rows.features, rows.labels, np.ones(len(rows.labels)), self._codes(tables))

    def _codes(self, tables: Tables) -> list[int]:
        return columns_of(self.categorical, tables.metadata.feature_names)

    def _parted(self, rows: Occasions, usable: Flags) -> tuple[Flags, Flags]:
        return inner_split(rows, usable, self.widths_days, _teaches(rows))


def threshold(settings: Mapping[str, Any]) -> float:
    """Return from which probability on a model says yes: by its rule, else one half."""
    rule = settings["tuned"].get(settings["decides"])
    return float(rule["at"]) if rule else 0.5


def _thresholds(settings: Mapping[str, Any], group: Sequence[str]) -> Floats | float:
    """Return the threshold of each person's group, where there are such and groups are known; else the common one."""
    common, own = threshold(settings), settings.get("group_thresholds", {})
    return np.array([own.get(name, common) for name in group], np.float64) if own and len(group) else common


def _of_groups(
    tables: Tables, settings: Mapping[str, Any], group: Sequence[str], said: Floats, labels: Flags
) -> dict[str, Any]:
    """Return each group's threshold of a yes and of each tier, and which traits tell the group."""
    tiers = {
        name: group_thresholds(group, said, labels, common=least) for name, least in settings["thresholds"].items()
    }
    yes = group_thresholds(group, said, labels, common=threshold(settings))
    own = {name: {tier: least[name] for tier, least in tiers.items()} for name in yes}
    return {"group_thresholds": yes, "group_tiers": own, "group_traits": group_traits(tables)}


def _groups_of(tables: Tables, subject: Indices) -> list[str]:
    joint = joint_groups(tables)
    return [joint[index] for index in subject.tolist()]


def _reweighed(lesson: Lesson, group: Sequence[str], usable: Flags) -> Lesson:
    """Weigh the rows that teach so that group and label are independent among them."""
    own = [name for name, teaches in zip(group, usable.tolist(), strict=True) if teaches]
    weights = lesson.weights.copy()
    weights[usable] *= reweighed(own, lesson.labels[usable])
    return replace(lesson, weights=weights)


def _teaches(rows: Occasions) -> Callable[[Flags], bool]:
    def teaches(chosen: Flags) -> bool:
        known = chosen & rows.known
        labels, people = rows.labels[known], len(np.unique(rows.subject[known]))
        return people >= LEAST_PEOPLE and bool(labels.any()) and not labels.all()

    return teaches


def _standard(flat: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.asarray(np.nan_to_num((flat - mean) / scale, nan=0.0), np.float64)


def _best_feature(features: Floats, labels: Floats, codes: Sequence[int]) -> int:
    """Return the column with the best ROC-AUC in either direction; codes of categories have no order, thus none."""
    filled = np.nan_to_num(features, nan=0.0)
    filled[:, list(codes)] = 0.0
    return int(np.argmax([abs(roc_auc(labels, column) - 0.5) for column in filled.T]))
