"""Each function of docs/architecture.md: its environment, layers, limits and alarm."""

import importlib.util
import json
from dataclasses import fields

import pytest

from infra.bundling import ROOT
from tests.infra.conftest import Synthesised
from tests.infra.functions import FUNCTIONS

FED = {"record_feedback", "send_email", "update_profiles"}


def _settings_of(name: str) -> set[str]:
    spec = importlib.util.spec_from_file_location(f"infra_{name}", ROOT / "functions" / name / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    handler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(handler)
    return {each.name.upper() for each in fields(handler.Settings)}


def test_the_template_holds_the_documented_functions_and_no_others(live: Synthesised):
    """docs/architecture.md, Functions."""
    assert set(live.functions) == {f"addressee-{name}" for name in FUNCTIONS}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_environment_is_what_the_handler_reads(live: Synthesised, name: str):
    """Each variable is a field of the handler's Settings, each field a variable."""
    assert set(live.functions[f"addressee-{name}"]["Environment"]["Variables"]) == _settings_of(name)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_has_the_documented_layers(live: Synthesised, name: str):
    """A package that is missing from a layer is missing at run time."""
    layers = {json.dumps(each).partition("FunctionsLayer")[2] for each in live.functions[f"addressee-{name}"]["Layers"]}
    assert {
        next(known for known in ("core", "runtime", "preparing", "learning", "rendering") if each.startswith(known))
        for each in layers
    } == FUNCTIONS[name]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_fits_a_fresh_account(live: Synthesised, name: str):
    """At most 3,008 MB, no reserved concurrency (a fresh account has ten in all), arm64, the newest Python."""
    function = live.functions[f"addressee-{name}"]
    assert function["MemorySize"] <= 3008
    assert "ReservedConcurrentExecutions" not in function
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == "python3.14"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_traced_unless_queue_or_stream_feeds_it(live: Synthesised, name: str):
    """X-Ray would take a run every second of those, and they run all the time while mails go out."""
    traced = {"Mode": "Active"} if name not in FED else None
    assert live.functions[f"addressee-{name}"].get("TracingConfig") == traced
    assert ("xray:PutTraceSegments" in _actions(live, name)) is bool(traced)


@pytest.mark.parametrize("name", ["compact_lake", "prepare_features", "score_profiles", "train_models", "watch_models"])
def test_what_works_through_files_has_time_and_disk_for_them(live: Synthesised, name: str):
    """DuckDB spills what its memory does not hold; docs/exactly-once.md has the figures."""
    function = live.functions[f"addressee-{name}"]
    assert (function["Timeout"], function["EphemeralStorage"]["Size"]) == (900, 10_240)


@pytest.mark.parametrize(
    "name", ["authorize_request", "collect_events", "decide_content", "serve_links", "sync_profiles"]
)
def test_who_is_waited_for_answers_before_the_api_gives_up(live: Synthesised, name: str):
    """An HTTP API waits 30 s at most."""
    assert live.functions[f"addressee-{name}"]["Timeout"] < 30


@pytest.mark.parametrize("name", ["compact_lake", "dispatch_sends", "watch_models"])
def test_what_runs_unattended_has_a_dead_letter_queue(live: Synthesised, name: str):
    """Scheduler invokes them asynchronously; nobody else would notice that they failed."""
    assert "DeadLetterConfig" in live.functions[f"addressee-{name}"]
    for schedule in live.of_type("AWS::Scheduler::Schedule").values():
        assert "DeadLetters" in json.dumps(schedule["Target"]["DeadLetterConfig"])


def test_the_dead_letter_queue_is_encrypted_and_keeps_14_days(live: Synthesised):
    """Long enough for a holiday."""
    queue = live.one("AWS::SQS::Queue", "FunctionsDeadLetters")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 86400


def _actions(live: Synthesised, name: str) -> set[str]:
    (policy,) = [
        each
        for key, each in live.of_type("AWS::IAM::Policy").items()
        if key.startswith(f"Functions{name.replace('_', '')}Role")
    ]
    allowed: set[str] = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        allowed |= {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
    return allowed


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_may_write_its_log(live: Synthesised, name: str):
    """CDK grants the log only to roles that it makes itself."""
    assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= _actions(live, name)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("authorize_request", {"secretsmanager:GetSecretValue"}),
        ("collect_events", {"kinesis:PutRecords", "s3:PutObject", "secretsmanager:GetSecretValue"}),
        (
            "decide_content",
            {
                "dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:PutItem", "s3:GetObject",
                "s3:ListBucket", "secretsmanager:GetSecretValue",
            },
        ),
        ("compact_lake", {"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "sqs:SendMessage"}),
        ("prepare_features", {"dynamodb:Scan", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}),
        ("score_profiles", {"dynamodb:BatchWriteItem", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}),
        (
            "sync_profiles",
            {
                "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:UpdateItem",
                "secretsmanager:GetSecretValue",
            },
        ),
        ("train_models", {"s3:GetObject", "s3:PutObject", "s3:ListBucket"}),
        (
            "watch_models",
            {
                "dynamodb:Scan", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "sqs:SendMessage",
                "states:StartExecution",
            },
        ),
        (
            "plan_campaign",
            {
                "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem",
                "s3:GetObject", "s3:ListBucket", "s3:PutObject", "states:StartExecution",
            },
        ),
        (
            "dispatch_sends",
            {
                "dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query",
                "dynamodb:UpdateItem", "ses:GetAccount", "sqs:GetQueueAttributes", "sqs:SendMessage",
            },
        ),
        (
            "send_email",
            {
                "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
                "dynamodb:UpdateItem", "s3:GetObject", "s3:ListBucket", "secretsmanager:GetSecretValue",
                "ses:SendEmail", "ses:SendRawEmail", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            },
        ),
        (
            "serve_links",
            {"dynamodb:GetItem", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue", "sqs:SendMessage"},
        ),
        (
            "record_feedback",
            {
                "dynamodb:GetItem", "dynamodb:UpdateItem", "kinesis:PutRecords", "secretsmanager:GetSecretValue",
                "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
            },
        ),
        (
            "update_profiles",
            {
                "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
                "firehose:PutRecordBatch", "kinesis:DescribeStream", "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "s3:ListBucket",
                "s3:PutObject", "secretsmanager:GetSecretValue",
            },
        ),
    ],
)  # fmt: skip
def test_a_function_may_do_no_more_than_it_does(live: Synthesised, name: str, allowed: set[str]):
    """The whole list, so that one more permission fails here."""
    assert {each for each in _actions(live, name) if not each.startswith(("logs:", "xray:", "kms:"))} == allowed


KEY_OF_READERS = {"kms:Decrypt", "kms:DescribeKey"}
KEY_OF_WRITERS = KEY_OF_READERS | {"kms:GenerateDataKey"}
KEY_OF_TABLE_WRITERS = KEY_OF_WRITERS | {"kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("authorize_request", KEY_OF_READERS),
        ("collect_events", KEY_OF_WRITERS),
        ("compact_lake", KEY_OF_WRITERS),
        ("prepare_features", KEY_OF_WRITERS),
        ("train_models", KEY_OF_WRITERS),
        ("watch_models", KEY_OF_WRITERS),
        ("decide_content", KEY_OF_TABLE_WRITERS),
        ("score_profiles", KEY_OF_TABLE_WRITERS),
        ("sync_profiles", KEY_OF_TABLE_WRITERS),
        ("update_profiles", KEY_OF_TABLE_WRITERS),
        ("plan_campaign", KEY_OF_TABLE_WRITERS),
        ("dispatch_sends", KEY_OF_TABLE_WRITERS),
        ("send_email", KEY_OF_TABLE_WRITERS),
        ("serve_links", KEY_OF_TABLE_WRITERS),
        ("record_feedback", KEY_OF_TABLE_WRITERS),
    ],
)
def test_a_function_uses_the_key_for_what_it_reads_and_writes(live: Synthesised, name: str, allowed: set[str]):
    """Who only reads a secret cannot encrypt; who writes a table may do what DynamoDB asks of its callers."""
    assert {each for each in _actions(live, name) if each.startswith("kms:")} == allowed
