"""The gate as a table: what is chosen, what is published, and what the answer says."""

import pytest

from addressee.models.evaluate import Compared, Interval
from addressee.models.gate import choose, judge


def compared(model, rival, low, high):
    """Build a comparison of two figures whose difference has this interval."""
    return Compared(
        "ndcg_at_10",
        Interval(model, model - 0.01, model + 0.01),
        Interval(rival, rival - 0.01, rival + 0.01),
        Interval(model - rival, low, high),
    )


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ([0.5], 0),
        ([0.500, 0.504], 0),  # better, but by less than a hundredth of the best
        ([0.500, 0.506], 1),
        ([0.500, 0.503, 0.509], 2),
        ([0.500, 0.509, 0.508], 1),
        ([0.0, 0.0], 0),
        ([-0.200, -0.199], 0),
        ([-0.300, -0.100], 1),
    ],
)
def test_the_preferred_candidate_loses_only_to_a_clearly_better_one(values, chosen):
    """Order is preference; the margin is one hundredth of the best figure."""
    assert choose(values) == chosen


@pytest.mark.parametrize(
    ("floor", "champion", "published", "reason"),
    [
        (compared(0.20, 0.10, 0.08, 0.12), None, True, "beats its floor"),
        (compared(0.20, 0.19, -0.01, 0.03), None, False, "does not beat its floor"),
        (compared(0.20, 0.19, 0.0, 0.03), None, False, "does not beat its floor"),
        (compared(0.10, 0.20, -0.12, -0.08), None, False, "does not beat its floor"),
        (compared(0.20, 0.10, 0.08, 0.12), compared(0.20, 0.20, -0.0019, 0.0019), True, "beats its floor"),
        (compared(0.20, 0.10, 0.08, 0.12), compared(0.20, 0.20, -0.0021, 0.0021), False, "worse than its champion"),
        (compared(0.20, 0.10, 0.08, 0.12), compared(0.20, 0.18, 0.01, 0.03), True, "beats its floor"),
        (compared(0.20, 0.19, -0.01, 0.03), compared(0.20, 0.10, 0.08, 0.12), False, "does not beat its floor"),
    ],
)
def test_published_is_what_surely_beats_its_floor_and_is_surely_not_worse(floor, champion, published, reason):
    """The lower ends of the paired intervals decide, and the reason carries the figures."""
    verdict = judge(floor, champion)
    assert verdict.published is published
    assert reason in verdict.reason
    assert "ndcg_at_10 0." in verdict.reason


@pytest.mark.parametrize(("low", "published"), [(-0.0039, True), (-0.0041, False)])
def test_many_small_steps_down_do_not_add_up(low, published):
    """The best champion of the last year may be undercut by twice the margin, no more."""
    floor, champion = compared(0.20, 0.10, 0.08, 0.12), compared(0.20, 0.20, -0.0019, 0.0019)
    verdict = judge(floor, champion, compared(0.20, 0.20, low, 0.0019))
    assert verdict.published is published
    assert ("best champion of a year" in verdict.reason) is not published
