"""Who a campaign is for, and who is held out."""

import random

import pytest

from addressee.decisions.arm import arm_of
from addressee.decisions.campaign import Arm, Campaign
from addressee.emails.audience import held_out, in_audience
from addressee.profiles.state import State
from tests.unit.emails.campaigns import campaign, somebody, subject


def test_everyone_is_everybody_with_consent_and_an_address():
    """Nothing else is asked of them."""
    assert in_audience(somebody(), campaign())


@pytest.mark.parametrize(
    "person",
    [
        somebody(granted=False),
        somebody(granted=None),
        somebody(address=""),
        somebody(state=State(unsubscribed_ms=2)),
        somebody(withdrawn=frozenset({"email", "topic_news"})),
    ],
)
def test_nobody_without_consent_or_address_or_with_the_topic_off_is_in(person):
    """Each of these is out."""
    assert not in_audience(person, campaign(rules={"topic": "news"}))


def test_a_topic_that_is_off_counts_for_its_own_campaigns_alone():
    """Who wants no news may want offers, and what has no topic."""
    person = somebody(withdrawn=frozenset({"topic_news", "topic_"}))
    assert in_audience(person, campaign(rules={"topic": "offers"}))
    assert in_audience(person, campaign())


def test_an_unsubscription_loses_to_a_later_grant():
    """As in a decision."""
    assert in_audience(somebody(state=State(unsubscribed_ms=2), granted_at_ms=3), campaign())


def test_a_segment_is_that_of_the_last_scoring_run():
    """Somebody who was never scored is in no segment."""
    loyal = campaign(segment=("rfm_tiers", "loyal"))
    assert in_audience(somebody(segment="loyal"), loyal)
    assert not in_audience(somebody(segment="rare"), loyal)
    assert not in_audience(somebody(), loyal)
    assert not in_audience(somebody(segment="loyal"), campaign(segment=("other", "loyal")))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_share_held_out_is_the_one_asked_for(share):
    """Within four standard errors of 20,000 draws."""
    found = sum(held_out(subject(number), salt="s", share=share) for number in range(20_000)) / 20_000
    assert abs(found - share) <= 4 * (share * (1 - share) / 20_000) ** 0.5


def test_the_same_salt_holds_the_same_people_out_and_another_salt_others():
    """Overlap of two salts is that of chance."""
    rng = random.Random(5)
    people = [f"{rng.getrandbits(128):032x}" for _ in range(20_000)]
    one, same, other = ({each for each in people if held_out(each, salt=salt, share=0.1)} for salt in ("a", "a", "b"))
    assert one == same
    assert 140 < len(one & other) < 260


def test_who_is_held_out_says_nothing_about_arms():
    """Even where the salt is the campaign's id, each arm loses the same share."""
    split = Campaign("autumn", arms=(Arm("a", 0.5), Arm("b", 0.5)))
    people = [subject(number) for number in range(20_000)]
    out = [each for each in people if held_out(each, salt="autumn", share=0.2)]
    in_a = sum(arm_of(split, each).name == "a" for each in out)
    assert abs(in_a / len(out) - 0.5) < 0.04
