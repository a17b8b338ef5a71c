"""What the demo simulates about Complete Journey's households, seeded: first names, consent, marked addresses."""

import random
from collections.abc import Sequence
from typing import Any

GRANTED, WITHDRAWN = 0.38, 0.05
"""Simulated: so many agreed, and took it back. Some nine hundred consents are mailed by the twin in two minutes."""
SEED = 20_170_101
FIRST_NAMES = (
    "Ada",
    "Ben",
    "Carla",
    "Dev",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Mateo",
    "Noor",
)
"""Simulated: the data name nobody. Every eighth household stays without one, as in any list."""
NAMELESS = 8
ADDRESS_MARKS = {"bounce": 3, "softbounce": 3, "complaint": 2}
"""How many addresses begin with a word that makes the twin's mail service simulate that outcome."""


def first_names(count: int) -> list[str]:
    """Simulate first names, seeded; some are missing."""
    draws = random.Random(SEED + 1)  # noqa: S311  # a simulation, seeded
    return ["" if place % NAMELESS == NAMELESS - 1 else draws.choice(FIRST_NAMES) for place in range(count)]


def with_address_marks(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give a few seeded households with consent an address whose mail will bounce or be complained about."""
    marks = [mark for mark, count in ADDRESS_MARKS.items() for _ in range(count)]
    granted = [place for place, (said, _) in enumerate(consents(len(rows))) if said == "true"]
    chosen = random.Random(SEED + 2).sample(granted, min(len(marks), len(granted)))  # noqa: S311  # seeded
    marked = dict(zip(chosen, marks, strict=False))
    return [
        row | {"address": f"{marked[place]}-{row['address']}"} if place in marked else row
        for place, row in enumerate(rows)
    ]


def consents(count: int) -> list[tuple[str, str]]:
    """Simulate consent, seeded: (granted, proof) of each; a few never said anything."""
    draws = random.Random(SEED)  # noqa: S311  # a simulation, seeded
    return [_consent(draws.random()) for _ in range(count)]


def _consent(draw: float) -> tuple[str, str]:
    if draw < GRANTED:
        return "true", "simulated sign-up form"
    return ("false", "") if draw < GRANTED + WITHDRAWN else ("", "")
