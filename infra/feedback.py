"""Stage feedback: SES's events and the links' by one queue to the function that labels, suppresses and settles."""

from typing import NamedTuple

from aws_cdk import Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.alarms import own_metric
from infra.decisions import DecisionsData
from infra.events import EventsData
from infra.function import Functions, Power
from infra.grants import DATA_WRITES, allow, allow_key, allow_rows, allow_secret, arn_of
from infra.profiles import ProfilesData
from infra.queues import feed, watch, work_queue
from infra.ses import configuration_set_arn
from infra.storage import Storage

TIMEOUT = Duration.seconds(30)


class FeedbackData(Construct):
    """What the stage keeps: events on their way, for 14 days at most."""

    def __init__(self, scope: Construct, storage: Storage) -> None:
        """Make topic and queues; SNS hands SES's events on as they are."""
        super().__init__(scope, "Feedback")
        self.queue = work_queue(self, "FeedbackQueue", storage, timeout=TIMEOUT)
        self.topic = sns.Topic(self, "Events", display_name="SES events", master_key=storage.key, enforce_ssl=True)
        self.topic.apply_removal_policy(storage.removal)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("ses.amazonaws.com")],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": Stack.of(self).account,
                        "aws:SourceArn": configuration_set_arn(self, storage.settings),
                    }
                },
            )
        )
        self._subscribe()

    def _subscribe(self) -> None:
        """Let SNS put into the queue. CDK's own subscription would open the key to every topic of any account."""
        queue, dead_letters = self.queue
        sns.Subscription(
            self,
            "Subscription",
            topic=self.topic,
            endpoint=queue.queue_arn,
            protocol=sns.SubscriptionProtocol.SQS,
            raw_message_delivery=True,
            dead_letter_queue=dead_letters,
        )
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                resources=[queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": self.topic.topic_arn}},
            )
        )


class Kept(NamedTuple):
    """What the stages upstream keep and `record_feedback` uses."""

    events: EventsData
    profiles: ProfilesData
    decisions: DecisionsData
    sends: dynamodb.Table


class Feedback(Construct):
    """What the stage runs."""

    def __init__(self, scope: Construct, data: FeedbackData, kept: Kept, functions: Functions) -> None:
        """Make `record_feedback` with its trigger and alarms."""
        super().__init__(scope, "Feedback")
        settings = functions.settings
        events, profiles, decisions, sends = kept
        self.record = record = functions.make(
            "record_feedback",
            Power(settings.queue_memory_mb, TIMEOUT),
            "core",
            "runtime",
            traced=False,
            profiles_table=profiles.profiles.table_name,
            sends_table=sends.table_name,
            suppressions_table=decisions.suppressions.table_name,
            event_stream=events.stream.stream_name,
            subject_secret=arn_of(profiles.subject_key),
            soft_bounce_limit=str(settings.soft_bounce_limit),
        )
        allow_rows(record, profiles.profiles, "GetItem", "UpdateItem")
        allow_rows(record, sends, "GetItem", "UpdateItem")
        allow_rows(record, decisions.suppressions, "UpdateItem")
        allow(record, ["kinesis:PutRecords"], events.stream.stream_arn)
        allow_key(record, events.stream.encryption_key, *DATA_WRITES)
        allow_secret(record, profiles.subject_key)
        feed(record, data.queue, concurrency=settings.send_concurrency, batch_size=50, window_seconds=2)
        self._watch(data, functions)

    def _watch(self, data: FeedbackData, functions: Functions) -> None:
        functions.alarms.add(
            "feedback-refused",
            own_metric("FeedbackRefused", "record_feedback"),
            above=0,
            do="A message of the feedback queue could not be read. record_feedback's log names the message and why; if"
            " SES has changed its events, complaints may be among them.",
        )
        watch(
            functions.alarms,
            "feedback",
            data.queue,
            late=Duration.minutes(10),
            do="Events of mails could not be recorded in five tries; complaints may be among them, unsuppressed."
            " record_feedback's log names the fault; mend it, then redrive the queue (SQS, Start DLQ redrive).",
            do_late="Bounces, complaints and clicks wait over 10 minutes. Read record_feedback's log for a fault that"
            " repeats; if there is none, raise the setting send_concurrency.",
        )
