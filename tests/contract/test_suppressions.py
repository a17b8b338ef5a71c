"""Every suppression list keeps the first reason."""

import pytest

from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from tests.fakes.suppressions import InMemorySuppressions


class SuppressionsContract:
    """What the list and its fake must both do."""

    def test_an_address_is_suppressed_once_with_its_first_reason(self, suppressions):
        """Know nobody at first, then whom it was told."""
        assert not suppressions.is_suppressed("a" * 64)
        suppressions.suppress("a" * 64, reason="complaint", at_ms=1)
        suppressions.suppress("a" * 64, reason="bounce", at_ms=2)
        assert suppressions.is_suppressed("a" * 64)
        assert suppressions.reason("a" * 64) == "complaint"
        assert suppressions.reason("b" * 64) is None


class TestInMemorySuppressions(SuppressionsContract):
    """The fake."""

    @pytest.fixture
    def suppressions(self):
        """Start empty."""
        return InMemorySuppressions()


class TestDynamoSuppressions(SuppressionsContract):
    """The table, over the wire."""

    @pytest.fixture
    def suppressions(self, suppressions_table):
        """Start with an empty table."""
        return DynamoSuppressions(suppressions_table.name, suppressions_table.dynamodb)
