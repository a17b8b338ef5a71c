"""What sends: rows and index, queues, SES, `Plan`, the schedule; facts that would hurt if they were otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infra.conftest import Synthesised, synthesise

QUEUES = {"send_email": "EmailsSendQueue", "record_feedback": "FeedbackFeedbackQueue"}


def _queue(live: Synthesised, part: str) -> dict[str, Any]:
    (found,) = [
        each
        for name, each in live.of_type("AWS::SQS::Queue").items()
        if name.startswith(part) and "DeadLetters" not in name
    ]
    return found


def _source(live: Synthesised, function: str) -> dict[str, Any]:
    return live.one("AWS::Lambda::EventSourceMapping", f"Functions{function.replace('_', '')}")


def test_due_rows_are_found_by_slot_through_keys_alone(live: Synthesised):
    """Settled rows have no slot, so the index holds what is unfinished, and no more of it than its keys."""
    table = live.one("AWS::DynamoDB::Table", "EmailsSends")
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by-slot"
    assert [each["AttributeName"] for each in index["KeySchema"]] == ["slot", "campaign"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize("function", sorted(QUEUES))
def test_a_queue_feeds_its_function_two_batches_at_a_time(live: Synthesised, function: str):
    """A fresh account runs ten functions at once; a batch answers which of its messages failed.

    Feedback waits a second longer than mails: larger batches cost less.
    """
    source = _source(live, function)
    assert QUEUES[function] in json.dumps(source["EventSourceArn"])
    assert source["ScalingConfig"] == {"MaximumConcurrency": 2}
    batches = (source["BatchSize"], source["MaximumBatchingWindowInSeconds"])
    assert batches == {"send_email": (10, 1), "record_feedback": (50, 2)}[function]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("function", sorted(QUEUES))
def test_a_message_comes_again_only_when_its_function_surely_ended(live: Synthesised, function: str):
    """Six times the function's timeout, as AWS advises; five tries, then a queue of its own for fourteen days."""
    queue = _queue(live, QUEUES[function])
    assert queue["VisibilityTimeout"] >= 6 * live.functions[f"addressee-{function}"]["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert f"{QUEUES[function]}DeadLetters" in json.dumps(queue["RedrivePolicy"]["deadLetterTargetArn"])
    dead = live.one("AWS::SQS::Queue", f"{QUEUES[function]}DeadLetters")
    assert dead["MessageRetentionPeriod"] == queue["MessageRetentionPeriod"] == 14 * 86400


def test_queues_and_topics_are_encrypted_and_refuse_plain_http(live: Synthesised):
    """The customer key for whatever holds events of people; each policy denies what does not come by TLS."""
    for name, queue in live.of_type("AWS::SQS::Queue").items():
        assert "KmsMasterKeyId" in queue or name.startswith("FunctionsDeadLetters")
    for topic in live.of_type("AWS::SNS::Topic").values():
        assert "KmsMasterKeyId" in topic
    queues, topics = live.of_type("AWS::SQS::QueuePolicy"), live.of_type("AWS::SNS::TopicPolicy")
    assert len(queues) == len(live.of_type("AWS::SQS::Queue"))
    assert len(topics) == len(live.of_type("AWS::SNS::Topic"))
    for policy in (*queues.values(), *topics.values()):
        denials = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denials]


def test_what_waits_outlives_the_stack_that_can_be_thrown_away(live: Synthesised):
    """Feedback on its way is data: queues and topic are in the stack that is kept."""
    assert not [
        name for name, each in live.app["Resources"].items() if "Queue" in name and "SQS::Queue" in each["Type"]
    ]
    kept = [each for each in live.data["Resources"].values() if each["Type"] in {"AWS::SQS::Queue", "AWS::SNS::Topic"}]
    assert len(kept) == 5
    assert {each["DeletionPolicy"] for each in kept} == {"Retain"}


def test_every_mail_has_the_set_whose_events_come_back(live: Synthesised):
    """Send, delivery and what went wrong, but no tracking of SES's beside ours."""
    destination = live.one("AWS::SES::ConfigurationSetEventDestination", "Sending")["EventDestination"]
    assert set(destination["MatchingEventTypes"]) == {
        "send", "delivery", "bounce", "complaint", "reject", "renderingFailure", "deliveryDelay"
    }  # fmt: skip
    assert destination["Enabled"] is True
    (made,) = live.of_type("AWS::SES::ConfigurationSet").values()
    assert made["Name"] == "addressee"
    assert made["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    assert made["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}


