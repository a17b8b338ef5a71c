"""The fold: what each event does, and that neither order nor repetition matters."""

from dataclasses import replace
from math import isclose
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.event import Event, Line
from addressee.profiles.fold import fold, is_folded, is_own_send
from addressee.profiles.hashing import MESSAGE_BYTES, category_bucket, item_hash, send_hash
from addressee.profiles.packing import MAX_BYTES, pack, unpack
from addressee.profiles.sections import BOUGHT, CART, SENDS
from addressee.profiles.state import DAY_MS, MESSAGES, State, empty_state
from tests.unit.profiles.streams import END_MS, START_MS, assert_same, streams

DAY = 20_300
NOON_MS = DAY * DAY_MS + DAY_MS // 2
"""A Thursday, 12:00 UTC."""


def event(name: str, at_ms: int = NOON_MS, *items: str, message_id: str = "", **fields: object) -> Event:
    """Build a tracked event of one user with a line per item."""
    made = Event(
        message_id=message_id or f"{name} {at_ms} {items} {fields}",
        kind="track",
        name=name,
        user_id="u1",
        anonymous_id="",
        event_time_ms=at_ms,
        received_at_ms=at_ms,
        lines=tuple(Line(item, "tea", 2, 500) for item in items),
    )
    return replace(made, **fields)


def folded(*events: Event) -> State:
    """Fold events into the empty state."""
    state = empty_state()
    for each in events:
        state = fold(state, each)
    return state


def test_an_order_counts_buys_and_empties_the_cart():
    """Count, revenue, items, purchase days, category spend: all from one event; only later cart lines stay."""
    state = folded(
        event("Product Added", NOON_MS - 1, "bought"),
        event("Product Added", NOON_MS + 1, "later"),
        event("Order Completed", NOON_MS, "bought", "other", amount_minor_units=1_000),
    )
    assert (state.orders, state.items, state.revenue_minor_units) == (1, 4, 1_000)
    assert state.bought == {item_hash("bought"): DAY, item_hash("other"): DAY}
    assert state.cart_hashes() == {item_hash("later")}
    assert isclose(state.category_spend[category_bucket("tea")], 1_000)
    assert (state.first_order_ms, state.last_order_ms, state.largest_order_minor_units) == (NOON_MS, NOON_MS, 1_000)


def test_a_cart_line_added_before_an_order_that_came_earlier_stays_out():
    """A late cart event does not fill a cart that an order has emptied since."""
    state = folded(event("Order Completed", NOON_MS, "x"), event("Product Added", NOON_MS - 1, "y"))
    assert state.cart_hashes() == set()
    assert state.carts == 1


def test_the_newest_cart_event_of_an_item_wins():
    """Removed after added is out, however they arrive; at the same millisecond the message decides."""
    added, removed = event("Product Added", NOON_MS, "x"), event("Product Removed", NOON_MS + 1, "x")
    assert folded(added, removed).cart_hashes() == folded(removed, added).cart_hashes() == set()
    again = event("Product Removed", NOON_MS, "x")
    assert folded(added, again).cart == folded(again, added).cart


def test_a_refund_is_kept_apart_from_revenue():
    """Revenue says what was ordered, refunds what came back; neither is a visit."""
    state = folded(
        event("Order Refunded", amount_minor_units=300), event("Order Cancelled", NOON_MS + 1, amount_minor_units=200)
    )
    assert (state.refunded_minor_units, state.revenue_minor_units, state.last_seen_ms) == (500, 0, 0)


def test_engagement_by_people_counts_as_activity():
    """An open or a click says that the person was there."""
    state = folded(event("Email Opened"), event("Email Link Clicked", NOON_MS + 5))
    assert (state.opens, state.clicks, state.last_open_ms, state.last_click_ms) == (1, 1, NOON_MS, NOON_MS + 5)
    assert state.last_seen_ms == NOON_MS + 5
    assert state.hour_of_week[3 * 24 + 12] == 2


@pytest.mark.parametrize("name", ["Email Opened", "Email Link Clicked"])
def test_what_a_machine_did_changes_nothing_but_the_memory_of_messages(name):
    """Privacy proxies and link scanners teach nothing about the person."""
    machine = event(name, label="machine")
    state = folded(machine)
    assert is_folded(state, machine.message_id)
    state.messages = b""
    assert state == empty_state()


def test_bounces_complaints_and_unsubscriptions_keep_their_latest_time():
    """They are facts about the address, not visits."""
    names = ("Email Bounced", "Email Marked as Spam", "Unsubscribed")
    state = folded(*(event(name, at_ms) for name in names for at_ms in (NOON_MS + 1, NOON_MS)))
    assert state.bounced_ms == state.complained_ms == state.unsubscribed_ms == NOON_MS + 1
    assert state.last_seen_ms == 0


def test_a_soft_bounce_is_no_bounce():
    """A full mailbox blocks nobody; a bounce without a label is believed to be for good."""
    assert folded(event("Email Bounced", label="soft")).bounced_ms == 0
    assert folded(event("Email Bounced", label="hard")).bounced_ms == NOON_MS


@pytest.mark.parametrize(
    ("name", "send_id", "own"),
    [
        ("Email Sent", "subject.spring", True),
        ("Email Delivered", "subject.spring", True),
        ("Email Opened", "subject.spring", False),
        ("Email Sent", "other.spring", False),
        ("Email Sent", "subject", False),
        ("Email Sent", "", False),
    ],
)
def test_an_own_send_is_known_by_its_id(name, send_id, own):
    """It begins with the subject whom it went to; everybody else's sends are told apart by that."""
    assert is_own_send(event(name, send_id=send_id), "subject") == own
    assert not is_own_send(event(name, send_id=send_id, kind="page"), "subject")


