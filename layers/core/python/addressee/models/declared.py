"""What people declared of themselves, as the tables need it: groups that fairness is told by, zones, features."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from addressee.models.declared_features import DeclaredFeatures
from addressee.models.sends import Zone
from addressee.profiles.demographics import TRAITS_READ
from addressee.profiles.traits import TraitChange

TIME_ZONE = "time_zone"


class Declared(NamedTuple):
    """`groups` as in `Tables`; `zones`, at most one a person; `features` of what they declared."""

    groups: Mapping[str, tuple[str, ...]]
    zones: Sequence[Zone]
    features: DeclaredFeatures


def read_declared(
    traits: Iterable[tuple[str, Mapping[str, TraitChange]]],
    subjects: Sequence[str],
    names: Sequence[str],
    read: Sequence[str] = (),
) -> Declared:
    """Sort the traits of people, each at most once, into groups by `names` in the order of `subjects`, and zones.

    `read` are the traits that models may read (`Demographic.trait`).
    """
    place = {subject: index for index, subject in enumerate(subjects)}
    groups = {name: [""] * len(subjects) for name in names}
    zones, told = [], {}
    for subject, declared in traits:
        if subject not in place:
            continue
        for name in groups.keys() & declared.keys():
            groups[name][place[subject]] = str(declared[name].value)
        if declared.keys() & TRAITS_READ:
            told[place[subject]] = declared
        if TIME_ZONE in declared:
            zone = declared[TIME_ZONE]
            zones.append(Zone(subject, str(zone.value), zone.stamp.at_ms))
    features = DeclaredFeatures(len(subjects), told, read)
    return Declared({name: tuple(values) for name, values in groups.items()}, sorted(zones), features)