def _allowed(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]


def test_only_the_set_of_this_account_may_publish_events(live: Synthesised):
    """SES publishes for every account of AWS; SNS hands on what comes from our topic alone, as it came."""
    (statement,) = _allowed(live.one("AWS::SNS::TopicPolicy", "FeedbackEvents"))
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "configuration-set/addressee" in json.dumps(statement["Condition"]["StringEquals"]["aws:SourceArn"])
    subscription = live.one("AWS::SNS::Subscription", "Feedback")
    assert (subscription["Protocol"], subscription["RawMessageDelivery"]) == ("sqs", True)
    assert "DeadLetters" in json.dumps(subscription["RedrivePolicy"])
    for policy in live.of_type("AWS::SQS::QueuePolicy").values():
        for each in _allowed(policy):
            assert "FeedbackEvents" in json.dumps(each["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_sns_and_ses_may_use_the_key(live: Synthesised):
    """Else every event would be lost without a word."""
    (key,) = live.of_type("AWS::KMS::Key").values()
    services = {
        json.dumps(each["Principal"].get("Service")): set(each["Action"])
        for each in key["KeyPolicy"]["Statement"]
        if "Service" in each["Principal"]
    }
    for service in ("sns", "ses"):
        assert services[f'"{service}.amazonaws.com"'] == {"kms:Decrypt", "kms:GenerateDataKey"}


def _statements(live: Synthesised, function: str, action: str) -> list[dict[str, Any]]:
    policy = live.one("AWS::IAM::Policy", f"Functions{function.replace('_', '')}Role")
    statements = policy["PolicyDocument"]["Statement"]
    return [each for each in statements if action in json.dumps(each["Action"])]


def test_a_mail_leaves_from_one_address_of_one_domain_through_one_set(live: Synthesised):
    """Whoever gets hold of the role can send as nobody else."""
    (statement,) = _statements(live, "send_email", "ses:")
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": "mail@shop.example.com"}}
    resources = json.dumps(statement["Resource"])
    assert "identity/shop.example.com" in resources
    assert "configuration-set/addressee" in resources
    assert len(statement["Resource"]) == 2


def test_dispatching_queries_the_index_and_not_the_table(live: Synthesised):
    """A Query on the table itself would be a way to read rows by subject that nobody needs."""
    queries = [
        each for each in _statements(live, "dispatch_sends", "dynamodb:Query") if "EmailsSends" in json.dumps(each)
    ]
    assert len(queries) == 1
    assert "/index/by-slot" in json.dumps(queries[0]["Resource"])


def test_sending_is_dispatched_every_minute_and_no_run_is_repeated(live: Synthesised):
    """A late run would meet the next one."""
    schedule = live.one("AWS::Scheduler::Schedule", "DispatchEveryMinute")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    (invoked,) = live.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert invoked["MaximumRetryAttempts"] == 0
    assert invoked["MaximumEventAgeInSeconds"] == 60


def _plan(live: Synthesised) -> dict[str, Any]:
    parts = live.one("AWS::StepFunctions::StateMachine", "Plan")["DefinitionString"]["Fn::Join"][1]
    text = "".join(each if isinstance(each, str) else json.dumps(each).replace('"', "'") for each in parts)
    return json.loads(text)["States"]


def test_plan_walks_from_the_audience_to_its_rows(live: Synthesised):
    """docs/architecture.md, Plan."""
    states, at, order = _plan(live), "ListAudience", []
    while at:
        order.append(at)
        at = states[at].get("Next")
    assert order == ["ListAudience", "EachChunk", "Planned"]
    chunks = states["EachChunk"]
    assert chunks["MaxConcurrency"] == 2
    assert chunks["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert chunks["ItemReader"]["Parameters"]["Key.$"] == "States.Format('campaigns/{}/chunks.json', $.campaign)"
    assert chunks["ItemSelector"]["step"] == "chunk"
    assert set(chunks["ItemSelector"]) == {"step", "campaign.$", "segment.$", "of.$"}


def test_what_cannot_be_planned_says_so_in_its_campaign(live: Synthesised):
    """Every step that fails for good leads to the step `failed`; then the execution fails, and an alarm tells."""
    states = _plan(live)
    for name in ("ListAudience", "EachChunk", "Planned"):
        assert states[name]["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Failed"}]
    assert states["Failed"]["Parameters"] == {"step": "failed", "campaign.$": "$.campaign"}
    assert states[states["Failed"]["Next"]]["Type"] == "Fail"
    tasks = [states[name] for name in ("ListAudience", "Planned", "Failed")]
    tasks += states["EachChunk"]["ItemProcessor"]["States"].values()
    for task in tasks:
        assert any("States.TaskFailed" in retry["ErrorEquals"] for retry in task["Retry"])


def test_bounces_and_complaints_are_watched_before_aws_reviews_them(live: Synthesised):
    """The set's own reputation, which other senders of the account do not water down."""
    alarms = {each["AlarmName"]: each for each in live.of_type("AWS::CloudWatch::Alarm").values()}
    for name, metric, above in (("bounce-rate", "BounceRate", 0.05), ("complaint-rate", "ComplaintRate", 0.001)):
        alarm = alarms[f"addressee-{name}"]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SES", f"Reputation.{metric}")
        assert alarm["Dimensions"] == [{"Name": "ses:configuration-set", "Value": "addressee"}]
        assert alarm["Threshold"] == above


def test_the_first_key_of_links_is_random_text(live: Synthesised):
    """`{"keys": [], "first": "..."}`: enough to sign with until somebody rotates."""
    generate = live.one("AWS::SecretsManager::Secret", "LinksKey")["GenerateSecretString"]
    assert json.loads(generate["SecretStringTemplate"]) == {"keys": []}
    assert generate["GenerateStringKey"] == "first"
    assert generate["PasswordLength"] >= 43


def test_a_domain_is_signed_with_dkim_and_outlives_the_stack(live: Synthesised):
    """Its tokens stand in the sender's DNS; the records are outputs."""
    (identity,) = [each for each in live.data["Resources"].values() if each["Type"] == "AWS::SES::EmailIdentity"]
    assert identity["Properties"]["EmailIdentity"] == "shop.example.com"
    assert identity["Properties"]["DkimAttributes"] == {"SigningEnabled": True}
    assert identity["DeletionPolicy"] == "Retain"
    assert {f"DkimRecord{number}" for number in (1, 2, 3)} <= set(live.data["Outputs"])


def test_settings_of_sending_reach_where_they_count(tmp_path: Path):
    """SES's tracking, an identity that exists, a domain name of one's own for links, more mails at a time."""
    made = synthesise(
        tmp_path,
        tracking="ses",
        create_identity="false",
        links_url="https://links.shop.example.com",
        send_concurrency="7",
        send_timeout_seconds="10",
        unknown_after_minutes="2",
        topics='{"news": "News and offers"}',
    )
    destination = made.one("AWS::SES::ConfigurationSetEventDestination", "Sending")["EventDestination"]
    assert {"open", "click"} <= set(destination["MatchingEventTypes"])
    assert not made.of_type("AWS::SES::EmailIdentity")
    (statement,) = _statements(made, "send_email", "ses:")
    for name in ("shop.example.com", "mail@shop.example.com", "example.com"):
        assert f"identity/{name}" in json.dumps(statement["Resource"])
    send, dispatch = (made.functions[f"addressee-{name}"] for name in ("send_email", "dispatch_sends"))
    variables = send["Environment"]["Variables"]
    assert (variables["LINKS_URL"], variables["TRACKING"]) == ("https://links.shop.example.com", "ses")
    assert dispatch["Environment"]["Variables"]["UNKNOWN_AFTER_SECONDS"] == "120"
    for function in QUEUES:
        assert _source(made, function)["ScalingConfig"] == {"MaximumConcurrency": 7}
    assert _queue(made, "EmailsSendQueue")["VisibilityTimeout"] >= 60
    serve = made.functions["addressee-serve_links"]["Environment"]["Variables"]
    assert json.loads(serve["TOPICS"]) == {"news": "News and offers"}
    assert made.violations == []