def test_sent_and_delivered_are_one_send():
    """The frequency cap counts a send id once, at its latest time; without one the message stands for it."""
    state = folded(
        event("Email Delivered", NOON_MS + 2_000, send_id="s"),
        event("Email Sent", NOON_MS, send_id="s"),
        event("Email Sent", NOON_MS + 1_000, message_id="m"),
    )
    assert state.recent_sends == [(send_hash("s"), NOON_MS + 2_000), (send_hash("m"), NOON_MS + 1_000)]


@pytest.mark.parametrize("kind", ["identify", "alias", "group"])
def test_messages_about_identity_are_no_behaviour(kind):
    """A CRM's nightly identify call does not make a person active."""
    state = folded(event("Order Completed", kind=kind))
    state.messages = b""
    assert state == empty_state()


@pytest.mark.parametrize("kind", ["page", "screen"])
def test_a_page_or_screen_is_activity_whatever_its_name(kind):
    """A page that is called like an order is no order."""
    state = folded(event("Order Completed", kind=kind))
    assert (state.orders, state.first_seen_ms, state.active_days) == (0, NOON_MS, 1)


def test_absurd_amounts_cannot_break_the_sums():
    """Numbers beyond reason count as the largest reasonable ones, negative ones as none."""
    state = empty_state()
    for number in range(5):
        fold(state, event("Order Completed", NOON_MS + number, amount_minor_units=10**30))
    fold(state, event("Order Completed", NOON_MS + 9, "x", amount_minor_units=-5))
    state.revenue_minor_units = 2**63 - 2
    fold(state, event("Order Completed", NOON_MS + 10, amount_minor_units=7))
    fold(state, event("Order Completed", -5, amount_minor_units=7))
    assert state.largest_order_minor_units == 10**12
    assert state.revenue_minor_units == 2**63 - 1
    assert unpack(pack(state)) == state


def test_an_hour_saturates():
    """A histogram's count stays at 255."""
    state = folded(*(event("Visited", NOON_MS, message_id=str(number)) for number in range(300)))
    assert state.hour_of_week[84] == 255


def test_a_copy_is_caught_among_the_last_128_messages():
    """Beyond them the source's watermark has to."""
    first = event("Product Viewed", message_id="first")
    state = folded(first, *(event("Product Viewed", message_id=str(number)) for number in range(MESSAGES - 1)))
    assert fold(state, first).views == MESSAGES
    fold(state, event("Product Viewed", message_id="one more"))
    assert not is_folded(state, "first")
    assert fold(state, first).views == MESSAGES + 2


@given(streams(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_and_repetition_do_not_matter(stream, random):
    """Late, shuffled and repeated events give the same state as tidy ones."""
    once = {each.message_id: each for each in reversed(stream)}.values()
    tidy = folded(*sorted(once, key=lambda each: each.event_time_ms))
    shuffled = [*once, *once]
    random.shuffle(shuffled)
    assert_same(folded(*shuffled), tidy)


@pytest.mark.parametrize("seed", range(3))
def test_overfull_collections_do_not_depend_on_order(seed):
    """What is kept are the latest, in whichever order they came, packed in between or not."""
    random = Random(seed)  # a test's shuffle
    names = ["Order Completed", "Product Added", "Product Removed", "Email Sent"]
    events = [
        event(
            random.choice(names),
            START_MS + random.randrange(400) * DAY_MS + number % 7,
            f"item-{random.randrange(900)}",
            message_id=str(number),
            send_id=f"send-{random.randrange(200)}",
        )
        for number in range(2_500)
    ]
    tidy = folded(*sorted(events, key=lambda each: each.event_time_ms))
    random.shuffle(events)
    shuffled = empty_state()
    for number, each in enumerate(events):
        shuffled = fold(shuffled, each)
        if number % 100 == 0:
            shuffled = unpack(pack(shuffled))
    assert_same(unpack(pack(shuffled)), unpack(pack(tidy)), messages=False)
    assert len(unpack(pack(tidy)).bought) == BOUGHT
    assert len(tidy.sends) == SENDS
    assert len(tidy.cart) <= CART


@pytest.mark.no_cover  # other tests cover these lines; here they run by the thousand
def test_a_user_with_100_000_events_and_2_000_products_stays_small():
    """The state of the busiest person fits like anybody's."""
    state = empty_state()
    for number in range(100_000):
        name = ("Order Completed", "Product Viewed", "Product Added")[number % 3]
        at_ms = START_MS + number * ((END_MS - START_MS) // 100_000)
        line = Line(f"item-{number % 2_000}", f"category-{number % 300}", 1, 100)
        fold(state, Event(f"m{number}", "track", name, "u1", "", at_ms, at_ms, amount_minor_units=100, lines=(line,)))
    assert len(pack(state)) <= MAX_BYTES
    assert state.orders == 33_334


def test_the_end_of_one_message_and_the_start_of_the_next_are_no_message():
    """Hashes are kept end to end: what lies across two of them was never folded."""
    state = folded(event("Product Viewed", message_id="one"), event("Product Viewed", message_id="two"))
    assert is_folded(state, "one")
    assert is_folded(state, "two")
    for at in range(1, MESSAGE_BYTES):
        across = state.messages[at : at + MESSAGE_BYTES]
        assert not state.has_folded(across)
        state.note_message(across)
        assert state.has_folded(across)
        state.messages = state.messages[:-MESSAGE_BYTES]
