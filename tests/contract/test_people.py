"""Every `PersonStore` keeps each attribute by its own stamp."""

import itertools

import pytest

from addressee.adapters.dynamo import from_item
from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.profiles.consent import ConsentChange, has_consent, paused_until_ms
from addressee.profiles.people import PersonChange
from addressee.profiles.traits import Stamp, TraitChange, trait_values
from tests.fakes.people import InMemoryPersonStore

SUBJECT = "0123456789abcdef0123456789abcdef"


def trait(name, value, at_ms, message="m"):
    """Declare a trait."""
    return TraitChange(name, value, Stamp(at_ms, message))


def consent(granted, at_ms):
    """Grant or withdraw e-mail."""
    return ConsentChange("email", granted, Stamp(at_ms, "m"), "form" if granted else "", "test")


class PersonStoreContract:
    """What the store and its fake must both do; each says how a stored row is read, without its keys."""

    def test_each_trait_is_decided_by_its_own_stamp(self, store):
        """Merge changes in any order."""
        store.apply(SUBJECT, traits=[trait("city", "Graz", 2), trait("kids", 1, 1)])
        store.apply(
            SUBJECT, traits=[trait("city", "Linz", 1), trait("kids", 2.5, 2), trait("vip", value=True, at_ms=1)]
        )
        assert trait_values(self.read(store, SUBJECT, "traits")) == {"city": "Graz", "kids": 2.5, "vip": 1}

    def test_a_late_grant_does_not_undo_a_withdrawal(self, store):
        """Only a later grant wins."""
        store.apply(SUBJECT, consent=[consent(granted=False, at_ms=5)])
        store.apply(SUBJECT, consent=[consent(granted=True, at_ms=5)])
        assert not has_consent(self.read(store, SUBJECT, "consent"))
        store.apply(SUBJECT, consent=[consent(granted=True, at_ms=6)])
        assert has_consent(self.read(store, SUBJECT, "consent"))

    def test_every_order_of_writers_ends_the_same(self, store):
        """Apply three writers' changes in each order, each to another person."""
        said = [trait("city", "A", 1), trait("city", "B", 3, "a"), trait("city", "C", 3, "b")]
        for index, order in enumerate(itertools.permutations(said)):
            subject = f"{index:032x}"
            for change in order:
                store.apply(subject, traits=[change])
            assert trait_values(self.read(store, subject, "traits")) == {"city": "C"}

    def test_sixty_four_traits_change_in_one_call(self, store):
        """Stay inside the limits of one expression."""
        for at_ms in (1, 2):
            store.apply(SUBJECT, traits=[trait(f"a_long_name_{index}", at_ms, at_ms) for index in range(64)])
        values = trait_values(self.read(store, SUBJECT, "traits"))
        assert len(values) == 64
        assert set(values.values()) == {2}

    def test_an_address_stays_changes_or_goes(self, store):
        """None keeps it, a text replaces it, an empty one removes it."""
        seen = []
        for address in ("a@example.com", None, "b@example.com", ""):
            store.put_person(SUBJECT, "u1", address)
            seen.append(self.read(store, SUBJECT, "person").get("address"))
        assert seen == ["a@example.com", "a@example.com", "b@example.com", None]
        assert self.read(store, SUBJECT, "person")["user_id"] == "u1"

    def test_a_first_name_stays_changes_or_goes(self, store):
        """Change it alone, by one write and by many; the address beside it stays."""
        store.put_person(SUBJECT, "u1", "a@example.com", "Ada")
        store.put_person(SUBJECT, "u1", None)
        assert self.read(store, SUBJECT, "person")["first_name"] == "Ada"
        store.apply_many([PersonChange(SUBJECT, "u1", first_name="Eva"), PersonChange(SUBJECT, "u1")])
        assert self.read(store, SUBJECT, "person")["first_name"] == "Eva"
        store.apply_many([PersonChange(SUBJECT, "u1", first_name="")])
        assert self.read(store, SUBJECT, "person") == {"user_id": "u1", "address": "a@example.com"}

    def test_many_people_change_at_once_and_a_repeat_changes_nothing(self, store):
        """Write more people than one transaction holds, one of them twice."""
        granted = [consent(granted=True, at_ms=1)]
        people = [
            PersonChange(f"{index:032x}", f"u{index}", "x@example.com", [trait("n", index, 1)], granted)
            for index in range(120)
        ]
        people.append(PersonChange(f"{7:032x}", traits=[trait("n", 70, 2)]))
        for _ in range(2):
            store.apply_many(people)
            for index in (0, 7, 119):
                subject = f"{index:032x}"
                assert self.read(store, subject, "person") == {"user_id": f"u{index}", "address": "x@example.com"}
                assert trait_values(self.read(store, subject, "traits")) == {"n": 70 if index == 7 else index}
                assert has_consent(self.read(store, subject, "consent"))

    def test_many_changes_merge_with_what_is_known(self, store):
        """Keep newer attributes and the known address."""
        store.put_person(SUBJECT, "u1", "a@example.com")
        store.apply(SUBJECT, traits=[trait("city", "Graz", 5)])
        store.apply_many([PersonChange(SUBJECT, "u1", None, [trait("city", "Linz", 4), trait("kids", 1, 4)])])
        assert trait_values(self.read(store, SUBJECT, "traits")) == {"city": "Graz", "kids": 1}
        assert self.read(store, SUBJECT, "person")["address"] == "a@example.com"
        store.apply_many([])

    def test_the_newest_word_on_a_pause_counts_in_any_order(self, store):
        """Pause, extend, end; older and repeated words change nothing, and consent stays beside it."""
        store.apply(SUBJECT, consent=[consent(granted=True, at_ms=1)])
        assert paused_until_ms(store.consent_row(SUBJECT)) == 0
        for until_ms, at_ms, said, stands in ((90, 2, "b", 90), (50, 1, "z", 90), (70, 2, "a", 90), (80, 2, "c", 80)):
            store.pause(SUBJECT, until_ms, Stamp(at_ms, said))
            assert paused_until_ms(store.consent_row(SUBJECT)) == stands
        store.pause(SUBJECT, 0, Stamp(3, "a"))
        store.pause(SUBJECT, 90, Stamp(2, "b"))
        assert paused_until_ms(store.consent_row(SUBJECT)) == 0
        assert has_consent(store.consent_row(SUBJECT))

    def test_somebody_unknown_has_an_empty_consent_row_and_can_pause(self, store):
        """Read, then pause; nothing is granted by that."""
        assert store.consent_row(SUBJECT) == {}
        store.pause(SUBJECT, 5, Stamp(1, "m"))
        assert paused_until_ms(store.consent_row(SUBJECT)) == 5
        assert not has_consent(store.consent_row(SUBJECT))

    def test_a_user_gets_what_their_visitors_declared(self, store):
        """Carry traits and withdrawals over by their own stamps, twice; a visitor without any is no trouble."""
        visitors = [("1" * 32, SUBJECT), ("2" * 32, SUBJECT), ("3" * 32, SUBJECT)]
        store.apply(SUBJECT, traits=[trait("city", "Graz", 5)], consent=[consent(granted=True, at_ms=5)])
        store.apply(visitors[0][0], traits=[trait("city", "Linz", 1), trait("kids", 1, 1)])
        store.apply(visitors[1][0], traits=[trait("kids", 2, 2)], consent=[consent(granted=False, at_ms=9)])
        for _ in range(2):
            store.carry_over(visitors)
        assert trait_values(self.read(store, SUBJECT, "traits")) == {"city": "Graz", "kids": 2}
        assert not has_consent(self.read(store, SUBJECT, "consent"))
        store.carry_over([])


