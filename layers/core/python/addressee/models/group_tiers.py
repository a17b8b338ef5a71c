"""Tiers that begin elsewhere for some groups, and who is in which group, in training and in serving."""

from collections.abc import Mapping, Sequence

UNKNOWN = ""
_BETWEEN = " / "

Thresholds = Mapping[str, float]
"""The least probability of each tier but the lowest, the highest tier first."""


def group_of(declared: Sequence[str]) -> str:
    """Return the group of the values of some traits, in their order, "" for a value that nobody declared.

    Who declared none of them is in no group: `UNKNOWN`.
    """
    return _BETWEEN.join(declared) if any(declared) else UNKNOWN


class GroupThresholds(dict[str, float]):
    """The thresholds of everybody, and by `of` those of groups that have their own (`fairness.group_thresholds`)."""

    def __init__(self, common: Thresholds, traits: Sequence[str], groups: Mapping[str, Thresholds]) -> None:
        """Take the names of the traits, in the order of their values in a group's name."""
        super().__init__(common)
        self._traits, self._groups = traits, groups

    def of(self, declared: Mapping[str, object]) -> Thresholds:
        """Return the thresholds of whoever declared these traits; everybody's where their group has none."""
        values = [str(declared[name]) if name in declared else "" for name in self._traits]
        return self._groups.get(group_of(values), self)


def thresholds_of(common: Thresholds, declared: Mapping[str, object]) -> Thresholds:
    """Return a scorer's thresholds for whoever declared these traits."""
    return common.of(declared) if isinstance(common, GroupThresholds) else common
