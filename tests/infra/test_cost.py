"""The README's cost paragraph counts what the template holds."""

import re

import pytest

from infra.bundling import ROOT
from tests.infra.conftest import Synthesised

PARAGRAPH = (ROOT / "README.md").read_text().partition("## Cost")[2].partition("\n## ")[0]
PAID_WHEN_IDLE = {
    "secrets": "AWS::SecretsManager::Secret",
    "KMS key": "AWS::KMS::Key",
    "alarms": "AWS::CloudWatch::Alarm",
}


@pytest.mark.parametrize("words", sorted(PAID_WHEN_IDLE))
def test_what_costs_money_while_idle_is_counted(live: Synthesised, words: str):
    """A key, secret or alarm more changes the sum."""
    found = re.search(rf"(\d+)\s+{words} \(", PARAGRAPH)
    assert found is not None
    assert int(found[1]) == len(live.of_type(PAID_WHEN_IDLE[words]))


def test_the_stream_has_the_one_shard_that_is_paid_for(live: Synthesised):
    """And nothing else is provisioned: tables are on demand, functions have no provisioned concurrency."""
    (stream,) = live.of_type("AWS::Kinesis::Stream").values()
    assert f"{stream['ShardCount']} provisioned Kinesis shard" in PARAGRAPH
    assert {each["BillingMode"] for each in live.of_type("AWS::DynamoDB::Table").values()} == {"PAY_PER_REQUEST"}
    assert not live.of_type("AWS::Lambda::Alias")
