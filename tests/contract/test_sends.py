"""Every store of sends moves rows conditionally; every keeper of touches lets one of two writers win."""

from uuid import uuid4

import pytest

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_persons import DynamoPeople
from addressee.adapters.dynamo_sends import INDEX, DynamoSendStore
from addressee.adapters.dynamo_touches import DynamoTouches
from addressee.adapters.wire import Patience
from addressee.decisions.person import Person
from addressee.emails.ports import Moved, SendKey
from addressee.emails.send import Send
from tests.contract.conftest import Table
from tests.fakes.decisions import InMemoryPeople
from tests.fakes.sends import InMemorySends
from tests.fakes.touches import InMemoryTouches

SLOT = "2026-11-22T09:00#3"
PLANNED = Send("3" * 32, "spring", "planned", slot=SLOT, due_ms=1, planned_at_ms=1)
KEY = SendKey("3" * 32, "spring")
QUEUED = frozenset({"queued"})
CLAIMED = frozenset({"claimed"})


class SendStoreContract:
    """What the table and its fake must both do."""

    def test_a_row_is_written_once(self, store):
        """The second write changes nothing, whatever it holds."""
        assert store.get(KEY) is None
        assert store.put_new(PLANNED)
        assert not store.put_new(Send(*KEY, "skipped", reason="holdout"))
        assert store.get(KEY) == PLANNED
        assert store.get_many([KEY, SendKey("4" * 32, "spring")]) == {KEY: PLANNED}
        assert store.get_many([]) == {}

    def test_a_move_leaves_only_the_states_that_it_names(self, store):
        """The row as it is comes back either way; where there is none, none."""
        assert store.move(KEY, "queued", leaving=frozenset({"planned"})) == Moved(None, won=False)
        assert store.get(KEY) is None
        store.put_new(PLANNED)
        assert store.move(KEY, "claimed", leaving=QUEUED) == Moved(PLANNED, won=False)
        moved = store.move(KEY, "queued", leaving=frozenset({"planned", "unknown"}), queued_at_ms=5)
        assert moved.won
        assert moved.row == store.get(KEY)
        assert (moved.row.state, moved.row.queued_at_ms, moved.row.slot) == ("queued", 5, SLOT)

    def test_one_of_two_claims_wins(self, store):
        """The loser is told who did; the winner alone may go on from there."""
        store.put_new(Send(*KEY, "queued", slot=SLOT))
        assert store.move(KEY, "claimed", leaving=QUEUED, claim="a", claimed_at_ms=7, content="c").won
        lost = store.move(KEY, "claimed", leaving=QUEUED, claim="b")
        assert (lost.won, lost.row.claim, lost.row.content) == (False, "a", "c")
        assert not store.move(KEY, "sent", leaving=CLAIMED, owned_by="b").won
        assert store.move(KEY, "sent", leaving=CLAIMED, owned_by="a", message_id="m").row.message_id == "m"

    def test_a_settled_row_leaves_the_index(self, store):
        """Unless the move says that it keeps its slot; taking that away is an amendment."""
        store.put_new(Send(*KEY, "claimed", slot=SLOT, claim="a"))
        other = SendKey("4" * 32, "spring")
        store.put_new(Send(*other, "claimed", slot=SLOT, claim="b"))
        store.move(KEY, "unknown", leaving=CLAIMED)
        kept = store.move(other, "unknown", leaving=CLAIMED, slot=SLOT)
        assert (store.get(KEY).slot, kept.row.slot) == ("", SLOT)
        assert store.due(SLOT, "spring", limit=9) == [other]
        assert store.amend(other, {"state": "unknown"}, slot="").row.slot == ""
        assert store.due(SLOT, "spring", limit=9) == []

    def test_an_amendment_asks_for_what_it_saw(self, store):
        """Of two that saw the same, one changes the row."""
        assert store.amend(KEY, {"state": "queued"}, queued_at_ms=1) == Moved(None, won=False)
        store.put_new(Send(*KEY, "queued", slot=SLOT, queued_at_ms=5))
        seen = {"state": "queued", "queued_at_ms": 5}
        assert store.amend(KEY, seen, queued_at_ms=9).row.queued_at_ms == 9
        lost = store.amend(KEY, seen, queued_at_ms=8)
        assert (lost.won, lost.row.queued_at_ms) == (False, 9)
        assert store.amend(KEY, {"state": "queued"}, queued_at_ms=0).row.queued_at_ms == 0

    def test_a_slot_is_listed_page_by_page(self, store):
        """Each row once, no other campaign's and no other slot's; fewer than asked for are the last."""
        subjects = [f"{number:032x}" for number in range(5)]
        for subject in subjects:
            store.put_new(Send(subject, "spring", "planned", slot=SLOT))
        store.put_new(Send(subjects[0], "autumn", "planned", slot=SLOT))
        store.put_new(Send("e" * 32, "spring", "planned", slot="2026-11-22T09:01#3"))
        listed, after = [], None
        for expected in (2, 2, 1):
            page = store.due(SLOT, "spring", limit=2, after=after)
            assert len(page) == expected
            listed, after = listed + page, page[-1]
        assert sorted(listed) == [SendKey(subject, "spring") for subject in subjects]
        assert store.due(SLOT, "spring", limit=2, after=after) == []


