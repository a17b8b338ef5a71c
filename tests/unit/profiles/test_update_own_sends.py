"""Our own sends and deliveries land in the lake and leave the state alone."""

from random import Random

import pytest

from addressee.profiles.consent import has_consent
from addressee.profiles.ports import StateRow
from addressee.profiles.update import Counts, update_profiles
from tests.fakes.watched import Crash, Watch, crash_at
from tests.shoppers import (
    KEY,
    NOW_MS,
    fresh_ports,
    message,
    order,
    record,
    records_of,
    simulate,
    state_of,
    user_subject,
    visitor_subject,
)

USER = user_subject("u")
PORTS = ("store", "lake", "quarantine", "people")


def sent(message_id, name="Email Sent", *, send_id=f"{USER}.spring", **fields):
    """Write the event of a send to user `u`."""
    return message("track", message_id, userId="u", event=name, properties={"send_id": send_id}, **fields)


def batch(*messages):
    """Make records of one key."""
    return records_of(("u", data) for data in messages)


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


def reads_of(ports, records):
    """Fold a batch; list the sets of subjects that were read, and return the counts."""
    asked, store = [], ports.store
    read = store.read

    def noted(subjects):
        asked.append(set(wanted := list(subjects)))
        return read(wanted)

    store.read = noted
    try:
        return asked, update_profiles(records, ports, key=KEY)
    finally:
        store.read = read


def test_own_sends_alone_read_and_write_no_row():
    """Whoever the person is and however often the batch comes; the counts say what went to the lake."""
    ports = fresh_ports()
    update_profiles(batch(order("m0", userId="u")), ports, key=KEY)
    rows, records = dict(ports.store.rows), batch(sent("m1"), sent("m2", "Email Delivered"), b"garbage")
    watch = Watch()
    for _ in range(2):
        counts = update_profiles(records, watch.ports(ports, *PORTS), key=KEY)
        assert counts == Counts(records=3, folded=2, quarantined=1)
    assert not {"read", "write", "merge"} & set(watch.names)
    assert ports.store.rows == rows
    assert [row["subject"] for row in ports.lake.rows] == [USER] * 5
    assert set(ports.lake.distinct()) == {"m0", "m1", "m2"}


def test_only_those_are_read_of_whom_a_batch_has_more_than_own_sends():
    """The one's mails in a batch do not make the other's row needless."""
    ports, other = fresh_ports(), user_subject("w")
    to_other = message("track", "m3", userId="w", event="Email Sent", properties={"send_id": f"{other}.spring"})
    records = [*batch(sent("m1"), order("m2", userId="u")), record(9, "w", to_other)]
    asked, counts = reads_of(ports, records)
    assert (asked, counts) == ([{USER}], Counts(records=3, folded=3))
    assert set(ports.store.rows) == {USER}
    assert set(ports.lake.distinct()) == {"m1", "m2", "m3"}


def test_an_own_send_that_names_a_visitor_is_read_and_merged():
    """An anonymous id beside the user id is a login, whatever else the event is."""
    ports = fresh_ports()
    asked, _ = reads_of(ports, batch(sent("m1", anonymousId="v")))
    assert asked == [{USER, visitor_subject("v")}]
    assert ports.store.rows[visitor_subject("v")].merged_into == USER


def test_an_own_send_beside_a_visitor_who_is_the_user_knows_the_users_row():
    """The pointer leads to the row, and the order goes to it, once."""
    ports = fresh_ports()
    update_profiles(batch(order("m1", userId="u", anonymousId="v")), ports, key=KEY)
    records = [record(10, "u", sent("m2")), record(11, "v", order("m3", anonymousId="v"))]
    asked, counts = reads_of(ports, records)
    assert (asked, counts.folded) == ([{visitor_subject("v")}, {USER}], 2)
    assert state_of(ports, USER).orders == 2


def test_a_withdrawal_that_an_own_send_carries_counts():
    """Consent needs no state."""
    ports = fresh_ports()
    no = {"consent": {"categoryPreferences": {"marketing": False}}}
    asked, _ = reads_of(ports, batch(sent("m1", context=no)))
    assert not asked
    assert not has_consent(ports.people.rows[USER, "consent"])


def test_a_damaged_state_is_nothing_to_an_own_send():
    """It is in the lake; the order beside it, in another batch, is in quarantine."""
    ports = fresh_ports()
    ports.store.rows[USER] = StateRow(USER, 3, b"damaged")
    update_profiles(batch(sent("m1")), ports, key=KEY)
    assert (set(ports.lake.distinct()), ports.quarantine.records) == ({"m1"}, {})
    assert update_profiles(batch(order("m2", userId="u")), ports, key=KEY).quarantined == 1


@pytest.mark.parametrize("size", [1, 3, 25])
@pytest.mark.parametrize("seed", range(4))
def test_own_sends_among_a_story_change_no_state(seed, size):
    """However the stream is cut: states are those of the same story without mails; every mail is in the lake."""
    rng = Random(seed)
    story = simulate(rng, users=3, steps=40)
    mixed = [(key, data, False) for key, data in story.messages]
    for number in range(20):
        user = rng.choice(story.users)
        mail = message(
            "track",
            f"mail-{number}",
            userId=user,
            event=rng.choice(["Email Sent", "Email Delivered"]),
            properties={"send_id": f"{user_subject(user)}.spring"},
        )
        mixed.insert(rng.randrange(len(mixed)), (user, mail, True))
    records = [(record(number, key, data), is_mail) for number, (key, data, is_mail) in enumerate(mixed, 1)]
    ports, expected = fresh_ports(), fresh_ports()
    for start in range(0, len(records), size):
        update_profiles([each for each, _ in records[start : start + size]], ports, key=KEY)
        update_profiles([each for each, mail in records[start : start + size] if not mail], expected, key=KEY)
    assert {subject: row.packed for subject, row in ports.store.rows.items()} == {
        subject: row.packed for subject, row in expected.store.rows.items()
    }
    assert set(ports.lake.distinct()) == set(expected.lake.distinct()) | {f"mail-{number}" for number in range(20)}


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
@pytest.mark.parametrize("number", range(1, 6))
def test_a_crash_among_own_sends_alone_is_mended_by_the_repeat(number, when):
    """Crash at each call of a batch that reads nothing."""
    ports, records = fresh_ports(), batch(sent("m1"), sent("m2", "Email Delivered"), b"garbage")
    try:
        update_profiles(records, Watch(**{when: crash_at(number)}).ports(ports, *PORTS), key=KEY)
    except Crash:
        update_profiles(records, ports, key=KEY)
    assert (set(ports.lake.distinct()), ports.store.rows) == ({"m1", "m2"}, {})
    assert set(ports.quarantine.records) == {b"garbage"}


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
