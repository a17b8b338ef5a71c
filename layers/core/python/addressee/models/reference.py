"""What a model was trained on, in histograms: its features and its own answers; `reference.json` of the bundle.

The watch compares newer people with it. Kept in the bundle, it lives as long as the version does, while tables go.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from addressee.models.histograms import Histogram, histogram_of, read_histogram
from addressee.models.judged import tells_yes_or_no
from addressee.models.kind import Answers, Fitted, Kind, Role, audience_at
from addressee.models.tables import ACTIVE_ONLY, Floats, Tables
from addressee.profiles.features import CATEGORICAL
from addressee.profiles.levels import level_of

REFERENCE_FILE = "reference.json"
MOST_PEOPLE = 5_000
"""Whose answers are compared. Subjects are sorted by a keyed hash, so that evenly spaced ones are a random sample."""
_K, _DIGITS = 10, 6

Column = Floats | Sequence[str]


@dataclass(frozen=True)
class Reference:
    """Histograms by column: of all people's features, and of the answers for some of them; `as_of` is ISO 8601."""

    as_of: str
    features: Mapping[str, Histogram] = field(default_factory=dict)
    answers: Mapping[str, Histogram] = field(default_factory=dict)


def reference_file(kind: Kind, tables: Tables, fitted: Fitted) -> dict[str, bytes]:
    """Return `reference.json` of a model that was fitted on `tables`, by its name."""
    reference = {
        "as_of": tables.metadata.as_of,
        "features": {name: histogram_of(values).as_json() for name, values in features_of(kind, tables).items()},
        "answers": {name: histogram_of(values).as_json() for name, values in answers_of(kind, tables, fitted).items()},
    }
    return {REFERENCE_FILE: json.dumps(reference, separators=(",", ":")).encode()}


def read_reference(body: bytes) -> Reference:
    """Read what `reference_file` wrote."""
    said = json.loads(body)
    return Reference(said["as_of"], _histograms(said["features"]), _histograms(said["answers"]))


def _histograms(said: Mapping[str, Any]) -> dict[str, Histogram]:
    return {name: read_histogram(each) for name, each in said.items()}


def features_of(kind: Kind, tables: Tables) -> dict[str, Column]:
    """Return everybody's features now, by name, codes in words; none for a kind that reads purchases."""
    if not kind.uses_features:
        return {}
    named = zip(tables.metadata.feature_names, tables.now.features.T, strict=True)
    return {name: levels_of(name, values) if name in CATEGORICAL else values for name, values in named}


def levels_of(name: str, codes: Floats) -> Sequence[str]:
    """Return the words for the codes of a categorical feature: names have no distance, so no bin joins neighbours."""
    return [level_of(name, code) for code in codes.tolist()]


def answers_of(kind: Kind, tables: Tables, fitted: Fitted) -> dict[str, Column]:
    """Return what a model answers people now, and how confident it is, by the kind's role."""
    eligible = np.flatnonzero(tables.now.active) if kind.name in ACTIVE_ONLY else np.arange(len(tables.subjects))
    step = -(-len(eligible) // MOST_PEOPLE) or 1
    chosen = eligible[::step].astype(np.int32)
    if not len(chosen):
        return {}
    audience = audience_at(tables, chosen, tables.now.features[chosen], tables.metadata.as_of_day)
    columns = _reader(kind)(kind.predict(fitted.served(), audience, k=_K))
    return {name: _short(values) if isinstance(values, np.ndarray) else values for name, values in columns.items()}


def _reader(kind: Kind) -> "Reader":
    """Choose how answers are read: a difference of chances is scored, but no probability, and knows no confidence."""
    return _of_amounts if kind.role == "scorer" and not tells_yes_or_no(kind) else READERS[kind.role]


def _short(values: Floats) -> Floats:
    """Keep six significant digits: the last bits of a BLAS must not change a bundle."""
    return np.array([float(f"{value:.{_DIGITS}g}") for value in values.tolist()], np.float64)


def _of_scores(answers: Answers) -> dict[str, Column]:
    """Confidence is the distance from not knowing, 0 to 1."""
    return {"prediction": answers.scores, "confidence": np.abs(2.0 * answers.scores - 1.0)}


def _of_amounts(answers: Answers) -> dict[str, Column]:
    return {"prediction": answers.scores}


def _of_candidates(answers: Answers) -> dict[str, Column]:
    """Read the first product's score and support, and how many products there are; missing where there is none."""
    first = [(rows[0].score, rows[0].support) if rows else (np.nan, np.nan) for rows in answers.candidates]
    scores, supports = np.array(first, np.float64).reshape(-1, 2).T
    found = np.array([len(rows) for rows in answers.candidates], np.float64)
    return {"prediction": scores, "confidence": supports, "products": found}


def _of_hours(answers: Answers) -> dict[str, Column]:
    """Read the best local hour of the day."""
    return {"prediction": [f"{hours[0] % 24} o'clock" if hours else "the default" for hours in answers.hours]}


Reader = Callable[[Answers], dict[str, Column]]
READERS: Mapping[Role, Reader] = {
    "recommender": _of_candidates,
    "scorer": _of_scores,
    "valuer": _of_amounts,
    "segmenter": lambda answers: {"prediction": list(answers.segments)},
    "timer": _of_hours,
}
