"""Figures of merit beside scikit-learn's and scipy's, and at their edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, ndcg_score, r2_score, roc_auc_score
from sklearn.metrics import log_loss as reference_log_loss

from addressee.models.metrics import (
    average_precision,
    calibration_error,
    explained,
    log_loss,
    ndcg,
    precision,
    recall,
    roc_auc,
    spearman,
)

PAIRS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.01, 0.2, 0.2001, 0.5, 0.7, 0.99])), min_size=2, max_size=40
).filter(lambda pairs: 0 < sum(label for label, _ in pairs) < len(pairs))


@given(PAIRS)
@settings(max_examples=60)
def test_figures_of_chances_equal_the_libraries(pairs):
    """ROC-AUC, average precision and log loss agree, ties included."""
    labels, scores = (np.array(column, float) for column in zip(*pairs, strict=True))
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))
    assert log_loss(labels, scores) == pytest.approx(reference_log_loss(labels, scores))


def test_correlation_and_explained_variance_equal_the_libraries():
    """Ties get average ranks."""
    truth, scores = np.array([0.0, 0, 1, 2, 5, 5]), np.array([0.1, 0.1, 1, 3, 2, 4])
    assert spearman(truth, scores) == pytest.approx(spearmanr(truth, scores).statistic)
    assert explained(truth, scores) == pytest.approx(r2_score(truth, scores))


def test_ndcg_equals_the_library():
    """Binary relevance, logarithmic discount, cut at k."""
    ranked, relevant = ["a", "b", "c", "d", "e"], frozenset({"b", "e", "z"})
    gains = np.array([[item in relevant for item in ranked]], float)
    whole = ndcg_score(np.append(gains, [[1.0]], axis=1), [[6, 5, 4, 3, 2, 1]], k=4)
    assert ndcg(ranked, relevant, 4) == pytest.approx(whole)
    assert recall(ranked, relevant, 2) == pytest.approx(1 / 3)
    assert precision(ranked, relevant, 5) == pytest.approx(2 / 5)


def test_edges_have_plain_answers():
    """One class, no class, nothing relevant, nothing varies."""
    ones, half = np.ones(3), np.full(3, 0.5)
    assert roc_auc(ones, half) == 0.5
    assert average_precision(ones * 0, half) == 0.0
    assert log_loss(np.empty(0), np.empty(0)) == 0.0
    assert spearman(ones, half) == explained(ones, half) == 0.0
    assert ndcg(["a"], frozenset(), 10) == recall(["a"], frozenset(), 10) == 0.0


def test_calibration_error_is_the_mean_gap():
    """Chances of 0.8 where half happens are 0.3 off; exact ones are not off at all."""
    labels = np.tile([0.0, 1.0], 50)
    assert calibration_error(labels, np.full(100, 0.8)) == pytest.approx(0.3)
    assert calibration_error(labels, np.full(100, 0.5)) == pytest.approx(0.0)
