"""A queue of work: encrypted, TLS only, with dead letters of its own, read by one function a few batches at a time."""

from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import FIVE_MINUTES, Alarms
from infra.grants import allow, allow_key, role_of
from infra.storage import Storage

LONGEST_WINDOW_SECONDS = 2
TRIES = 5


class WorkQueue(NamedTuple):
    """A queue and where a message ends that was received five times in vain."""

    queue: sqs.Queue
    dead_letters: sqs.Queue


def work_queue(scope: Construct, name: str, storage: Storage, *, timeout: Duration) -> WorkQueue:
    """Make both queues. `timeout` is the reading function's; AWS advises six times that until a message comes again."""
    dead_letters = _queue(scope, f"{name}DeadLetters", storage, Duration.seconds(30), None)
    again = Duration.seconds(6 * int(timeout.to_seconds()) + LONGEST_WINDOW_SECONDS)
    redrive = sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=TRIES)
    return WorkQueue(_queue(scope, name, storage, again, redrive), dead_letters)


def _queue(
    scope: Construct, name: str, storage: Storage, again: Duration, redrive: sqs.DeadLetterQueue | None
) -> sqs.Queue:
    return sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.KMS,
        encryption_master_key=storage.key,
        enforce_ssl=True,
        retention_period=Duration.days(14),
        visibility_timeout=again,
        dead_letter_queue=redrive,
        removal_policy=storage.removal,
    )


def feed(
    function: awslambda.Function, work: WorkQueue, *, concurrency: int, batch_size: int, window_seconds: int
) -> None:
    """Hand `function` batches; it answers which messages failed, and only those come again."""
    allow(function, [f"sqs:{each}" for each in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")], _arn(work))
    allow_key(function, work.queue.encryption_master_key)
    mapping = awslambda.CfnEventSourceMapping(
        function,
        "Source",
        function_name=function.function_name,
        event_source_arn=_arn(work),
        batch_size=batch_size,
        maximum_batching_window_in_seconds=window_seconds,
        function_response_types=["ReportBatchItemFailures"],
        # Not reserved concurrency: a fresh account has ten in all and can reserve none of them.
        scaling_config=awslambda.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=concurrency),
    )
    mapping.node.add_dependency(role_of(function))


def allow_putting(function: awslambda.Function, work: WorkQueue, *more: str) -> None:
    """Let `function` put messages into the queue, and call what `more` names of SQS's operations."""
    allow(function, ["sqs:SendMessage", *(f"sqs:{each}" for each in more)], _arn(work))
    allow_key(function, work.queue.encryption_master_key, "kms:GenerateDataKey")


def watch(  # noqa: PLR0913  # two alarms and what to do about each
    alarms: Alarms, word: str, work: WorkQueue, *, late: Duration, do: str, do_late: str
) -> None:
    """Alarm on dead letters (`<word>-dead-letters`) and on messages that wait longer than `late` (`<word>-behind`)."""
    alarms.add(
        f"{word}-dead-letters",
        work.dead_letters.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES),
        above=0,
        do=do,
    )
    alarms.add(
        f"{word}-behind",
        work.queue.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES),
        above=late.to_seconds(),
        do=do_late,
    )


def _arn(work: WorkQueue) -> str:
    return work.queue.queue_arn
