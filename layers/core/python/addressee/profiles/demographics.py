"""Features of what people declared: age, gender, country. The lake holds none of it, so traits are read instead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan

from addressee.events.event import Trait
from addressee.profiles.places import OTHER, letters_code

OLDEST_YEARS = 120
FEMALE, MALE, ANOTHER = 1, 2, 3
_GENDERS = {"female": FEMALE, "f": FEMALE, "woman": FEMALE, "male": MALE, "m": MALE, "man": MALE}

Read = Callable[[Trait, int], float]
"""(what was declared, the year of asking) -> the feature's value; NaN where it says nothing."""


@dataclass(frozen=True, slots=True)
class Demographic:
    """One feature: its name, how each trait that may tell it is read, the preferred one first; what stands for none."""

    name: str
    traits: Mapping[str, Read]
    nothing: float

    @property
    def trait(self) -> str:
        """The plain name, by which a setting chooses."""
        return list(self.traits)[-1]

    def told(self, traits: Mapping[str, Trait], year: int) -> tuple[str, float]:
        """Return which trait tells the value, and the value; an empty name where none does."""
        for name, read in self.traits.items():
            if name in traits and (value := read(traits[name], year)) == value:  # NaN
                return name, value
        return "", self.nothing


def year_of(at_ms: int) -> int:
    """Return the calendar year of a moment, UTC."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).year


def _number(said: Trait) -> float:
    if isinstance(said, bool):
        return nan
    try:
        return float(said)
    except ValueError:
        return nan


def _age(said: Trait, _year: int) -> float:
    years = _number(said)
    return years if 0 < years <= OLDEST_YEARS else nan


def _born(said: Trait, year: int) -> float:
    return _age(year - _number(said), year)


def _gender(said: Trait, _year: int) -> float:
    word = str(said).strip().casefold()
    return float(_GENDERS.get(word, ANOTHER)) if word else nan


def _country(said: Trait, _year: int) -> float:
    word = str(said).strip()
    return float(letters_code(word) or OTHER) if word else nan


DEMOGRAPHICS: tuple[Demographic, ...] = (
    Demographic("age_years", {"birth_year": _born, "age": _age}, nan),
    Demographic("gender_code", {"gender": _gender}, 0.0),
    Demographic("home_country_code", {"country": _country}, 0.0),
)
DEMOGRAPHIC_NAMES: tuple[str, ...] = tuple(each.name for each in DEMOGRAPHICS)
CODED = ("gender_code", "home_country_code")
"""Those whose numbers stand for categories."""
TRAITS_READ: tuple[str, ...] = tuple(dict.fromkeys(name for each in DEMOGRAPHICS for name in each.traits))


def demographics(traits: Mapping[str, Trait], as_of_ms: int) -> list[float]:
    """Return the features, in the order of `DEMOGRAPHIC_NAMES`, of what is declared at a moment."""
    year = year_of(as_of_ms)
    return [each.told(traits, year)[1] for each in DEMOGRAPHICS]
