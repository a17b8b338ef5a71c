"""Fairness: how a yes-or-no model treats the groups of a declared trait, and two ways to narrow the gaps.

Demographic parity compares how many of each group are a yes; equal opportunity (Hardt et al. 2016), of those who did
it. `reweighed` (Kamiran and Calders 2012) lets group and label be independent among the rows that teach; group
thresholds (Hardt et al. 2016) let a yes begin elsewhere for each group. What models read is another choice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from addressee.models.group_tiers import UNKNOWN, group_of
from addressee.models.tables import Flags, Floats, Indices, Ints, Tables

Mitigation = Literal["none", "reweigh", "thresholds"]
LEAST_PEOPLE = 50
LEAST_POSITIVE = 10
"""So many of a group must have done it, or not done it, before its rates are told."""
TOLERATED = 0.1
REPEATS = 300
LEVEL = 0.95
_DIGITS = 6
_SMALL = "\n"
"""Stands for all groups that are too small to be told apart; no declared value holds it."""


class Rates(NamedTuple):
    """Of one group: how many are a yes, of all, of those who did it, of those who did not; mean chance less rate."""

    selected: float
    true_positive: float
    false_positive: float
    calibration: float


@dataclass(frozen=True)
class Judged:
    """n answers: who was asked, what they did, the probability, whether that is a yes. All [n]."""

    person: Indices
    truth: Floats
    probability: Floats
    positive: Floats


def fairness(traits: Mapping[str, Sequence[str]], judged: Judged, *, rng: np.random.Generator) -> dict[str, Any]:
    """Return for each trait the rates of each group, the gaps with intervals, and a verdict in words.

    `traits` hold a label for each person that `judged.person` indexes. Groups of fewer than `LEAST_PEOPLE` people, and
    people of whom nothing is declared, are counted but not compared.
    """
    return {trait: _of_trait(np.asarray(labels)[judged.person], judged, rng) for trait, labels in traits.items()}


def _of_trait(label: "np.ndarray[Any, Any]", judged: Judged, rng: np.random.Generator) -> dict[str, Any]:
    people = {str(name): len(np.unique(judged.person[label == name])) for name in np.unique(label)}
    large = sorted(name for name, count in people.items() if name != UNKNOWN and count >= LEAST_PEOPLE)
    small = {name or "not declared": count for name, count in people.items() if name not in large}
    rows = {name: np.flatnonzero(label == name) for name in large}
    drawn = {name: _drawn(judged, rows[name], rng) for name in large}
    groups = {name: {"people": people[name], **_told(_rates(judged, rows[name]), drawn[name])} for name in large}
    gaps = {
        "demographic_parity": _gap(
            [_rates(judged, rows[name]).selected for name in large], [drawn[name][:, 0] for name in large]
        ),
        "equal_opportunity": _gap(
            [_rates(judged, rows[name]).true_positive for name in large], [drawn[name][:, 1] for name in large]
        ),
    }
    return {"groups": groups, "too_few": small, "gaps": gaps, "verdict": _verdict(gaps, len(large))}


def _rates(judged: Judged, rows: Ints) -> Rates:
    """Return the rates of some rows, NaN where fewer than `LEAST_POSITIVE` tell."""
    truth, positive = judged.truth[rows], judged.positive[rows]
    did, did_not = float(truth.sum()), float(len(truth) - truth.sum())
    return Rates(
        float(positive.mean()) if len(rows) else np.nan,
        float(positive @ truth) / did if did >= LEAST_POSITIVE else np.nan,
        float(positive @ (1.0 - truth)) / did_not if did_not >= LEAST_POSITIVE else np.nan,
        float((judged.probability[rows] - truth).mean()) if len(rows) else np.nan,
    )


def _drawn(judged: Judged, rows: Ints, rng: np.random.Generator) -> Floats:
    """Return [REPEATS, 4]: the rates of people of the group, each with all their rows, drawn with replacement."""
    _, own = np.unique(judged.person[rows], return_inverse=True)
    people = int(own.max()) + 1
    truth, positive = judged.truth[rows], judged.positive[rows]
    columns = [np.ones(len(rows)), positive, truth, positive * truth, judged.probability[rows] - truth]
    sums = np.column_stack([np.bincount(own.reshape(-1), column, minlength=people) for column in columns])
    times = rng.multinomial(people, np.full(people, 1.0 / people), size=REPEATS).astype(np.float64)
    count, yes, did, both, off = (times @ sums).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.column_stack([yes / count, both / did, (yes - both) / (count - did), off / count])


def _told(rates: Rates, drawn: Floats) -> dict[str, dict[str, float]]:
    return {name: _interval(value, drawn[:, place]) for place, (name, value) in enumerate(rates._asdict().items())}


def _gap(values: Sequence[float], drawn: Sequence[Floats]) -> dict[str, float]:
    """Return the largest difference between two groups; groups whose rate is not known are left out."""
    known = [place for place, value in enumerate(values) if not np.isnan(value)]
    if len(known) < 2:  # noqa: PLR2004  # a difference needs two
        return {}
    table = np.array([drawn[place] for place in known])
    told = [values[place] for place in known]
    return _interval(max(told) - min(told), table.max(axis=0) - table.min(axis=0))


def _interval(value: float, drawn: Floats) -> dict[str, float]:
    """Return the value and its percentile interval; nothing where it is not known."""
    if np.isnan(value):
        return {}
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    named = {"value": value, "low": float(low), "high": float(high)}
    return {name: round(number, _DIGITS) for name, number in named.items()}


def _verdict(gaps: Mapping[str, Mapping[str, float]], groups: int) -> str:
    if groups < 2:  # noqa: PLR2004  # a difference needs two
        return "fewer than two groups are large enough to be compared"
    return "; ".join(f"{_WORDS[name]}: {_said(gap)}" for name, gap in gaps.items())


_WORDS = {"demographic_parity": "shares of yes", "equal_opportunity": "shares of yes among those who did it"}


def _said(gap: Mapping[str, float]) -> str:
    if not gap:
        return "too few did it to tell"
    if gap["low"] > TOLERATED:
        return f"surely further apart than {TOLERATED}"
    return f"within {TOLERATED}" if gap["high"] <= TOLERATED else f"may be further apart than {TOLERATED}"


def group_traits(tables: Tables) -> list[str]:
    """Return the names of the configured traits in the order of their values in a joint group's name."""
    return sorted(tables.groups)


