"""Empty tables on a local emulator of their own, for the stores that speak over the wire."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from botocore.client import BaseClient
from botocore.session import Session

from twin.process import _STARTED, ROOT, Twin, free_port

PYTHON = ROOT / ".build" / "twin-venv" / "bin" / "python"


@dataclass(frozen=True)
class Table:
    """A table's name and a client that reaches it."""

    name: str
    dynamodb: BaseClient


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Start the emulator, with nothing deployed into it, on a free port."""
    assert PYTHON.exists(), "the emulator is not installed: make setup"
    twin = Twin(tmp_path_factory.mktemp("emulator") / "twin", free_port())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the process outlives the object that started it
        twin.start(PYTHON)
    yield twin
    twin.stop()
    for started in _STARTED:
        started.wait(10)  # else the object warns, when its worker ends, of a process that it takes for a running one


@pytest.fixture(scope="session")
def dynamodb(emulator: Twin) -> BaseClient:
    """Connect to the emulator's DynamoDB."""
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return Session().create_client("dynamodb", endpoint_url=emulator.endpoint, region_name="us-east-1", **credentials)


def _table(dynamodb: BaseClient, *keys: str) -> Table:
    name = f"contract-{uuid4().hex}"
    kinds = zip(keys, ("HASH", "RANGE"), strict=False)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
    )
    return Table(name, dynamodb)


@pytest.fixture
def profiles_table(dynamodb: BaseClient) -> Table:
    """Create an empty Profiles table."""
    return _table(dynamodb, "subject", "part")


@pytest.fixture
def items_table(dynamodb: BaseClient) -> Table:
    """Create an empty Items table."""
    return _table(dynamodb, "item_id")


@pytest.fixture
def suppressions_table(dynamodb: BaseClient) -> Table:
    """Create an empty Suppressions table."""
    return _table(dynamodb, "address_hash")


@pytest.fixture
def decisions_table(dynamodb: BaseClient) -> Table:
    """Create an empty Decisions table."""
    return _table(dynamodb, "subject", "campaign")
