"""Orders are counted once, net; each is credited to the last human click before it, of any campaign."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.feedback.attribution import Credit, Engagement, Order, OrderEvent, attribute, net_orders

WINDOW_MS = 1_000
ORDER = Order("s", "1", 5_000, 900, "EUR")


def event(name="Completed", order_id="1", at_ms=5_000, amount=900, message_id=""):
    """Make a row about an order."""
    return OrderEvent(message_id or f"{name}-{order_id}-{at_ms}", "s", f"Order {name}", order_id, at_ms, amount, "EUR")


def touch(at_ms, campaign="a", *, kind="click", label="human", **named):
    """Make an open or click."""
    return Engagement(named.get("message_id", ""), named.get("subject", "s"), campaign, kind, label, at_ms)


@pytest.mark.parametrize(
    ("events", "amounts"),
    [
        ([event(), event(at_ms=6_000, amount=100)], [900]),
        ([event(), event("Refunded", at_ms=9_000, amount=200), event("Refunded", at_ms=9_500, amount=100)], [600]),
        ([event(), event("Refunded", at_ms=9_000, amount=2_000)], [0]),
        ([event(), event("Refunded", at_ms=9_000, amount=-5)], [900]),
        ([event("Cancelled", at_ms=9_000), event()], []),
        ([event(order_id="", message_id="m1"), event(order_id="", message_id="m2")], [900, 900]),
        ([event("Refunded")], []),
        ([event(amount=-4)], [0]),
    ],
)
def test_an_order_counts_once_net_of_refunds_unless_it_was_cancelled(events, amounts):
    """Copies, refunds, cancellations, orders without id, negative amounts."""
    assert [order.amount_minor_units for order in net_orders(events)] == amounts


@pytest.mark.parametrize(
    ("touches", "clicked", "opened"),
    [
        ([], "", ""),
        ([touch(4_500)], "a", ""),
        ([touch(5_000)], "a", ""),
        ([touch(4_000)], "a", ""),
        ([touch(3_999)], "", ""),
        ([touch(5_001)], "", ""),
        ([touch(4_200, "a"), touch(4_900, "b")], "b", ""),
        ([touch(4_200, "a"), touch(4_900, "b", kind="open")], "a", ""),
        ([touch(4_200, "a", kind="open"), touch(4_100, "b", kind="open")], "", "a"),
        ([touch(3_000, "a"), touch(4_100, "b", kind="open")], "", "b"),
        ([touch(4_500, label="machine"), touch(4_600, label="unknown")], "", ""),
        ([touch(4_500, subject="t")], "", ""),
        ([touch(4_500, "a", message_id="m1"), touch(4_500, "b", message_id="m2")], "b", ""),
    ],
)
def test_the_last_human_click_of_any_campaign_within_the_window_takes_the_order(touches, clicked, opened):
    """An open counts where nothing was clicked; machines never do."""
    assert attribute([ORDER], touches, window_ms=WINDOW_MS) == [Credit(ORDER, clicked, opened)]


TOUCHES = st.lists(
    st.builds(
        touch,
        st.integers(3_000, 6_000),
        st.sampled_from("abc"),
        kind=st.sampled_from(["click", "open"]),
        label=st.sampled_from(["human", "machine"]),
        message_id=st.uuids().map(str),
    ),
    max_size=8,
)


@given(TOUCHES, st.integers())
def test_the_order_of_rows_decides_nothing(touches, seed):
    """Whatever order the lake gives, the same campaign is credited."""
    shuffled = Random(seed).sample(touches, len(touches))
    assert attribute([ORDER], shuffled, window_ms=WINDOW_MS) == attribute([ORDER], touches, window_ms=WINDOW_MS)
