"""Our own sends and deliveries land in the lake and leave the state alone."""

import pytest

from addressee.profiles.update import Counts, update_profiles
from tests.fakes.watched import Crash, Watch, crash_at
from tests.shoppers import KEY, NOW_MS, fresh_ports, message, order, record, state_of, user_subject

USER = user_subject("u")
PORTS = ("store", "lake", "quarantine", "people")


def sent(message_id, name="Email Sent", *, send_id=f"{USER}.spring", **fields):
    """Write the event of a send to user `u`."""
    return message("track", message_id, userId="u", event=name, properties={"send_id": send_id}, **fields)


def batch(*messages):
    """Make records of one key."""
    return [record(number, "u", data) for number, data in enumerate(messages, 1)]


def test_an_own_send_is_in_the_lake_and_writes_no_state():
    """The row of the table Sends knows it, and the lake for analysis; a state write would cost four write units."""
    ports = fresh_ports()
    assert update_profiles(batch(sent("m1"), sent("m2", "Email Delivered")), ports, key=KEY) == Counts(
        records=2, folded=2
    )
    assert not ports.store.rows
    assert [(row["name"], row["send_id"]) for row in ports.lake.rows] == [
        ("Email Sent", f"{USER}.spring"),
        ("Email Delivered", f"{USER}.spring"),
    ]


def test_the_sends_of_another_sender_are_folded():
    """The cap counts them, by the state."""
    ports = fresh_ports()
    update_profiles(batch(sent("m1", send_id="braze-1"), sent("m2", send_id=f"{'0' * 32}.spring")), ports, key=KEY)
    assert len(state_of(ports, USER).recent_sends) == 2


def test_an_own_send_again_is_one_row_of_the_lake():
    """Nothing remembers it but the lake, which keeps one row per message."""
    ports = fresh_ports()
    for _ in range(2):
        update_profiles(batch(sent("m1")), ports, key=KEY)
    assert list(ports.lake.distinct()) == ["m1"]


def test_a_watermark_that_passed_an_own_send_says_that_its_row_is_in_the_lake():
    """In one batch with an order, it is skipped when the batch comes again, and was written before."""
    ports = fresh_ports()
    records = batch(sent("m1"), order("m2", userId="u"), sent("m3", "Email Delivered"))
    update_profiles(records, ports, key=KEY)
    state = dict(ports.store.rows)
    counts = update_profiles(records, ports, key=KEY)
    assert (counts.duplicates, ports.store.rows) == (2, state)
    assert set(ports.lake.distinct()) == {"m1", "m2", "m3"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_call_loses_no_own_send(when):
    """Crash at every call in turn and give the batch again: one order, all rows."""
    records = batch(
        sent("m1"),
        order("m2", userId="u", at_ms=NOW_MS - 3000),
        sent("m3", "Email Delivered"),
        message("track", "m4", userId="u", event="Unsubscribed"),
        sent("m5"),
    )
    number, crashed = 0, True
    while crashed:
        number += 1
        ports = fresh_ports()
        try:
            update_profiles(records, Watch(**{when: crash_at(number)}).ports(ports, *PORTS), key=KEY)
            crashed = False
        except Crash:
            update_profiles(records, ports, key=KEY)
        assert state_of(ports, USER).orders == 1
        assert state_of(ports, USER).unsubscribed_ms
        assert set(ports.lake.distinct()) == {"m1", "m2", "m3", "m4", "m5"}
    assert number > 4
