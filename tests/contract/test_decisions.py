"""Every decision store writes once and lets blocks give way; every reader of people follows pointers."""

from dataclasses import replace

import pytest

from addressee.adapters.dynamo import to_item
from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.dynamo_persons import DynamoPeople
from addressee.decisions.decision import Product, unknown_person
from addressee.decisions.person import Person
from addressee.profiles.packing import pack
from tests.fakes.decisions import InMemoryDecisions, InMemoryPeople
from tests.unit.decisions.people import NOW, SUBJECT, state

BLOCK = unknown_person(SUBJECT, "spring", now_ms=NOW)
MAIL = replace(BLOCK, mail=True, reason="eligible", products=(Product("milk", "popular", 1.0, 0.5),))


class DecisionStoreContract:
    """What the table and its fake must both do."""

    def test_a_decision_is_read_back(self, store):
        """Nothing at first, then the same."""
        assert store.get(SUBJECT, "spring") is None
        assert store.put_once(MAIL) == MAIL
        assert store.get(SUBJECT, "spring") == MAIL
        assert store.get(SUBJECT, "autumn") is None

    def test_the_first_that_mails_stays(self, store):
        """Neither another mail nor a block replaces it; the loser is told the winner."""
        store.put_once(MAIL)
        assert store.put_once(replace(MAIL, arm="other")) == MAIL
        assert store.put_once(BLOCK) == MAIL
        assert store.get(SUBJECT, "spring") == MAIL

    def test_a_block_gives_way(self, store):
        """To a later block, and to a mail."""
        store.put_once(BLOCK)
        later = replace(BLOCK, decided_at_ms=NOW + 1)
        assert store.put_once(later) == later
        assert store.put_once(MAIL) == MAIL

    def test_values_of_mails_are_kept_beside_a_decision(self, store):
        """Keep those that came with it, and those of a second mail; what nobody kept is None."""
        store.put_once(MAIL, content="0a0b0c0d", values=b"first")
        store.keep_values(SUBJECT, "spring", "11111111", b"second")
        contents = ("0a0b0c0d", "11111111", "22222222")
        kept = [store.kept_values(SUBJECT, "spring", each) for each in contents]
        assert kept == [b"first", b"second", None]
        assert store.kept_values("f" * 32, "nobody", "11111111") is None


class TestInMemoryDecisions(DecisionStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self):
        """Start empty."""
        return InMemoryDecisions()


class TestDynamoDecisionStore(DecisionStoreContract):
    """The table, over the wire."""

    @pytest.fixture
    def store(self, decisions_table):
        """Start with an empty table."""
        return DynamoDecisionStore(decisions_table.name, decisions_table.dynamodb)


ANNA = Person(SUBJECT, state=state(bought={"milk": 1}), granted=True, granted_at_ms=7)
PHONE = "f" * 32


class PeopleContract:
    """What the table and its fake must both do."""

    def test_somebody_never_seen_is_empty(self, people):
        """No row is not the same as no table."""
        assert people.get("0" * 32) == Person("0" * 32)

    def test_a_person_is_read_whole(self, people):
        """State and consent together."""
        assert people.get(SUBJECT) == ANNA

    def test_a_merged_anonymous_subject_is_the_user(self, people):
        """The pointer is followed."""
        assert people.get(PHONE) == ANNA


class TestInMemoryPeople(PeopleContract):
    """The fake."""

    @pytest.fixture
    def people(self):
        """Know Anna and her phone."""
        known = InMemoryPeople(ANNA)
        known.pointers[PHONE] = SUBJECT
        return known


class TestDynamoPeople(PeopleContract):
    """The table, over the wire."""

    @pytest.fixture
    def people(self, profiles_table):
        """Write Anna's rows and her phone's pointer."""
        consent = {"granted": True, "at": 7, "id": "a", "proof": "form", "source": "admin"}
        for row in (
            {"subject": SUBJECT, "part": "state", "version": 1, "packed": pack(ANNA.state)},
            {"subject": SUBJECT, "part": "consent", "c_email": consent},
            {"subject": PHONE, "part": "state", "merged_into": SUBJECT},
        ):
            profiles_table.dynamodb.put_item(TableName=profiles_table.name, Item=to_item(row))
        return DynamoPeople(profiles_table.name, profiles_table.dynamodb)
