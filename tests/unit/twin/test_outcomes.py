"""What an address asks the twin's SES for."""

import pytest

from twin.outcomes import SLOW_SECONDS, outcome_of

DELIVERED = ("Send", "Delivery")


@pytest.mark.parametrize(
    ("address", "events"),
    [
        ("ada@example.com", DELIVERED),
        ("household-12@example.com", DELIVERED),
        ("bounce17@example.com", ("Send", "Bounce")),
        ("softbounce@example.com", ("Send", "Bounce")),
        ("complaint-3@example.com", ("Send", "Delivery", "Complaint")),
        ("reject@example.com", ("Send", "Reject")),
        ("silent1@example.com", ()),
        ("slow5-silent-1@example.com", ()),
        ("ada.bounce@example.com", DELIVERED),
        ("bouncer@example.com", DELIVERED),
        ("Bounce@example.com", ("Send", "Bounce")),
        ("not an address", DELIVERED),
    ],
)
def test_the_local_parts_first_words_choose_the_events(address: str, events: tuple[str, ...]):
    """Words further on are names of people."""
    assert outcome_of(address).events == events


@pytest.mark.parametrize(
    ("address", "seconds"), [("slow@example.com", SLOW_SECONDS), ("slow7-1@example.com", 7.0), ("ada@example.com", 0.0)]
)
def test_a_slow_address_says_how_slow(address: str, seconds: float):
    """The mail is taken at once; the answer comes late."""
    assert outcome_of(address).answer_after_seconds == seconds


def test_a_throttled_address_is_delivered_in_the_end():
    """Only the first call is refused."""
    assert outcome_of("throttle-1@example.com").throttles
    assert outcome_of("throttle-1@example.com").events == DELIVERED
    assert not outcome_of("ada@example.com").throttles
