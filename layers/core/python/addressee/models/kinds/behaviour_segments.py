"""`behaviour_segments`: K-Means over what people do, with names that stay with their segments from model to model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from addressee.models.feature_words import in_words
from addressee.models.item_sections import numbers, packed
from addressee.models.kind import REASONS, Answers, Audience, Exam, Fitted, Metric, Reason, Recipe, Role
from addressee.models.metrics import explained
from addressee.models.prepared_columns import finite, flatten
from addressee.models.segment_clusters import MOST, cluster
from addressee.models.segment_matching import Former, former_of, match
from addressee.models.segment_names import defining, named
from addressee.models.segment_quality import movement, quality, warnings
from addressee.models.segment_space import LEAST_DEVIATION, Space, fit_space, nearest, silhouettes, space_of
from addressee.models.segments import HALF_SUPPORT, EqualGroups, SpendingExams, bestsellers, finished, latest, means
from addressee.models.tables import Floats, Ints, Tables
from addressee.profiles.measures import NEVER_DAYS

AXES = ("recency_days", "orders_90d", "revenue_90d")
DEFINING = 5
NO_FORMER = "there is no model of the same features before"


@dataclass(frozen=True)
class BehaviourSegments(SpendingExams):
    """K-Means on principal components; `former` is the model of before, whose segments go on where they can."""

    former: Former | None = None
    name: str = "behaviour_segments"
    role: Role = "segmenter"
    families: Sequence[str] = ("centroids",)
    uses_features: bool = True
    title: str = "segments of people who behave alike"
    floor_title: str = f"the best of recency, frequency or monetary value alone, cut into {MOST} equal groups"
    limits: Sequence[str] = (
        "Segments are relative to this installation's people at the training day.",
        "Most people differ by degrees: who is near the edge of a segment is much like those across it.",
        "A segment describes; it is no reason why somebody buys.",
    )
    metrics: Sequence[Metric] = (
        Metric("explained", lambda truth, marks: explained(truth, marks[:, 0])),
        Metric("silhouette", lambda _, marks: float(marks[:, 1].mean())),
    )

    def recipes(self) -> Sequence[Recipe]:
        """Return how much a feature counts: all alike, or as its correlation with what people spend later, squared."""
        return [{"by_worth": 0.0}, {"by_worth": 2.0}]

    def following(self, former: Fitted) -> "BehaviourSegments":
        """Return the kind that goes on from a former model: names, and places that are as good."""
        return replace(self, former=former_of(former))

    def fit(self, tables: Tables, *, until: int, recipe: Recipe, rng: np.random.Generator) -> Fitted:
        """Part the people as they are last known; `value` is each segment's mean truth on finished windows."""
        subjects, features = latest(tables, until)
        past, truth = finished(tables, until)
        space = fit_space(tables.metadata.feature_names, features, _worth(tables, past, truth, recipe["by_worth"]))
        columns = [tables.metadata.feature_names[at] for at in space.column.tolist()]
        standard = space.standard(features)
        points = space.project(standard)
        before = None if self.former is None else self.former.profiles(space, columns)
        clusters = cluster(points, rng=rng, before=None if before is None else space.project(before))
        segment, count = nearest(points, clusters.centroids), len(clusters.centroids)
        profiles = np.stack([means(segment, column, count) for column in standard.T], axis=1)
        names = self._names(tables, profiles, before, segment, features, space)
        sections = {
            **space.sections(),
            "centroid": packed("d", clusters.centroids.ravel()),
            "profile": packed("d", np.round(profiles, 6).ravel()),
            "value": packed("d", means(nearest(space.place(past), clusters.centroids), truth, count)),
            **bestsellers(tables, subjects, segment, count, until=until),
        }
        settings = {
            "segments": names,
            "half_support": HALF_SUPPORT,
            "features": features.shape[1],
            "columns": columns,
            "quality": self._quality(tables, features, quality(points, clusters, segment, names), segment),
        }
        return Fitted(recipe, settings, sections, self.families[0])

    def _names(  # noqa: PLR0913, PLR0917  # what a name is made from
        self,
        tables: Tables,
        profiles: Floats,
        before: Floats | None,
        segment: Ints,
        features: Floats,
        space: Space,
    ) -> list[str]:
        """Return the names: those of before that go on, new ones for the others."""
        kept = [""] * len(profiles)
        if self.former is not None and before is not None:
            found = match(profiles * space.weight, before * space.weight)
            kept = [self.former.segments[at] if at >= 0 else "" for at in found]
        recency = features[:, tables.metadata.feature_names.index(AXES[0])]
        without_order = means(segment, (recency >= NEVER_DAYS).astype(np.float64), len(profiles))
        columns = [tables.metadata.feature_names[at] for at in space.column.tolist()]
        return named(profiles, columns, np.bincount(segment, minlength=len(profiles)).tolist(), without_order, kept)

    def _quality(self, tables: Tables, features: Floats, measured: dict[str, Any], segment: Ints) -> dict[str, Any]:
        """Add the movement since the model before, if it can be asked, and the warnings."""
        names = list(measured["people"])
        was = [] if self.former is None else self.former.segment(tables.metadata.feature_names, features)
        if was:
            measured = {**measured, "movement": movement(was, [names[at] for at in segment.tolist()], segments=names)}
        return {**measured, "warnings": warnings(measured)}

    def predict(self, fitted: Fitted, audience: Audience, *, k: int) -> Answers:  # noqa: ARG002  # a segment has no k
        """Return each person's segment, and as score what its people spent: log(1 + revenue), mean."""
        segment, value = segments_of(fitted, audience.features), numbers(fitted.sections, "value")
        names = fitted.settings["segments"]
        return Answers(segments=[names[at] for at in segment.tolist()], scores=value[segment])

    def marks(self, exam: Exam, answers: Answers) -> Floats:
        """Return [n, 2]: the expected spending of each person's segment, and the person's simplified silhouette."""
        return _marks(exam, np.unique(answers.segments, return_inverse=True)[1], answers.scores)

    def floor(self, tables: Tables, exam: Exam, *, until: int) -> Floats:
        """Return the same, from equal groups of the single axis that explains most on the training days."""
        columns = [tables.metadata.feature_names.index(axis) for axis in AXES]
        past, truth = finished(tables, until)
        groups = {column: EqualGroups(past[:, column], truth, MOST) for column in columns}
        best = max(columns, key=lambda column: explained(truth, groups[column].of(past[:, column])))
        asked = exam.audience.features[:, best]
        return _marks(exam, groups[best].group(asked), groups[best].of(asked))

    def explain(self, fitted: Fitted, audience: Audience) -> Sequence[Sequence[Reason]]:
        """Return where each person is as unlike everybody as the segment is: distances in standard deviations."""
        space, columns = space_of(fitted.sections), fitted.settings["columns"]
        standard, segment = space.standard(audience.features), segments_of(fitted, audience.features)
        shared = standard * profiles_of(fitted)[segment] * space.weight**2
        told = np.argsort(-shared, axis=1, kind="stable")[:, :REASONS]
        return [
            sorted(
                (Reason(columns[at], float(row[at])) for at in places if common[at] > 0),
                key=lambda reason: -abs(reason.contribution),
            )
            for row, common, places in zip(standard, shared, told.tolist(), strict=True)
        ]

    def details(self, tables: Tables, fitted: Fitted) -> Mapping[str, Any]:  # noqa: ARG002  # the fit has measured
        """Return the segments' sizes, what defines them, what their people spend, and what the checks found."""
        names, said = fitted.settings["segments"], fitted.settings["quality"]
        value = numbers(fitted.sections, "value")
        return {
            "people": said["people"],
            "defining features": dict(zip(names, map(_told, defining_of(fitted)), strict=True)),
            "mean log(1 + spent)": dict(zip(names, np.round(value, 4).tolist(), strict=True)),
            "number of segments": {
                "silhouette": said["silhouette_by_number"],
                "mean squared distance": said["inertia_by_number"],
                "chosen by silhouette": len(names),
                "elbow": said["elbow"],
            },
            "simplified silhouette by segment": said["silhouette"],
            "overlap (share of people nearly as near to another segment)": said["overlap"],
            "movement since the model before": said.get("movement", {"moved": NO_FORMER}),
            "warnings": {str(at): text for at, text in enumerate(said["warnings"], 1)} or {"none": ""},
        }


