"""The gate as a table: what is chosen, what is published, and what the answer says."""

from math import nan

import pytest

from addressee.models.evaluate import Compared, Interval
from addressee.models.gate import judge, outdoes


def compared(model, rival, low, high):
    """Build a comparison of two figures whose difference has this interval."""
    return Compared(
        "ndcg_at_10",
        Interval(model, model - 0.01, model + 0.01),
        Interval(rival, rival - 0.01, rival + 0.01),
        Interval(model - rival, low, high),
    )


@pytest.mark.parametrize(
    ("candidate", "rival", "low", "outdone"),
    [
        (0.504, 0.500, 0.001, False),  # surely better, but by less than a hundredth
        (0.506, 0.500, 0.001, True),
        (0.506, 0.500, 0.0, False),  # better by more, but it may be chance
        (0.506, 0.500, -0.002, False),
        (0.490, 0.500, -0.020, False),
        (-0.196, -0.199, 0.001, True),
        (0.0, 0.0, 0.0, False),
    ],
)
def test_the_preferred_candidate_loses_only_to_one_that_is_clearly_and_surely_better(candidate, rival, low, outdone):
    """Order is preference; the margin is one hundredth of the rival's figure, chance is the interval's lower end."""
    assert outdoes(compared(candidate, rival, low, candidate - rival + 0.01)) is outdone


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


def test_no_number_is_no_proof():
    """Figures of nobody are no figures: nothing is published on them, against a floor or a champion."""
    nothing, better = compared(nan, nan, nan, nan), compared(0.2, 0.1, 0.05, 0.15)
    assert not judge(nothing, None).published
    assert not judge(better, nothing).published
    assert not judge(better, None, nothing).published
    assert judge(better, None).published
