"""Engagements: one message each, the same id for what is the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.emails.engagement import WINDOW_MS, Engagement, engaged, engagement_message, read_engagement

SEND = "0123456789abcdef0123456789abcdef.spring-2026"
START_MS = 1_769_860_800_000


def click(**said):
    """Make a click."""
    return engaged(
        **{"kind": "click", "send_id": SEND, "at_ms": START_MS, "method": "GET", "user_agent": "a", "link": "x"} | said
    )


@given(
    st.sampled_from(["open", "click", "unsubscribe", "preferences"]),
    st.integers(0, 2**53),
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.text(max_size=300),
)
def test_a_message_is_read_as_it_was_written(kind, at_ms, method, agent):
    """Write and read any."""
    made = engaged(kind, SEND, at_ms=at_ms, method=method, user_agent=agent, link="product-1")
    assert read_engagement(json.loads(engagement_message(made))) == made
    assert len(made.user_agent.encode()) <= 256


def test_a_burst_on_one_link_is_one_engagement():
    """Click twice within the window."""
    assert click().message_id == click(at_ms=START_MS + WINDOW_MS - 1).message_id


@pytest.mark.parametrize(
    "said",
    [
        {"at_ms": START_MS + WINDOW_MS},
        {"link": "y"},
        {"method": "HEAD"},
        {"user_agent": "b"},
        {"send_id": SEND + "x"},
        {"kind": "open"},
    ],
)
def test_another_link_time_agent_or_method_is_another_engagement(said):
    """Change one thing: a person must not be taken for the scanner that came just before."""
    assert click(**said).message_id != click().message_id


def test_what_a_post_changed_is_the_same_whoever_repeats_it():
    """Unsubscribe by two mailboxes' agents."""
    ids = {
        engaged("unsubscribe", SEND, at_ms=1, method="POST", user_agent=agent).message_id for agent in ("a", "b", "")
    }
    assert len(ids) == 1


def test_the_message_has_the_documented_fields_and_no_others():
    """Compare with docs/architecture.md."""
    message = json.loads(engagement_message(click()))
    assert message == {
        "source": "addressee",
        "kind": "click",
        "sendId": SEND,
        "atMs": START_MS,
        "messageId": click().message_id,
        "method": "GET",
        "userAgent": "a",
        "link": "x",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"source": "ses"},
        {"kind": "bounce"},
        {"kind": []},
        {"kind": None},
        {"atMs": "now"},
        {"atMs": True},
        {"sendId": ""},
        {"sendId": 5},
        {"messageId": None},
        {"method": ""},
        {"userAgent": 1},
        {"link": {}},
    ],
)
def test_another_message_is_none_of_ours(change):
    """Read what SES or somebody else put on the queue."""
    assert read_engagement(json.loads(engagement_message(click())) | change) is None
    assert read_engagement({}) is None


def test_agent_and_link_may_be_absent():
    """Read the shortest message."""
    short = {"source": "addressee", "kind": "open", "sendId": SEND, "atMs": 1, "messageId": "m", "method": "GET"}
    assert read_engagement(short) == Engagement("open", SEND, 1, "m", "GET")
