"""Trained trees -> the sections that `trees.Trees` reads: LightGBM's from their model text, scikit-learn's forests."""

from __future__ import annotations  # array is subscriptable at run time from Python 3.12 on

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, pi
from typing import Any

from addressee.models.trees import CATEGORICAL, LEAF, MISSING_LEFT, ZERO_MISSING

OBJECTIVES: Mapping[str, str] = {
    "binary": "sigmoid",
    "cross_entropy": "sigmoid",
    "poisson": "exp",
    "gamma": "exp",
    "tweedie": "exp",
}
"""How LightGBM's objectives make an answer of the sum; all others leave it as it is."""
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_NONE, _MISSING_ZERO, _MISSING_NAN = 0, 4, 8
_MOST_POINTS = 32
DEEPEST = 200
Packed = tuple[dict[str, "array[Any]"], dict[str, Any]]


class NotPacked(Exception):
    """The model has something that the packed form has not: several classes, linear leaves, very deep trees."""


@dataclass
class _Grove:
    """The sections in the making."""

    root: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    child: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left_share: list[float] = field(default_factory=list)
    leaf: list[float] = field(default_factory=list)
    category_end: list[int] = field(default_factory=list)
    category_bits: list[int] = field(default_factory=list)
    expected: float = 0.0
    most_features: int = 1

    def sections(self) -> dict[str, array[Any]]:
        """Return the packed arrays."""
        codes = {"feature": "H", "flags": "B", "threshold": "d", "left_share": "d", "leaf": "d"}
        names = [name for name in vars(self) if name not in {"expected", "most_features"}]
        return {
            **{name: array(codes.get(name, "I"), getattr(self, name)) for name in names},
            "expected": array("d", [self.expected]),
            "quadrature": array("d", quadrature(min(self.most_features // 2 + 1, _MOST_POINTS))),
        }


@dataclass(frozen=True)
class _Tree:
    """One tree: child >= 0 is a node of the tree, else ~child a leaf; `cover` tells how many rows a child holds."""

    feature: Sequence[int]
    threshold: Sequence[float]
    flags: Sequence[int]
    left: Sequence[int]
    right: Sequence[int]
    leaf: Sequence[float]
    node_cover: Sequence[float]
    leaf_cover: Sequence[float]
    sets: Sequence[Sequence[int]] = ()


def pack_trees(text: str) -> Packed:
    """Return sections and settings of a LightGBM model: `pack_trees(booster.model_to_string())`.

    Settings: `features` (the width of a row), `objective` (`sigmoid`, `exp`, `identity`), `slope` (of the sigmoid) and
    `divisor` (trees in a mean; 1 in a sum). Raises `NotPacked`.
    """
    header, *parts = text.partition("end of trees")[0].split("\nTree=")
    about = _fields(header)
    if about.get("num_tree_per_iteration") != "1":
        raise NotPacked(f"{about.get('num_tree_per_iteration')} trees an iteration: one class alone is served")
    grove = _Grove()
    for part in parts:
        _plant(grove, _lightgbm_tree(_fields(part)))
    words = about.get("objective", "").split()
    slopes = [float(word.removeprefix("sigmoid:")) for word in words if word.startswith("sigmoid:")]
    mean = "average_output" in header.splitlines()
    settings = {
        "features": int(about["max_feature_idx"]) + 1,
        "objective": OBJECTIVES.get(words[0], "identity") if words else "identity",
        "slope": slopes[0] if slopes else 1.0,
        "divisor": len(parts) if mean else 1,
    }
    return grove.sections(), settings


def pack_forest(forest: Any) -> Packed:  # noqa: ANN401  # scikit-learn has no types
    """Return sections and settings of a random forest: of two classes (the second one's chance), or of an amount.

    Settings as `pack_trees` says, `objective` being `probability` or `identity`. Raises `NotPacked`.
    """
    if len(getattr(forest, "classes_", (0, 1))) != 2 or forest.n_outputs_ != 1:  # noqa: PLR2004  # yes and no
        raise NotPacked("a forest of two classes, or of one amount, is served")
    grove = _Grove()
    for tree in forest.estimators_:
        _plant(grove, _forest_tree(tree.tree_))
    objective = "probability" if hasattr(forest, "classes_") else "identity"
    settings = {"features": int(forest.n_features_in_), "objective": objective, "slope": 1.0}
    return grove.sections(), {**settings, "divisor": len(forest.estimators_)}


def _fields(part: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in part.splitlines() if "=" in line)


def _lightgbm_tree(said: Mapping[str, str]) -> _Tree:
    if said.get("is_linear", "0") != "0":
        raise NotPacked("linear leaves")

    def whole(name: str) -> list[int]:
        return [int(word) for word in said.get(name, "").split()]

    def real(name: str) -> list[float]:
        return [float(word) for word in said.get(name, "").split()]

    leaves = int(said["num_leaves"])
    threshold = real("threshold")[: leaves - 1]
    bits, ends = whole("cat_threshold"), whole("cat_boundaries")
    return _Tree(
        feature=whole("split_feature"),
        threshold=threshold,
        flags=[_flags(*each) for each in zip(whole("decision_type"), threshold, strict=True)],
        left=whole("left_child"),
        right=whole("right_child"),
        leaf=real("leaf_value"),
        node_cover=whole("internal_count"),
        leaf_cover=whole("leaf_count") or [1],
        sets=[bits[first:last] for first, last in pairwise(ends)],
    )


def _flags(decision: int, threshold: float) -> int:
    """Tell in our flags where a missing value goes; a model that knew none takes it for 0."""
    if decision & _CATEGORICAL:
        return CATEGORICAL
    default_left, missing = bool(decision & _DEFAULT_LEFT), decision & (_MISSING_ZERO | _MISSING_NAN)
    if missing == _MISSING_NONE:
        return MISSING_LEFT if threshold >= 0.0 else 0
    return MISSING_LEFT * default_left + ZERO_MISSING * (missing == _MISSING_ZERO)


def _forest_tree(tree: Any) -> _Tree:  # noqa: ANN401
    """Read a tree of scikit-learn, where nodes and leaves share their numbers."""
    inner = tree.children_left >= 0
    places = {int(at): place for place, at in enumerate(inner.nonzero()[0])}
    leaves = {int(at): ~place for place, at in enumerate((~inner).nonzero()[0])}
    child = {**places, **leaves}
    cover, missing = tree.weighted_n_node_samples, tree.__getstate__()["nodes"]["missing_go_to_left"]
    return _Tree(
        feature=tree.feature[inner].tolist(),
        threshold=tree.threshold[inner].tolist(),
        flags=[MISSING_LEFT * bool(left) for left in missing[inner]],
        left=[child[at] for at in tree.children_left[inner].tolist()],
        right=[child[at] for at in tree.children_right[inner].tolist()],
        leaf=tree.value[~inner, 0, -1].tolist(),
        node_cover=cover[inner].tolist(),
        leaf_cover=cover[~inner].tolist(),
    )


def _plant(grove: _Grove, tree: _Tree) -> None:
    """Add a tree: its nodes, leaves and sets after those that are there."""
    nodes, leaves, sets = len(grove.feature), len(grove.leaf), len(grove.category_end)

    def reference(child: int) -> int:
        return nodes + child if child >= 0 else LEAF + leaves + ~child

    def cover(child: int) -> float:
        return tree.node_cover[child] if child >= 0 else tree.leaf_cover[~child]

    grove.root.append(reference(0 if tree.feature else ~0))
    grove.feature += tree.feature
    grove.flags += tree.flags
    grove.threshold += [
        threshold + sets if flags & CATEGORICAL else threshold
        for threshold, flags in zip(tree.threshold, tree.flags, strict=True)
    ]
    for left, right in zip(tree.left, tree.right, strict=True):
        grove.child += [reference(right), reference(left)]
    grove.left_share += [
        cover(left) / total if total else 0.5 for left, total in zip(tree.left, tree.node_cover, strict=True)
    ]
    grove.leaf += tree.leaf
    for each in tree.sets:
        grove.category_bits += each
        grove.category_end.append(len(grove.category_bits))
    shares = tree.leaf_cover if tree.feature else [1]
    grove.expected += sum(value * share for value, share in zip(tree.leaf, shares, strict=True)) / sum(shares)
    ways = list(_ways(tree))
    if max(map(len, ways), default=0) > DEEPEST:
        raise NotPacked(f"a tree deeper than {DEEPEST} nodes")
    grove.most_features = max([grove.most_features, *(len(set(way)) for way in ways)])


def _ways(tree: _Tree) -> Iterator[list[int]]:
    """Yield for each node the features on its way from the root, its own included; children have greater numbers."""
    known: dict[int, list[int]] = {0: []}
    for at, feature in enumerate(tree.feature):
        way = [*known.pop(at), feature]
        known[tree.left[at]] = known[tree.right[at]] = way
        yield way


def quadrature(points: int) -> list[float]:
    """Return places and weights on (0, 1) that integrate polynomials up to degree 2 `points` - 1 (Gauss-Legendre).

    Newton's method on the Legendre polynomial from the usual cosines (Abramowitz and Stegun 1964, 25.4.29, 22.16.6).
    """
    places, weights = [], []
    for number in range(1, points + 1):
        root = cos(pi * (number - 0.25) / (points + 0.5))
        for _ in range(10):
            value, slope = _legendre(points, root)
            root -= value / slope
        places.append((1.0 - root) / 2.0)
        weights.append(1.0 / ((1.0 - root * root) * _legendre(points, root)[1] ** 2))
    return [*places, *weights]


def _legendre(degree: int, at: float) -> tuple[float, float]:
    """Return the Legendre polynomial and its derivative, by Bonnet's recursion."""
    before, value = 1.0, at
    for number in range(2, degree + 1):
        before, value = value, ((2 * number - 1) * at * value - (number - 1) * before) / number
    return value, degree * (at * value - before) / (at * at - 1.0)