def segments_of(fitted: Fitted, features: Floats) -> Ints:
    """Return the index of each person's segment: numpy's form of `segmenters.Centroids.segment`."""
    centroids = numbers(fitted.sections, "centroid").reshape(len(fitted.settings["segments"]), -1)
    return nearest(space_of(fitted.sections).place(features), centroids)


def profiles_of(fitted: Fitted) -> Floats:
    """Return each segment's mean of each of the space's features, in standard deviations from everybody, [k, m]."""
    return numbers(fitted.sections, "profile").reshape(len(fitted.settings["segments"]), -1)


def defining_of(fitted: Fitted) -> list[list[tuple[str, float]]]:
    """Return for each segment the features that set it apart, the strongest first."""
    return [defining(each, fitted.settings["columns"], most=DEFINING) for each in profiles_of(fitted)]


def _told(features: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{in_words(name)} {far:+.1f} SD" for name, far in features)


def _worth(tables: Tables, features: Floats, truth: Floats, power: float) -> dict[str, float]:
    """Return how much each feature counts: its absolute correlation with what people spent, to that power."""
    flat = np.nan_to_num(flatten(finite(features)), nan=0.0)
    if not power or not len(flat):
        return {}
    far, gain = flat - flat.mean(axis=0), truth - truth.mean()
    spread = np.sqrt((far**2).sum(axis=0) * (gain**2).sum())
    related = np.abs((far * gain[:, None]).sum(axis=0)) / np.maximum(spread, LEAST_DEVIATION)
    weights = np.round(related, 6) ** power
    return dict(zip(tables.metadata.feature_names, weights.tolist(), strict=True)) if weights.any() else {}


def _marks(exam: Exam, segment: Ints, scores: Floats) -> Floats:
    """Put silhouettes beside the scores, in a space where every feature counts alike: the same for model and floor."""
    flat = np.nan_to_num(flatten(finite(exam.audience.features)), nan=0.0)
    standard = (flat - flat.mean(axis=0)) / np.maximum(flat.std(axis=0), LEAST_DEVIATION)
    return np.column_stack([scores, silhouettes(standard, segment, int(segment.max(initial=0)) + 1)])


KIND = BehaviourSegments()
