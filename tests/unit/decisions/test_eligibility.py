"""Who may be mailed, and the reason where not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.campaign import Campaign
from addressee.decisions.eligibility import refusal
from addressee.decisions.person import Person
from addressee.events.event import Event
from addressee.profiles.fold import fold
from addressee.profiles.hashing import send_hash
from addressee.profiles.packing import pack, unpack
from addressee.profiles.state import DAY_MS, empty_state
from tests.unit.decisions.people import NOW, SUBJECT, state, willing

CAMPAIGN = Campaign("spring", cap_per_day=2, cap_per_week=3)
SECOND = NOW // 1000


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (willing(), None),
        (Person(SUBJECT), "no_consent"),
        (willing(granted=None), "consent_unknown"),
        (willing(granted=None, suppression="bounce"), "consent_unknown"),
        (willing(granted=False, suppression="bounce"), "no_consent"),
        (willing(suppression="complaint"), "suppressed"),
        (willing(state=state(unsubscribed_ms=2)), "no_consent"),
        (willing(state=state(unsubscribed_ms=2), granted_at_ms=3), None),
        (willing(state=state(complained_ms=2)), "complained"),
        (willing(state=state(complained_ms=2), granted_at_ms=3), None),
        (willing(state=state(bounced_ms=5)), "bounced"),
        (willing(state=state(bounced_ms=5, last_open_ms=6)), None),
        (willing(state=state(bounced_ms=5, last_click_ms=6)), None),
        (willing(touches=(("a", NOW - 1), ("b", NOW - 2))), "cap_per_day"),
        (willing(touches=(("a", NOW - DAY_MS), ("b", NOW - 2))), None),
        (willing(touches=(("a", NOW - 2 * DAY_MS), ("b", NOW - 3 * DAY_MS), ("c", NOW))), "cap_per_week"),
        (willing(touches=(("a", NOW - 7 * DAY_MS), ("b", NOW - 3 * DAY_MS), ("c", NOW))), None),
    ],
)
def test_the_first_rule_that_says_no_gives_the_reason(person, reason):
    """Consent, suppression, complaint, bounce and caps are asked in this order."""
    assert refusal(person, CAMPAIGN, now_ms=NOW) == reason


def test_a_send_that_both_touches_and_events_know_counts_once():
    """The cap counts send ids, not rows."""
    seen = state(sends={send_hash("a"): SECOND - 60, send_hash("b"): SECOND - 70})
    person = willing(state=seen, touches=(("a", NOW - 61_000), ("b", NOW - 71_000)))
    assert refusal(person, Campaign("spring", cap_per_day=3, cap_per_week=9), now_ms=NOW) is None
    assert refusal(person, Campaign("spring", cap_per_day=2, cap_per_week=9), now_ms=NOW) == "cap_per_day"


def test_sends_of_other_senders_count():
    """`Email Sent` events fill the cap without any touch of ours."""
    person = willing(state=state(sends={1: SECOND - 5, 2: SECOND - 6}))
    assert refusal(person, CAMPAIGN, now_ms=NOW) == "cap_per_day"


@pytest.mark.parametrize("name", ["Email Sent", "Email Delivered"])
def test_an_event_about_a_send_fills_the_cap_and_our_own_touch_of_it_counts_no_more(name):
    """From the message to the refusal: fold, pack, read, count."""
    sent = Event("m1", "track", name, "anna", "", NOW - 60_000, NOW - 60_000, send_id="send-1")
    person = willing(state=unpack(pack(fold(empty_state(), sent))), touches=(("send-1", NOW - 61_000),))
    assert refusal(person, Campaign("spring", cap_per_day=1, cap_per_week=9), now_ms=NOW) == "cap_per_day"
    assert refusal(person, Campaign("spring", cap_per_day=2, cap_per_week=9), now_ms=NOW) is None


@given(
    granted=st.sampled_from([None, False]),
    suppression=st.sampled_from([None, "bounce"]),
    complained=st.integers(0, 5),
    touches=st.lists(st.tuples(st.text(max_size=3), st.integers(0, NOW)), max_size=5).map(tuple),
)
def test_nobody_without_consent_is_mailed(granted, suppression, complained, touches):
    """Whatever else is known, no consent means no mail."""
    person = willing(granted=granted, suppression=suppression, touches=touches, state=state(complained_ms=complained))
    assert refusal(person, CAMPAIGN, now_ms=NOW) in {"consent_unknown", "no_consent"}
