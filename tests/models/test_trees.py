"""Our walk of trees beside LightGBM's and scikit-learn's: the same sums to the last bit, in C and in Python."""

from array import array

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from addressee.models import native
from addressee.models.kind import Fitted
from addressee.models.pack_trees import NotPacked, pack_forest, pack_trees, quadrature
from addressee.models.packed import pack, unpack
from addressee.models.scored_rows import explain_rows, score_rows
from addressee.models.scorers import log_odds
from addressee.models.tree_scorers import BoostedTrees, Forest
from addressee.models.trees import LEAF, Trees
from tests.models.boosters import CATEGORY, WIDTH, asked, boosted, rows

KINDS = [
    {},
    {"zero_as_missing": True},
    {"use_missing": False},
    {"num_leaves": 2},
    {"objective": "regression", "num_leaves": 63},
    {"objective": "lambdarank"},
    {"objective": "tweedie"},
    {"boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1},
    {"sigmoid": 0.5},
    {"min_data_in_leaf": 1_000},
    {"max_cat_to_onehot": 1, "cat_smooth": 1},
]
LIBRARIES = [pytest.param(native.library(), id="c"), pytest.param(None, id="python")]


def trees_of(sections, library):
    """Open trees that are walked in C, or in Python where there is no library."""
    assert native.library() is not None, "make unit builds it: python -m infra.native"
    opened = Trees(unpack(pack(sections)), width=WIDTH)
    opened._library = library
    return opened


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("given", KINDS, ids=str)
class TestBoosted:
    """What LightGBM says of the same rows."""

    def test_the_sums_are_equal_to_the_last_bit(self, given, library):
        """Rows with gaps, zeros, unknown categories, infinities."""
        booster = boosted(**given)
        sections, _ = pack_trees(booster.model_to_string())
        values = asked(11)
        trees = trees_of(sections, library)
        ours = [trees.total(array("d", row)) for row in values.tolist()]
        assert ours == booster.predict(values, raw_score=True).tolist()
        assert trees.totals(array("d", values.ravel().tolist())).tolist() == ours

    @pytest.mark.no_cover  # other tests cover these lines; here they run by the thousand
    def test_the_contributions_are_equal(self, given, library):
        """Path-dependent TreeSHAP, and the expectation that it starts from."""
        booster = boosted(**given)
        sections, _ = pack_trees(booster.model_to_string())
        values = asked(12, 20)
        theirs = booster.predict(values, pred_contrib=True)
        trees = trees_of(sections, library)
        ours = np.array([trees.contributions(array("d", row)) for row in values.tolist()])
        assert np.abs(ours - theirs[:, :-1]).max() < 1e-9
        assert trees.expected == pytest.approx(theirs[0, -1], abs=1e-9)


@pytest.mark.parametrize("given", KINDS, ids=str)
def test_a_served_score_is_lightgbms(given):
    """The objective's own link: a probability, an amount, a rank's score; one by one and all at once."""
    booster = boosted(**given)
    sections, settings = pack_trees(booster.model_to_string())
    values = asked(13)
    scorer = BoostedTrees(sections, settings)
    one_by_one = [scorer.score(row) for row in values.tolist()]
    assert np.abs(np.array(one_by_one) / booster.predict(values) - 1.0).max() < 1e-12
    fitted = Fitted({}, settings, sections, "trees")
    assert score_rows(fitted, values).tolist() == one_by_one
    assert explain_rows(fitted, values[:5]).tolist() == [scorer.explain(row) for row in values[:5].tolist()]


@pytest.mark.parametrize("kind", ["plain", "balanced", "amount", "deep"])
def test_a_forest_is_scikit_learns(kind):
    """Means over trees of float32 values; explanations add up to the log-odds."""
    values, labels = rows(5), np.nan_to_num(rows(5)[:, 0]) > 0
    given = {"n_estimators": 12, "random_state": 0, "max_depth": None if kind == "deep" else 5}
    if kind == "amount":
        forest = RandomForestRegressor(**given).fit(values, np.nan_to_num(values[:, 0]))
        theirs = forest.predict(rows(6))
    else:
        weights = "balanced" if kind == "balanced" else None
        forest = RandomForestClassifier(class_weight=weights, **given).fit(values, labels)
        theirs = forest.predict_proba(rows(6))[:, 1]
    sections, settings = pack_forest(forest)
    served = Forest(unpack(pack(sections)), settings)
    one_by_one = [served.score(row) for row in rows(6).tolist()]
    assert one_by_one == pytest.approx(theirs.tolist(), rel=1e-12, abs=1e-12)
    assert score_rows(Fitted({}, settings, sections, "forest"), rows(6)).tolist() == one_by_one
    if kind == "plain":
        for row in rows(6, 10).tolist():
            assert served.expected + sum(served.explain(row)) == pytest.approx(log_odds(served.score(row)), abs=1e-9)


def test_a_model_that_is_no_single_sum_is_refused():
    """Three classes, three trees an iteration; linear leaves; a forest of three classes."""
    values, labels = rows(7, 120), np.arange(120) % 3
    import lightgbm  # noqa: PLC0415  # this test alone trains otherwise

    plain = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    many = lightgbm.train({"objective": "multiclass", "num_class": 3, **plain}, lightgbm.Dataset(values, labels), 2)
    with pytest.raises(NotPacked, match="one class"):
        pack_trees(many.model_to_string())
    linear = lightgbm.train({"linear_tree": True, **plain}, lightgbm.Dataset(values, labels, params=plain), 2)
    with pytest.raises(NotPacked, match="linear"):
        pack_trees(linear.model_to_string())
    with pytest.raises(NotPacked, match="two classes"):
        pack_forest(RandomForestClassifier(2, random_state=0).fit(np.nan_to_num(values), labels))


def test_a_very_deep_tree_is_refused():
    """A chain of 201 nodes: the way to its leaves would be too long for a stack."""
    nodes = 201
    said = {
        "num_leaves": nodes + 1,
        "split_feature": "0 " * nodes,
        "threshold": " ".join(map(str, range(nodes))),
        "decision_type": "2 " * nodes,
        "left_child": " ".join(str(~leaf) for leaf in range(nodes)),
        "right_child": " ".join(map(str, [*range(1, nodes), ~nodes])),
        "leaf_value": "0.5 " * (nodes + 1),
        "internal_count": " ".join(map(str, range(nodes + 1, 1, -1))),
        "leaf_count": "1 " * (nodes + 1),
    }
    tree = "\n".join(f"{name}={value}" for name, value in said.items())
    with pytest.raises(NotPacked, match="deeper"):
        pack_trees(f"tree\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\nTree=0\n{tree}\n\nend of trees\n")


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("child", 0, LEAF - 1, "no node and no leaf"),
        ("child", 0, LEAF + 10**6, "no node and no leaf"),
        ("child", 2, 0, "leads back"),
        ("root", 0, 10**6, "no node and no leaf"),
        ("feature", 0, WIDTH, "6 features"),
        ("category_end", -1, 10**6, "outside of its bits"),
    ],
)
def test_sections_that_point_outside_are_refused(name, place, value, words):
    """Nothing that C would follow into the dark is loaded."""
    sections, _ = pack_trees(boosted().model_to_string())
    damaged = unpack(pack(sections))
    damaged[name][place] = value
    with pytest.raises(ValueError, match=words):
        Trees(damaged, width=WIDTH)


