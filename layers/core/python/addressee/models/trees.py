"""Packed decision trees: walked in C where `libmodels.so` lies beside this module, else in Python; the same sums.

trees = Trees(sections, width=40)
trees.total(array("d", features))  # leaf values added in the order of the trees, as LightGBM adds them
"""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import gt
from typing import Any

from addressee.models.native import Library, library
from addressee.models.ranking import Sections

LEAF = 1 << 31
"""A reference below it is a node's number; one from it on is `LEAF` + a leaf's number."""
MISSING_LEFT, ZERO_MISSING, CATEGORICAL = 1, 2, 4
ZERO = 1.0000000180025095e-35
"""What LightGBM takes for 0: the float32 nearest to 1e-35."""
WORD_BITS = 32


@dataclass(slots=True)
class Step:
    """A feature on the way to a leaf: which share of the training rows it lets pass, and whether it lets this one."""

    feature: int
    share: float
    passes: float


class Trees:
    """All trees of a model, their nodes end to end; a node's children have greater numbers.

    Sections: `root` [trees] and `child` [2 x nodes] (references; a node's right one, then its left one), `feature`,
    `threshold`, `flags`, `left_share` (the share of a node's training rows that go left), `leaf` (values), `expected`
    [1] (the mean over the training rows), `quadrature` [2 Q] (places in (0, 1), then weights). A categorical node's
    threshold is the number of its set, whose bits are `category_bits` up to `category_end`.
    """

    def __init__(self, sections: Sections, *, width: int) -> None:
        """Read the sections for rows of `width` features. Raises `ValueError` where they point outside."""
        check(sections, width)
        self._sections, self._width = sections, width
        self._library: Library | None = library()
        self._handle: Any = None if self._library is None else self._library.handle(sections, width)
        self.expected: float = sections["expected"][0]
        self.count = len(sections["root"])
        self._nodes: list[tuple[int, float, int, int, int]] | None = None

    def total(self, row: array[float]) -> float:
        """Return the sum of the leaf values that a row ([width] float64) reaches."""
        if self._library is not None:
            return self._library.total(self._handle, row)
        nodes, leaf, total = self._walked(), self._sections["leaf"], 0.0
        for root in self._sections["root"]:
            at = root
            while at < LEAF:
                feature, threshold, flags, left, right = nodes[at]
                if row[feature] <= threshold and flags < ZERO_MISSING:
                    at = left
                elif flags:
                    at = left if goes_left(self._sections, row[feature], threshold, flags) else right
                else:
                    at = right
            total += leaf[at - LEAF]
        return total

    def contributions(self, row: array[float]) -> list[float]:
        """Return each feature's SHAP value for a row; they add up to `total(row) - expected`.

        Path-dependent TreeSHAP (Lundberg et al. 2018), LightGBM's `pred_contrib`. The Shapley weight
        k! (D - 1 - k)! / D! is the integral of x^k (1 - x)^(D - 1 - k) over [0, 1]; so a leaf of value v gives feature
        j of the D on its path v (o_j - z_j) times the integral of the product over i != j of z_i (1 - x) + o_i x, where
        z is the share and o tells whether the row passes: a polynomial, for which Gauss's quadrature is exact.
        """
        if self._library is not None:
            return self._library.contributions(self._handle, row, self._width)
        given = [0.0] * self._width
        for root in self._sections["root"]:
            for steps, value in self._leaves(row, root, []):
                self._share_out(given, steps, value)
        return given

    def totals(self, rows: array[float]) -> array[float]:
        """Return `total` of each of n rows, given end to end ([n * width])."""
        if self._library is not None:
            return self._library.totals(self._handle, rows, self._width)
        width = self._width
        return array("d", (self.total(rows[at : at + width]) for at in range(0, len(rows), width)))

    def _walked(self) -> list[tuple[int, float, int, int, int]]:
        if self._nodes is None:
            feature, threshold, flags = (self._sections[name] for name in ("feature", "threshold", "flags"))
            child = self._sections["child"]
            self._nodes = list(zip(feature, threshold, flags, child[1::2], child[::2], strict=True))
        return self._nodes

    def _leaves(self, row: array[float], at: int, steps: list[Step]) -> Iterator[tuple[list[Step], float]]:
        """Yield the way to each leaf below a reference, and the leaf's value."""
        if at >= LEAF:
            yield steps, self._sections["leaf"][at - LEAF]
            return
        feature, threshold, flags, left, right = self._walked()[at]
        left_passes = goes_left(self._sections, row[feature], threshold, flags)
        before = next((step for step in steps if step.feature == feature), Step(feature, 1.0, 1.0))
        others = [step for step in steps if step.feature != feature]
        share = self._sections["left_share"][at]
        for child, part, passes in ((left, share, left_passes), (right, 1.0 - share, not left_passes)):
            step = Step(feature, before.share * part, before.passes * passes)
            if step.share or step.passes:
                yield from self._leaves(row, child, [*others, step])

    def _share_out(self, given: list[float], steps: Sequence[Step], value: float) -> None:
        points = self._sections["quadrature"]
        half = len(points) // 2
        for place, weight in zip(points[:half], points[half:], strict=True):
            factors = [step.share * (1.0 - place) + step.passes * place for step in steps]
            product = value * weight
            for factor in factors:
                product *= factor
            for step, factor in zip(steps, factors, strict=True):
                given[step.feature] += (step.passes - step.share) * product / factor


