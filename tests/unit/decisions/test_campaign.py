"""The settings of a campaign, and its arms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.arm import arm_of
from addressee.decisions.campaign import (
    Arm,
    Campaign,
    InvalidCampaign,
    QuietHours,
    read_quiet_hours,
    read_repurchase_days,
)


@pytest.mark.parametrize(
    ("text", "quiet"), [("21-8", QuietHours(21, 8)), ("0-6", QuietHours(0, 6)), ("", QuietHours())]
)
def test_quiet_hours_read_from_text(text, quiet):
    """Two hours and a dash, or nothing."""
    assert read_quiet_hours(text) == quiet


@pytest.mark.parametrize("text", ["21", "21-24", "a-b", "21-8-9", "-1-5"])
def test_wrong_quiet_hours_are_named(text):
    """The message says how they must read."""
    with pytest.raises(InvalidCampaign, match="21-8"):
        read_quiet_hours(text)


def test_the_window_is_the_items_own_then_its_categorys_then_the_default():
    """`*` is every category that has none of its own; no setting at all means no window."""
    campaign = Campaign("c", repurchase_days=read_repurchase_days('{"food": 3, "*": 30}'))
    assert [
        campaign.window_days("food", 1),
        campaign.window_days("food", None),
        campaign.window_days("sofa", None),
    ] == [1, 3, 30]
    assert Campaign("c", repurchase_days=read_repurchase_days("")).window_days("food", None) == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"food": -1}', '{"food": "3"}', '{"food": true}'])
def test_wrong_windows_are_named(text):
    """Days are whole numbers, 0 or more."""
    with pytest.raises(InvalidCampaign, match="re-purchase"):
        read_repurchase_days(text)


@given(st.text("0123456789abcdef", min_size=32, max_size=32))
def test_a_person_stays_in_an_arm(subject):
    """The arm follows from campaign and person alone."""
    campaign = Campaign("c", arms=(Arm("a", 0.5, "one"), Arm("b", 0.5, "two")))
    assert arm_of(campaign, subject) == arm_of(campaign, subject)


def test_arms_get_their_shares():
    """A thousand people split as the shares say, to within four standard deviations."""
    campaign = Campaign("c", arms=(Arm("a", 0.2), Arm("b", 0.8)))
    names = [arm_of(campaign, f"{number:032x}").name for number in range(1000)]
    assert 150 <= names.count("a") <= 250


def test_the_last_arm_takes_what_rounding_leaves():
    """Shares that sum to less than 1 leave nobody without an arm."""
    assert arm_of(Campaign("c", arms=(Arm("a", 0.0), Arm("b", 0.0))), "x").name == "b"
    assert arm_of(Campaign("c"), "x") == Arm()
