"""Figures of many lists at once, beside the figures of one list and beside values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from addressee.models import metrics
from addressee.models.list_metrics import (
    average_precision_of,
    coverage,
    diversity_of,
    hits_of,
    mean_interval,
    ndcg_of,
    precision_of,
    recall_of,
    reciprocal_rank_of,
)

ITEMS, K = 8, 4


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(ITEMS)), st.sets(st.integers(0, ITEMS - 1)), st.integers(0, K))
def test_many_lists_are_marked_as_one_is(order, wanted, length):
    """NDCG, precision and recall agree with the figures of single lists, shorter ones included."""
    listed = [*order[:length], *[-1] * (K - length)]
    relevant = sparse.csr_matrix(np.isin(np.arange(ITEMS), list(wanted))[None, :].astype(np.float32))
    hits, size = hits_of(np.array([listed], np.int32), relevant), np.array([len(wanted)], np.int32)
    names, sought = [str(each) for each in order[:length]], frozenset(str(each) for each in wanted)
    assert ndcg_of(hits, size)[0] == pytest.approx(metrics.ndcg(names, sought, K))
    assert precision_of(hits)[0] == pytest.approx(metrics.precision(names, sought, K))
    assert recall_of(hits, size)[0] == pytest.approx(metrics.recall(names, sought, K))


def test_average_precision_and_reciprocal_rank_are_those_of_the_definition():
    """Hits at places 2 and 3 of three wanted; a list without a hit; nothing wanted."""
    hits = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.bool_)
    wanted = np.array([3, 1, 0], np.int32)
    assert average_precision_of(hits, wanted).tolist() == pytest.approx([(1 / 2 + 2 / 3) / 3, 0.0, 0.0])
    assert reciprocal_rank_of(hits).tolist() == [0.5, 0.0, 0.0]


def test_coverage_counts_each_listed_item_once():
    """Two of four items; ends of lists are no items, and no items are covered by nothing."""
    assert coverage(np.array([[0, 1], [1, -1]], np.int32), 4) == 0.5
    assert coverage(np.empty((0, 2), np.int32), 0) == 0.0


@pytest.mark.parametrize("kept_as", [np.asarray, sparse.csr_matrix], ids=["array", "sparse"])
def test_diversity_is_one_minus_the_mean_similarity_of_pairs(kept_as):
    """Three items with similarities .5, 0 and .1; a list of one item is as diverse as can be."""
    similarity = kept_as(np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.1], [0.0, 0.1, 1.0]]))
    lists = np.array([[0, 1, 2], [2, -1, -1]], np.int32)
    assert diversity_of(lists, similarity).tolist() == pytest.approx([1 - 0.2, 1.0])


def test_the_interval_of_a_mean_holds_the_truth_about_as_often_as_it_says():
    """Normal values around 0: of 50 intervals of 95 %, at least 43 and not all hold it."""
    rng = np.random.default_rng(0)
    held = [
        interval.low <= 0 <= interval.high
        for interval in (mean_interval(rng.normal(size=40), rng=rng) for _ in range(50))
    ]
    assert 43 <= sum(held) < 50


def test_runs_that_differ_widen_the_interval():
    """Seeds are drawn, too: what they add is not hidden by averaging."""
    people = np.random.default_rng(0).normal(size=(200, 1)) * 0.01
    apart = people + np.array([[-1.0, 0.0, 1.0]])
    narrow = mean_interval(np.repeat(people, 3, axis=1), rng=np.random.default_rng(1))
    wide = mean_interval(apart, rng=np.random.default_rng(1))
    assert wide.high - wide.low > 10 * (narrow.high - narrow.low)
