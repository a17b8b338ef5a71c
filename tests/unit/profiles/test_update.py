"""`update_profiles`: what becomes of a batch."""

from dataclasses import replace
from random import Random

import pytest

from addressee.profiles.consent import has_consent
from addressee.profiles.ports import StateRow
from addressee.profiles.traits import trait_values
from addressee.profiles.update import Counts, StatesStayContended, update_profiles
from tests.fakes.watched import Watch
from tests.shoppers import KEY, fold, fresh_ports, message, order, record, records_of, simulate, state_of, user_subject

USER = user_subject("u")


@pytest.fixture
def ports():
    """Build ports in memory."""
    return fresh_ports()


def test_an_order_reaches_profile_and_lake(ports):
    """Fold one event."""
    counts = fold(ports, ("u", order("m1", userId="u")))
    assert counts == Counts(records=1, folded=1)
    assert state_of(ports, USER).orders == 1
    (row,) = ports.lake.rows
    assert (row["message_id"], row["subject"], row["anonymous_subject"]) == ("m1", USER, "")


def test_the_same_batch_again_changes_nothing(ports):
    """Replay a batch: rows stay byte for byte, the lake gets nothing new."""
    batch = [("u", order("m1", userId="u")), ("v", order("m2", anonymousId="v")), ("u", b"no")]
    fold(ports, *batch)
    rows, lake = dict(ports.store.rows), list(ports.lake.rows)
    counts = fold(ports, *batch)
    assert counts == Counts(records=3, duplicates=2, quarantined=1)
    assert (ports.store.rows, ports.lake.rows) == (rows, lake)
    assert list(ports.quarantine.records) == [b"no"]


def test_a_copy_with_another_sequence_number_counts_once(ports):
    """Recognise a copy by its message id."""
    counts = fold(ports, ("u", order("m1", userId="u")), ("u", order("m1", userId="u")))
    assert (counts.folded, counts.duplicates) == (1, 1)
    assert state_of(ports, USER).orders == 1


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        (b'{"type":"track"}{"type":"track"}', "", "is not valid"),
        (b"\xf3\x89\x9a\xc2 aggregated", "", "is not"),
        (b'{"type":"track","event":"x"}', "userId", "is missing"),
        (b'{"type":"track","event":"x","userId":"other"}', "partitionKey", "is neither the user id"),
    ],
)
def test_a_bad_record_goes_to_quarantine_and_the_rest_goes_on(ports, data, field, reason):
    """Say why a record could not be used."""
    counts = fold(ports, ("u", data), ("u", order("m1", userId="u")))
    assert (counts.folded, counts.quarantined) == (1, 1)
    found, where = ports.quarantine.records[data]
    assert found.startswith(reason)
    assert where == field


def test_a_group_call_is_counted_and_leaves_no_trace(ports):
    """Accept a group call."""
    assert fold(ports, ("u", message("group", "g", userId="u", groupId="x"))) == Counts(records=1)
    assert not ports.store.rows
    assert not ports.lake.rows


def test_an_address_is_dropped_and_counted(ports):
    """Count what the allow-list dropped."""
    counts = fold(ports, ("u", message("identify", "m", userId="u", traits={"city": "me@example.com"})))
    assert counts.dropped_addresses == 1


def test_traits_and_withdrawals_reach_the_person(ports):
    """Write what an identify says and what an unsubscribe means."""
    fold(
        ports,
        ("u", message("identify", "m1", userId="u", traits={"city": "Graz"})),
        ("u", message("track", "m2", userId="u", event="Unsubscribed")),
    )
    assert trait_values(ports.people.rows[USER, "traits"]) == {"city": "Graz"}
    assert not has_consent(ports.people.rows[USER, "consent"])
    assert "c_email" in ports.people.rows[USER, "consent"]


def test_a_damaged_state_sends_its_own_records_to_quarantine(ports):
    """Go on with everybody else."""
    ports.store.rows[USER] = StateRow(USER, 3, b"damaged")
    counts = fold(ports, ("u", order("m1", userId="u")), ("w", order("m2", userId="w")))
    assert (counts.folded, counts.quarantined) == (1, 1)
    assert ports.store.rows[USER] == StateRow(USER, 3, b"damaged")


def test_a_record_that_trips_the_reader_is_quarantined(ports):
    """Whatever pure code raises would be raised by each retry: it must not block the shard."""
    unreadable = object()
    counts = update_profiles([replace(record(1, "u", b""), data=unreadable)], ports, key=KEY)
    assert counts.quarantined == 1
    assert ports.quarantine.records[unreadable][0] == "cannot be read (TypeError)"


def test_a_state_written_meanwhile_is_read_and_folded_again(ports):
    """Let another invocation write the same user's state just before each of the first two writes."""
    others = iter(
        [
            record(50, "v9", order("x1", userId="u", anonymousId="v9")),
            record(51, "w9", order("x2", userId="u", anonymousId="w9")),
        ]
    )

    def meddle(_number, name):
        if name == "write" and (other := next(others, None)):
            update_profiles([other], ports, key=KEY)

    watched = Watch(before=meddle).ports(ports, "store")
    counts = fold(watched, ("u", order("m1", userId="u")))
    assert (counts.folded, counts.conflicts) == (1, 2)
    assert state_of(ports, USER).orders == 3


def test_endless_conflicts_raise_and_the_batch_comes_again(ports):
    """Give up after some rounds."""
    stubborn = replace(ports, store=Stubborn())
    with pytest.raises(StatesStayContended):
        fold(stubborn, ("u", order("m1", userId="u")))


class Stubborn:
    """A store in which somebody else is always faster."""

    def read(self, subjects):
        """Find nobody."""
        return {subject: StateRow(subject) for subject in subjects}

    def write(self, subject, packed, *, version):
        """Lose."""
        return not (subject and packed) and version < 0


@pytest.mark.parametrize("seed", range(5))
def test_batch_sizes_do_not_matter(seed):
    """Fold a story in one batch and in many."""
    story = simulate(Random(seed))
    whole, piecemeal = fresh_ports(), fresh_ports()
    records = records_of(story.messages)
    update_profiles(records, whole, key=KEY)
    for each in records:
        update_profiles([each], piecemeal, key=KEY)
    for user in story.users:
        one, many = state_of(whole, user_subject(user)), state_of(piecemeal, user_subject(user))
        assert (one.orders, one.bought, one.watermarks) == (many.orders, many.bought, many.watermarks)
    assert whole.lake.distinct() == piecemeal.lake.distinct()