def test_a_set_of_categories_that_is_not_there_is_refused():
    """A categorical node's threshold numbers its set."""
    sections, _ = pack_trees(boosted().model_to_string())
    node = next(node for node, flags in enumerate(sections["flags"]) if flags & 4)
    assert sections["feature"][node] == CATEGORY
    sections["threshold"][node] = 10**6
    with pytest.raises(ValueError, match="set of categories"):
        Trees(sections, width=WIDTH)
    with pytest.raises(ValueError, match="differ in length"):
        Trees({**sections, "flags": sections["flags"][:-1]}, width=WIDTH)


@pytest.mark.parametrize("points", [1, 2, 5, 16, 32])
def test_the_quadrature_is_exact_for_polynomials(points):
    """The integral of x ** k over [0, 1] is 1 / (k + 1), up to degree 2 n - 1."""
    numbers = quadrature(points)
    places, weights = np.split(np.array(numbers), 2)
    for degree in range(2 * points):
        assert (weights * places**degree).sum() == pytest.approx(1.0 / (degree + 1), rel=1e-12)


def test_without_a_library_there_is_none(tmp_path):
    """A machine of another kind walks in Python."""
    assert native.library(str(tmp_path / "libmodels.so")) is None
    other = tmp_path / "other.so"
    other.write_bytes(b"of another machine")
    assert native.library(str(other)) is None
