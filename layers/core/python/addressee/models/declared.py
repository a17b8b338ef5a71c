"""What people declared of themselves, as the tables need it: groups that fairness is reported by, and time zones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from addressee.models.sends import Zone
from addressee.profiles.traits import TraitChange

TIME_ZONE = "time_zone"


class Declared(NamedTuple):
    """`groups` as in `Tables`; `zones`, at most one a person."""

    groups: Mapping[str, tuple[str, ...]]
    zones: Sequence[Zone]


def read_declared(
    traits: Iterable[tuple[str, Mapping[str, TraitChange]]], subjects: Sequence[str], names: Sequence[str]
) -> Declared:
    """Sort the traits of people, each at most once, into groups by `names` in the order of `subjects`, and zones."""
    place = {subject: index for index, subject in enumerate(subjects)}
    groups = {name: [""] * len(subjects) for name in names}
    zones = []
    for subject, declared in traits:
        if subject not in place:
            continue
        for name in groups.keys() & declared.keys():
            groups[name][place[subject]] = str(declared[name].value)
        if TIME_ZONE in declared:
            zone = declared[TIME_ZONE]
            zones.append(Zone(subject, str(zone.value), zone.stamp.at_ms))
    return Declared({name: tuple(values) for name, values in groups.items()}, sorted(zones))
