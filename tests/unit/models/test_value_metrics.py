"""Figures of amounts on people that can be checked by hand."""

import numpy as np
import pytest

from addressee.models.value_metrics import capped_error, gini, log_error, skill, sum_error, top_share

SPENT = np.array([0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 300.0])
NOBODY = np.empty(0)


def test_the_true_order_has_a_gini_of_one_and_no_order_none():
    """Money is found first, at random, or last."""
    assert gini(SPENT, SPENT) == pytest.approx(1.0)
    assert gini(SPENT, np.zeros(10)) == pytest.approx(0.0)
    assert gini(SPENT, -SPENT) == pytest.approx(-1.0)


def test_the_top_decile_of_ten_is_the_best_one():
    """Equals share what they bring: of ten equals one tenth."""
    assert top_share(SPENT, SPENT) == pytest.approx(0.75)
    assert top_share(SPENT, np.zeros(10)) == pytest.approx(0.1)
    assert top_share(SPENT, np.where(SPENT > 0, 1.0, 0.0)) == pytest.approx(0.5)


def test_skill_is_the_error_that_is_gone():
    """Nothing is gone by saying the median, all of it by the truth, less than nothing by saying too much."""
    assert skill(SPENT, SPENT) == 1.0
    assert skill(SPENT, np.zeros(10)) == 0.0
    assert skill(SPENT, SPENT + 100.0) < 0.0


def test_a_single_large_amount_counts_up_to_the_cap():
    """A hundred people spend 10, one a million: who misses that by half a million is not off by as much."""
    spent = np.append(np.full(300, 10.0), 1e6)
    assert capped_error(spent, np.append(np.full(300, 10.0), 5e5)) == 0.0
    assert capped_error(spent, np.full(301, 4.0)) == pytest.approx(6.0)


def test_sums_and_logarithms():
    """Twice as much is 100 % off; a negative prediction counts as nothing in logarithms."""
    assert sum_error(SPENT, 2.0 * SPENT) == pytest.approx(1.0)
    assert log_error(np.array([0.0, np.e - 1]), np.array([-5.0, 0.0])) == pytest.approx(0.5)


@pytest.mark.parametrize("figure", [gini, top_share, skill, capped_error, log_error, sum_error])
def test_nobody_and_nothing_spent_have_a_figure(figure):
    """A draw of a bootstrap may hold such."""
    assert figure(NOBODY, NOBODY) == 0.0
    assert np.isfinite(figure(np.zeros(5), np.arange(5.0)))