class TestInMemorySends(SendStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self):
        """Start empty."""
        return InMemorySends()

    def test_a_move_that_no_rule_names_raises(self, store):
        """The fake alone is so strict: it tests the callers."""
        with pytest.raises(ValueError, match="no rule moves"):
            store.move(KEY, "queued", leaving=frozenset({"sent"}))


def plain(emulator):
    """Connect to the emulator without the SDK, as the functions do."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    return plain_aws.dynamodb(Patience(), {**keys, "AWS_ENDPOINT_URL": emulator.endpoint})


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # connections live as long as a process
class TestDynamoSendStore(SendStoreContract):
    """The table, over the wire, by the SDK's client and by ours."""

    @pytest.fixture(params=["sdk", "plain"])
    def store(self, request, dynamodb, emulator):
        """Start with an empty table and its index."""
        name = f"contract-{uuid4().hex}"
        keys = [{"AttributeName": "subject", "KeyType": "HASH"}, {"AttributeName": "campaign", "KeyType": "RANGE"}]
        index = [{"AttributeName": "slot", "KeyType": "HASH"}, {"AttributeName": "campaign", "KeyType": "RANGE"}]
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": each, "AttributeType": "S"} for each in ("subject", "campaign", "slot")
            ],
            KeySchema=keys,
            GlobalSecondaryIndexes=[
                {"IndexName": INDEX, "KeySchema": index, "Projection": {"ProjectionType": "KEYS_ONLY"}}
            ],
        )
        return DynamoSendStore(name, dynamodb if request.param == "sdk" else plain(emulator))

    def test_a_row_stays_far_below_a_write_unit(self, store):
        """Each of a mail's moves is charged for the whole row: up to 1 KB is one unit."""
        full = Send(
            *("f" * 32, "c" * 64, "sent"),
            reason="paused_by_person",
            slot=SLOT,
            claim="f" * 24,
            content="f" * 8,
            message_id="m" * 60,
            bounce="Permanent",
            due_ms=2**41,
            planned_at_ms=2**41,
            queued_at_ms=2**41,
            claimed_at_ms=2**41,
            sent_at_ms=2**41,
            settled_at_ms=2**41,
        )
        store.put_new(full)
        answer = store._dynamodb.get_item(
            TableName=store._table, Key={"subject": {"S": full.subject}, "campaign": {"S": full.campaign}}
        )
        size = sum(len(name) + len(next(iter(value.values()))) for name, value in answer["Item"].items())
        assert size < 600


class TouchesContract:
    """What the row and its fake must both do."""

    def test_of_two_that_read_the_same_one_is_noted(self, touches, people):
        """The other reads again."""
        assert touches.note(KEY.subject, [("a.spring", 1)], version=0)
        assert not touches.note(KEY.subject, [("a.autumn", 2)], version=0)
        person = people.get(KEY.subject)
        assert (person.touches, person.touches_version) == ((("a.spring", 1),), 1)
        assert touches.note(KEY.subject, [*person.touches, ("a.autumn", 2)], version=1)
        assert not touches.note(KEY.subject, [], version=1)
        assert people.get(KEY.subject).touches == (("a.spring", 1), ("a.autumn", 2))


class TestInMemoryTouches(TouchesContract):
    """The fake."""

    @pytest.fixture
    def people(self):
        """Know one person."""
        return InMemoryPeople(Person(KEY.subject))

    @pytest.fixture
    def touches(self, people):
        """Write to that person."""
        return InMemoryTouches(people)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # as above
class TestDynamoTouches(TouchesContract):
    """The row, over the wire, and a consistent reader of it."""

    @pytest.fixture
    def people(self, profiles_table: Table):
        """Read consistently."""
        return DynamoPeople(profiles_table.name, profiles_table.dynamodb, consistent=True)

    @pytest.fixture
    def touches(self, profiles_table: Table, emulator):
        """Start with an empty table."""
        return DynamoTouches(profiles_table.name, plain(emulator))
