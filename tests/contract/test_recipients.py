"""Every keeper of recipients answers by the `person` row and counts a soft bounce once."""

import pytest

from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.dynamo_recipients import DynamoRecipients
from addressee.feedback.ports import Recipient
from tests.fakes.recipients import InMemoryRecipients

SUBJECT = "5" * 32


class RecipientsContract:
    """What the keeper and its fake must both do."""

    def test_a_person_is_read_with_and_without_an_address(self, recipients, put):
        """Know nobody at first."""
        assert recipients.get(SUBJECT) is None
        put(SUBJECT, "u1", "")
        assert recipients.get(SUBJECT) == Recipient("u1", "")
        put(SUBJECT, "u1", "one@example.com")
        assert recipients.get(SUBJECT) == Recipient("u1", "one@example.com")

    def test_an_entry_is_kept_once_and_can_be_forgotten(self, recipients):
        """Add, repeat, take out, and take out what is not there; a bounce makes nobody a recipient."""
        assert recipients.note_soft_bounce(SUBJECT, "1#a") == {"1#a"}
        assert recipients.note_soft_bounce(SUBJECT, "1#a") == {"1#a"}
        assert recipients.note_soft_bounce(SUBJECT, "2#b") == {"1#a", "2#b"}
        recipients.forget_soft_bounces(SUBJECT, ["1#a", "0#z"])
        assert recipients.note_soft_bounce(SUBJECT, "2#b") == {"2#b"}
        recipients.forget_soft_bounces(SUBJECT, ["2#b"])
        assert recipients.note_soft_bounce(SUBJECT, "3#c") == {"3#c"}
        assert recipients.get(SUBJECT) is None


class TestInMemoryRecipients(RecipientsContract):
    """The fake."""

    @pytest.fixture
    def recipients(self):
        """Start empty."""
        return InMemoryRecipients()

    @pytest.fixture
    def put(self, recipients):
        """Write a person."""
        return lambda subject, user, address: recipients.people.update({subject: Recipient(user, address)})


class TestDynamoRecipients(RecipientsContract):
    """The table, over the wire; `person` is written by who writes it in earnest."""

    @pytest.fixture
    def recipients(self, profiles_table):
        """Start with an empty table."""
        return DynamoRecipients(profiles_table.name, profiles_table.dynamodb)

    @pytest.fixture
    def put(self, profiles_table):
        """Write a person."""
        return DynamoPersonStore(profiles_table.name, profiles_table.dynamodb).put_person
