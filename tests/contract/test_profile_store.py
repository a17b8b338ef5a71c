"""Every `ProfileStore` writes a row only if it still is the one that was read, and merges all or nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.profiles.ports import Pointer, StateRow
from tests.contract.conftest import Table
from tests.fakes.profiles import InMemoryProfileStore

USER, OTHER, VISITOR, DEVICE = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def pointer(subject, version=0):
    """Point a visitor's row at a user, by message `m` received at 7."""
    return Pointer(subject, version, "m", 7)


class ProfileStoreContract:
    """What the store and its fake must both do."""

    def test_nobody_is_known_at_first(self, store):
        """Answer for every subject that is asked for."""
        rows = store.read([USER, OTHER])
        assert rows == {USER: StateRow(USER), OTHER: StateRow(OTHER)}

    def test_a_state_is_read_as_written(self, store):
        """Count versions up from 1."""
        assert store.write(USER, b"\x00one", version=0)
        assert store.write(USER, b"two", version=1)
        assert store.read([USER])[USER] == StateRow(USER, 2, b"two")

    @pytest.mark.parametrize("version", [0, 1, 3])
    def test_a_write_that_read_another_version_loses(self, store, version):
        """Leave the row as it is."""
        store.write(USER, b"one", version=0)
        store.write(USER, b"two", version=1)
        assert not store.write(USER, b"late", version=version)
        assert store.read([USER])[USER].packed == b"two"

    def test_a_write_to_a_row_that_is_gone_loses(self, store):
        """Do not create what should exist."""
        assert not store.write(USER, b"late", version=1)
        assert store.read([USER])[USER] == StateRow(USER)

    def test_a_merge_writes_state_and_pointers(self, store):
        """Turn a known and an unknown visitor into pointers that remember their message."""
        store.write(VISITOR, b"visit", version=0)
        assert store.merge(USER, b"both", version=0, pointers=[pointer(VISITOR, 1), pointer(DEVICE)])
        rows = store.read([USER, VISITOR, DEVICE])
        assert rows[USER] == StateRow(USER, 1, b"both")
        assert rows[VISITOR] == StateRow(VISITOR, 0, b"", USER, "m", 7)
        assert rows[DEVICE] == StateRow(DEVICE, 0, b"", USER, "m", 7)

    def test_a_merge_of_a_row_that_moved_changes_nothing(self, store):
        """Lose when the user or the visitor was written meanwhile."""
        store.write(USER, b"one", version=0)
        store.write(VISITOR, b"visit", version=0)
        assert not store.merge(USER, b"both", version=0, pointers=[pointer(VISITOR, 1)])
        assert not store.merge(USER, b"both", version=1, pointers=[pointer(VISITOR, 2)])
        assert not store.merge(USER, b"both", version=1, pointers=[pointer(VISITOR)])
        rows = store.read([USER, VISITOR])
        assert (rows[USER].packed, rows[VISITOR].packed) == (b"one", b"visit")

    def test_the_first_user_keeps_a_visitor(self, store):
        """Refuse a second merge of the same visitor, and any write to the pointer."""
        store.merge(USER, b"mine", version=0, pointers=[pointer(VISITOR)])
        assert not store.merge(OTHER, b"theirs", version=0, pointers=[pointer(VISITOR)])
        assert not store.write(VISITOR, b"visit", version=0)
        assert not store.write(VISITOR, b"visit", version=1)
        rows = store.read([OTHER, VISITOR])
        assert rows[OTHER] == StateRow(OTHER)
        assert rows[VISITOR].merged_into == USER

    def test_hundreds_of_rows_are_read_at_once(self, store):
        """Read more than one call can hold; a subject asked for twice is one row."""
        subjects = [f"{number:032x}" for number in range(230)]
        for subject in subjects[:3]:
            store.write(subject, b"x", version=0)
        rows = store.read([*subjects, *subjects])
        assert list(rows) == subjects
        assert sum(row.version for row in rows.values()) == 3


class TestInMemoryProfileStore(ProfileStoreContract):
    """The fake."""

    @pytest.fixture
    def store(self):
        """Know nobody."""
        return InMemoryProfileStore()


class TestDynamoProfileStore(ProfileStoreContract):
    """The table."""

    @pytest.fixture
    def store(self, profiles_table: Table) -> Iterator[DynamoProfileStore]:
        """Wrap an empty table."""
        with ThreadPoolExecutor(4) as pool:
            yield DynamoProfileStore(profiles_table.name, pool, profiles_table.dynamodb)
