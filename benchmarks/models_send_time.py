"""How well planted hours are found again: shrinkage beside one hour for all and each person's own best; all simulated.

python -m benchmarks.models_send_time  # rows `send_time_recovery`, about a minute
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from addressee.models.hour_profiles import HOURS, WEEK, fit_hours, own_profiles
from addressee.models.mails import Mails
from addressee.models.tables import Floats, Ints
from benchmarks.rows import row, write

COMMAND = "python -m benchmarks.models_send_time"
PEOPLE, SEEDS = 2_000, 10
OBSERVATIONS = (1, 5, 20, 100)
FIRST_HOUR, LAST_HOUR = 7, 22
"""Mails come from seven in the morning to ten in the evening, each hour as likely."""
LIKED = (8, 12, 18, 21)
SHARES = ((0.55, 0.2, 0.15, 0.1), (0.1, 0.2, 0.25, 0.45))
"""Of the people of each of two segments: how many like each hour."""
RATE, RISE, WIDTH_HOURS = 0.06, 4.0, 1.5
JITTER_HOURS = 1


class World(NamedTuple):
    """Simulated people: their segment [n], and the chance of a click at each hour [n, 24]."""

    segment: Ints
    chance: Floats


def world(rng: np.random.Generator) -> World:
    """Draw people: an own rate (gamma), and an hour near one of `LIKED` at which it is `1 + RISE` times as high."""
    segment = rng.integers(0, 2, PEOPLE)
    liked = np.array([rng.choice(LIKED, p=SHARES[of]) for of in segment.tolist()])
    liked += rng.integers(-JITTER_HOURS, JITTER_HOURS + 1, PEOPLE)
    gap = np.abs(np.arange(HOURS)[None, :] - liked[:, None])
    gap = np.minimum(gap, HOURS - gap)
    rate = RATE * rng.gamma(3.0, 1 / 3.0, PEOPLE)
    return World(segment, np.minimum(rate[:, None] * (1.0 + RISE * np.exp(-0.5 * (gap / WIDTH_HOURS) ** 2)), 0.95))


def mails_of(people: World, each: int, rng: np.random.Generator) -> Mails:
    """Draw `each` mails to everybody, at hours by chance."""
    subject = np.repeat(np.arange(PEOPLE, dtype=np.int32), each)
    hour = rng.integers(FIRST_HOUR, LAST_HOUR + 1, len(subject))
    clicked = rng.random(len(subject)) < people.chance[subject, hour]
    day = rng.integers(0, WEEK // HOURS, len(subject))
    return Mails(subject, (day * HOURS + hour).astype(np.int32), clicked)


def by_shrinkage(people: World, mails: Mails) -> Ints:
    """Choose by everybody's profile, the segment's and the person's own."""
    segment = people.segment[mails.subject]
    model = fit_hours(mails, segment, segments=2, weekdays=False)
    own = own_profiles(model, mails, people.segment, PEOPLE)
    return _best(model.hours * model.segments[people.segment] * own)


def by_everybody(_people: World, mails: Mails) -> Ints:
    """Choose one hour for all: the one with the best click rate."""
    return np.repeat(_best(_rates(mails, np.zeros(len(mails.subject), np.int64), 1)), PEOPLE)


def by_own_rate(_people: World, mails: Mails) -> Ints:
    """Choose each person's hour with the best click rate; where nothing was clicked, the first hour with mails."""
    return _best(_rates(mails, mails.subject.astype(np.int64), PEOPLE))


METHODS: Mapping[str, Callable[[World, Mails], Ints]] = {
    "shrinkage": by_shrinkage,
    "one hour for all": by_everybody,
    "own best hour": by_own_rate,
}


def _rates(mails: Mails, group: Ints, groups: int) -> Floats:
    cell = group * HOURS + mails.hour_of_week % HOURS
    count = np.bincount(cell, minlength=groups * HOURS)
    clicks = np.bincount(cell, mails.clicked, minlength=groups * HOURS)
    return np.asarray(np.where(count > 0, clicks / np.maximum(count, 1), -1.0), np.float64).reshape(groups, HOURS)


def _best(scores: Floats) -> Ints:
    told = scores[:, FIRST_HOUR : LAST_HOUR + 1]
    return np.asarray(np.argmax(np.round(told, 9), axis=1) + FIRST_HOUR, np.int64)


def reached(people: World, hour: Ints) -> float:
    """Return how many clicks the chosen hours bring, as a share of those that the best hours would bring."""
    best = people.chance[:, FIRST_HOUR : LAST_HOUR + 1].max(axis=1)
    return float(people.chance[np.arange(PEOPLE), hour].sum() / best.sum())


def recovery(seeds: int) -> Iterator[tuple[int, dict[str, list[float]]]]:
    """Give for each number of mails a person what each method reached, by seed."""
    for each in OBSERVATIONS:
        found: dict[str, list[float]] = {name: [] for name in METHODS}
        for seed in range(seeds):
            rng = np.random.default_rng([seed, each])
            people = world(rng)
            mails = mails_of(people, each, rng)
            for name, choose in METHODS.items():
                found[name].append(reached(people, choose(people, mails)))
        yield each, found


def rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows: for each number of mails, shrinkage against both others; spread over seeds."""
    told = []
    for each, found in recovery(getattr(options, "seeds", None) or SEEDS):
        for peer in ("one hour for all", "own best hour"):
            gaps = [ours - theirs for ours, theirs in zip(found["shrinkage"], found[peer], strict=True)]
            mean, other = float(np.mean(found["shrinkage"])), float(np.mean(found[peer]))
            half = 1.96 * float(np.std(gaps, ddof=1)) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
            least, most = float(np.mean(gaps)) - half, float(np.mean(gaps)) + half
            metric = f"clicks of the best hours reached, {each} mails a person (simulated)"
            gain = f"{peer}; difference [{least:.4f}, {most:.4f}]"
            told.append(
                row("send_time_recovery", metric, "share", found["shrinkage"], peer=gain, peer_value=other)
                | {"ratio": mean / other, "command": COMMAND}
            )
    return told


def main() -> None:
    """Print and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="simulated worlds")
    write("models_send_time", rows(parser.parse_args()))


if __name__ == "__main__":
    main()