def goes_left(sections: Sections, value: float, threshold: float, flags: int) -> bool:
    """Tell which way a value goes: NaN, and 0 where it counts as missing, the way that the node has for it."""
    if flags & CATEGORICAL:
        return _in_set(sections, value, int(threshold))
    if value != value or (flags & ZERO_MISSING and -ZERO <= value <= ZERO):  # noqa: PLR0124  # NaN differs from itself
        return bool(flags & MISSING_LEFT)
    return value <= threshold


def _in_set(sections: Sections, value: float, number: int) -> bool:
    """Tell whether a category is in the set; missing, negative and unknown ones are not."""
    ends = sections["category_end"]
    first = ends[number - 1] if number else 0
    if not -1 < value < (ends[number] - first) * WORD_BITS:
        return False
    word, bit = divmod(int(value), WORD_BITS)
    return bool(sections["category_bits"][first + word] >> bit & 1)


def check(sections: Sections, width: int) -> None:
    """Raise `ValueError` unless all references lead on, to nodes and leaves that are there: C reads them unasked."""
    nodes, leaves = len(sections["feature"]), len(sections["leaf"])
    child = sections["child"]
    if len(child) != 2 * nodes or any(len(sections[name]) != nodes for name in ("threshold", "flags", "left_share")):
        raise ValueError("the nodes' sections differ in length")
    known = frozenset(range(nodes)) | frozenset(range(LEAF, LEAF + leaves))
    if not known.issuperset(sections["root"]) or not known.issuperset(child):
        raise ValueError("a reference leads to no node and no leaf")
    if not all(map(gt, child[::2], range(nodes))) or not all(map(gt, child[1::2], range(nodes))):
        raise ValueError("a reference leads back")
    if nodes and max(sections["feature"]) >= width:
        raise ValueError(f"node of feature {max(sections['feature'])}, but there are {width} features")
    _check_sets(sections)


def _check_sets(sections: Sections) -> None:
    ends = sections["category_end"]
    used = [
        threshold
        for threshold, flags in zip(sections["threshold"], sections["flags"], strict=True)
        if flags & CATEGORICAL
    ]
    if used and not 0 <= min(used) <= max(used) < len(ends):
        raise ValueError("a node names a set of categories that is not there")
    if list(ends) != sorted(ends) or (ends and ends[-1] > len(sections["category_bits"])):
        raise ValueError("a set of categories ends outside of its bits")