def joint_groups(tables: Tables) -> list[str]:
    """Return for each subject the values of all configured traits together; those of few subjects are one group."""
    traits = [tables.groups[name] for name in group_traits(tables)]
    joint = [group_of(values) for values in zip(*traits, strict=True)] if traits else [UNKNOWN] * len(tables.subjects)
    names, place, count = np.unique(np.array(joint, dtype=np.str_), return_inverse=True, return_counts=True)
    kept = [str(name) if many >= LEAST_PEOPLE else _SMALL for name, many in zip(names, count, strict=True)]
    return [kept[index] for index in place.reshape(-1).tolist()]


def reweighed(group: Sequence[str], label: Flags) -> Floats:
    """Return weights [n] under which group and label are independent: P(group) P(label) / P(group, label).

    Kamiran and Calders 2012, section 4.2. Their mean is 1 where every group has both labels.
    """
    _, place = np.unique(np.array(group, dtype=np.str_), return_inverse=True)
    cell = 2 * place.reshape(-1) + label
    both = np.bincount(cell, minlength=2 * (int(place.max(initial=0)) + 1)).astype(np.float64).reshape(-1, 2)
    expected = both.sum(axis=1, keepdims=True) * both.sum(axis=0, keepdims=True) / max(len(label), 1)
    return np.asarray(np.divide(expected, both, out=np.ones_like(both), where=both > 0).reshape(-1)[cell], np.float64)


def group_thresholds(group: Sequence[str], said: Floats, label: Flags, *, common: float) -> dict[str, float]:
    """Return for each group the least probability of a yes at which it has the true-positive rate of everybody.

    Everybody's is the one at the `common` threshold; a group with fewer than `LEAST_POSITIVE` who did it keeps that.
    People in no group (`group_of`) and those of small ones (`joint_groups`) have none of their own.
    """
    wanted = float((said[label] >= common).mean()) if label.any() else 0.0
    return dict(_thresholds(np.array(group, dtype=np.str_), said, label, common, wanted))


def _thresholds(
    group: "np.ndarray[Any, Any]", said: Floats, label: Flags, common: float, wanted: float
) -> Iterator[tuple[str, float]]:
    for name in np.setdiff1d(group, [UNKNOWN, _SMALL]):
        own = np.sort(said[(group == name) & label])[::-1]
        many = round(wanted * len(own))
        at = common if len(own) < LEAST_POSITIVE or not many else float(own[many - 1])
        yield str(name), float(np.floor(at * 10**_DIGITS) / 10**_DIGITS)