class TestInMemoryPersonStore(PersonStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self):
        """Start empty."""
        return InMemoryPersonStore()

    def read(self, store, subject, part):
        """Read a row."""
        return store.rows[subject, part]


class TestDynamoPersonStore(PersonStoreContract):
    """The table, over the wire."""

    @pytest.fixture
    def store(self, profiles_table):
        """Start with an empty table."""
        return DynamoPersonStore(profiles_table.name, profiles_table.dynamodb)

    def read(self, store, subject, part):
        """Read a row without its keys."""
        key = {"subject": {"S": subject}, "part": {"S": part}}
        row = from_item(store._dynamodb.get_item(TableName=store._table, Key=key, ConsistentRead=True)["Item"])
        return {name: value for name, value in row.items() if name not in {"subject", "part"}}

    def test_a_write_in_between_is_merged_not_lost(self, store):
        """Let somebody else write between reading and writing."""
        rival = DynamoPersonStore(store._table, store._dynamodb)
        store._dynamodb = Interrupted(store._dynamodb, lambda: rival.apply(SUBJECT, traits=[trait("city", "Wien", 9)]))
        store.apply(SUBJECT, traits=[trait("city", "Graz", 5), trait("kids", 2, 5)])
        assert trait_values(self.read(store, SUBJECT, "traits")) == {"city": "Wien", "kids": 2}

    def test_a_cancelled_transaction_is_done_again_person_by_person(self, store):
        """Let somebody else write between the batch read and the transaction."""
        rival = DynamoPersonStore(store._table, store._dynamodb)
        store._dynamodb = Interrupted(store._dynamodb, lambda: rival.apply(SUBJECT, traits=[trait("city", "Wien", 9)]))
        store.apply_many([PersonChange(SUBJECT, "u1", None, [trait("city", "Graz", 5), trait("kids", 2, 5)])])
        assert trait_values(self.read(store, SUBJECT, "traits")) == {"city": "Wien", "kids": 2}
        assert self.read(store, SUBJECT, "person") == {"user_id": "u1"}


class Interrupted:
    """A DynamoDB client after whose first read somebody else writes."""

    def __init__(self, dynamodb, interrupt) -> None:
        """Wrap a client."""
        self._dynamodb, self._interrupt = dynamodb, interrupt

    def __getattr__(self, name: str) -> object:
        """Pass every call on; interrupt after the first read."""
        method = getattr(self._dynamodb, name)
        if name not in {"get_item", "batch_get_item"} or self._interrupt is None:
            return method

        def read(**asked: object):
            answer = method(**asked)
            interrupt, self._interrupt = self._interrupt, None
            if interrupt:
                interrupt()
            return answer

        return read
