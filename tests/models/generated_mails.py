"""Generated mails with a known truth: who clicks how often at which hour, and whom a mail makes buy.

People are those of `generated.py`; what is drawn here comes from streams of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from addressee.models.tables import (
    CLICKS_24H,
    CLICKS_72H,
    OPENS_24H,
    SEND_HORIZON_HOURS,
    TRIAL_DAYS,
    Floats,
    Indices,
    Ints,
    Sends,
    Trials,
)

HOUR_MS = 3_600_000
CLICK_HOURS = (8, 12, 18, 21)
"""The local hour of the day at which a person likes best to click."""
SEND_HOURS = (7, 23)
MAILS_EVERY_DAYS = 6
MAILS = 20
PULL, STRONG_PULL = 1.6, 4.0
"""What the liked hour adds to the log-odds of a click: so that it shows a little, and so that a timer can find it."""
HELD_OUT = 0.3
UPLIFT = 0.3
"""What a mail adds to the chance to buy of those whom it moves."""
SENIOR = "65+"
Then = Callable[[int], tuple[Indices, Floats]]
"""Tells of a day who had bought by its end, and their features then."""


@dataclass(frozen=True)
class Nature:
    """What people are like, [n] each: the hour of the day, the rate (log-odds), hours ahead of UTC, the age group."""

    hour: Indices
    rate: Floats
    ahead: Indices
    age_group: tuple[str, ...]
    gender: tuple[str, ...]


def nature(people: int, *, seed: int) -> Nature:
    """Draw what people are like; of a fifth nobody knows age or gender, and seniors click less."""
    rng = np.random.default_rng([seed, 1])
    ages = rng.choice(["19-34", "35-64", SENIOR, SENIOR, ""], people)
    return Nature(
        hour=rng.choice(CLICK_HOURS, people).astype(np.int32),
        rate=rng.normal(-1.2, 0.7, people) - 0.8 * (ages == SENIOR),
        ahead=rng.choice([-5, 0, 2], people).astype(np.int32),
        age_group=tuple(ages.tolist()),
        gender=tuple(rng.choice(["female", "female", "male", "male", ""], people).tolist()),
    )


def chance_to_click(rate: Floats, liked: Indices, mood: Floats, hour_of_day: Ints, *, pull: float = PULL) -> Floats:
    """Return the planted truth: the chance of a click within 24 hours of a mail that comes at that local hour."""
    apart = np.abs((hour_of_day - liked + 12) % 24 - 12)
    return 1.0 / (1.0 + np.exp(-(rate + 0.8 * mood + pull * np.exp(-apart / 2.0) - 0.4)))


def generate_sends(  # noqa: PLR0913  # what is planted is named
    people: Nature, then: Then, mood: int, *, as_of_day: int, seed: int, pull: float = PULL
) -> Sends:
    """Draw mails of the last four months, each person's at any hour from seven to ten in the evening.

    Who ordered lately clicks more: the chance needs two features, mood and recency.
    """
    rng = np.random.default_rng([seed, 2])
    parts = [
        _mail(people, then(day - 1), mood, day, rng, pull)
        for day in range(as_of_day - MAILS * MAILS_EVERY_DAYS, as_of_day + 1, 6)
    ]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort([whole["subject"], whole["sent_ms"]])
    rows = {name: column[order] for name, column in whole.items()}
    end_ms = (as_of_day + 1) * 24 * HOUR_MS
    return Sends(
        features=rows["features"],
        subject=rows["subject"].astype(np.int32),
        sent_ms=rows["sent_ms"],
        hour_of_week=rows["hour_of_week"].astype(np.int32),
        labels={label: rows[label] for label in SEND_HORIZON_HOURS},
        known={label: rows["sent_ms"] + hours * HOUR_MS <= end_ms for label, hours in SEND_HORIZON_HOURS.items()},
    )


def _mail(  # noqa: PLR0913, PLR0917  # private; the arguments of its caller
    people: Nature, known: tuple[Indices, Floats], mood: int, day: int, rng: np.random.Generator, pull: float
) -> dict[str, np.ndarray]:
    subject, features = known
    hour = rng.integers(*SEND_HOURS, len(subject))
    local_ms = (day * 24 + hour) * HOUR_MS + rng.integers(0, HOUR_MS, len(subject))
    warmth = people.rate[subject] - 0.6 * (np.log1p(features[:, 0]) - 2.3)
    chance = chance_to_click(warmth, people.hour[subject], features[:, mood], hour, pull=pull)
    clicks = rng.random(len(subject)) < chance
    return {
        "features": features,
        "subject": subject,
        "sent_ms": local_ms - people.ahead[subject] * HOUR_MS,
        "hour_of_week": (local_ms // HOUR_MS + 3 * 24) % 168,
        CLICKS_24H: clicks,
        CLICKS_72H: clicks | (rng.random(len(subject)) < 0.3 * chance),
        OPENS_24H: clicks | (rng.random(len(subject)) < 0.5 * chance + 0.1),
    }


def uplift(mood: Floats) -> Floats:
    """Return the planted truth: what a mail adds to the chance to buy; it moves those who are in the mood, a half."""
    return np.where(mood > 0, UPLIFT, 0.0)


def generate_trials(then: Then, mood: int, *, as_of_day: int, seed: int) -> Trials:
    """Draw campaigns that held people out, the last of them too young to be judged."""
    rng = np.random.default_rng([seed, 3])
    parts = [_trial(then, mood, as_of_day - ago, rng) for ago in (90, 70, 50, 30, 15, 5)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Trials(
        **{name: column.astype(np.int32) if name in {"subject", "day"} else column for name, column in rows.items()},
        known=rows["day"] + TRIAL_DAYS <= as_of_day,
    )


def _trial(then: Then, mood: int, day: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    subject, features = then(day)
    mailed = rng.random(len(subject)) >= HELD_OUT
    chance = 0.1 + 0.3 / (1.0 + features[:, 0] / 20.0) + mailed * uplift(features[:, mood])
    bought = rng.random(len(subject)) < chance
    spent = np.where(bought, rng.integers(300, 6_000, len(subject)), 0)
    return {
        "features": features,
        "subject": subject,
        "day": np.full(len(subject), day),
        "mailed": mailed,
        "share": np.full(len(subject), mailed.mean()),
        "bought": bought,
        "revenue_minor_units": spent.astype(np.int64),
    }
