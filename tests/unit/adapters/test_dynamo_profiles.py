"""`DynamoProfileStore` tells a lost race from trouble by the service's codes."""

import pytest
from botocore.exceptions import ClientError

from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.profiles.ports import Pointer
from tests.fakes.profiles import InlinePool


class Failing:
    """A botocore client of which every write fails with one code and, for a transaction, with reasons."""

    def __init__(self, code, *reasons: str | None) -> None:
        """Say how it fails."""
        response = {"Error": {"Code": code, "Message": ""}, "CancellationReasons": [{"Code": each} for each in reasons]}
        self.error = ClientError(response, "Write")

    def put_item(self, **_: object) -> None:
        """Fail."""
        raise self.error

    transact_write_items = put_item


def store(*failure: str):
    """Build a store whose writes fail."""
    return DynamoProfileStore("profiles", InlinePool(), Failing(*failure))


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "TransactionConflictException"])
def test_a_write_beside_another_loses(code):
    """Answer False: the caller reads again."""
    assert not store(code).write("s", b"", version=1)


def test_a_throttled_write_raises():
    """Let the batch come again."""
    with pytest.raises(ClientError):
        store("ThrottlingException").write("s", b"", version=1)


@pytest.mark.parametrize(
    "reasons", [("None", "ConditionalCheckFailed"), ("TransactionConflict", "None"), ("ConditionalCheckFailed",) * 2]
)
def test_a_merge_beside_another_loses(reasons):
    """Answer False for conditions and concurrent transactions."""
    assert not store("TransactionCanceledException", *reasons).merge("s", b"", version=1, pointers=[])


@pytest.mark.parametrize(
    "failure",
    [
        ("TransactionCanceledException", "ConditionalCheckFailed", "ThrottlingError"),
        ("TransactionCanceledException", "ProvisionedThroughputExceeded"),
        ("TransactionCanceledException",),
        ("InternalServerError",),
    ],
)
def test_a_merge_in_trouble_raises(failure):
    """Let the batch come again; an unexplained cancellation is trouble too."""
    with pytest.raises(ClientError):
        store(*failure).merge("s", b"", version=1, pointers=[Pointer("v", 0, "m", 1)])
