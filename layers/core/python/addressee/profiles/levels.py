"""What the codes of categorical features stand for, in words."""

from collections.abc import Callable, Mapping

from addressee.profiles.context import DEVICES, OTHER_DEVICE
from addressee.profiles.demographics import FEMALE, MALE
from addressee.profiles.features import CATEGORICAL
from addressee.profiles.places import OTHER, letters_of

NONE = "none"


def _category(code: int) -> str:
    """Buckets are hashes: they have numbers, no names."""
    return f"group {code}"


def _gender(code: int) -> str:
    return {FEMALE: "female", MALE: "male"}.get(code, "other")


def _letters(code: int) -> str:
    return letters_of(code) if code < OTHER else "other"


_NAMED: Mapping[str, Callable[[int], str]] = {
    "category_code": _category,
    "device_code": lambda code: DEVICES[code - 1] if code < OTHER_DEVICE else "other",
    "language_code": lambda code: _letters(code).lower(),
    "country_code": _letters,
    "gender_code": _gender,
    "home_country_code": _letters,
}

LEVELS: Mapping[str, Callable[[int], str]] = {name: _NAMED[name] for name in CATEGORICAL}
"""Every categorical feature has words for its codes: a new one without them fails on import."""


def level_of(name: str, value: float) -> str:
    """Return what a code of a categorical feature stands for; `NONE` for 0, what is missing, and what is no code."""
    return LEVELS[name](int(value)) if value >= 1 and value == int(value) else NONE
