"""Stage emails: what it keeps, and the functions that plan campaigns and dispatch what is due."""

import json

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from infra.alarms import FIVE_MINUTES, own_metric
from infra.api import Api
from infra.decisions import mail_rules
from infra.function import Functions, Power
from infra.grants import allow, allow_index, allow_listing, allow_objects, allow_rows
from infra.machine import machine_arn
from infra.plan import Plan, plan_name
from infra.profiles import ProfilesData
from infra.queues import allow_putting, work_queue
from infra.schedule import NOW_OR_NEVER, Run, schedule
from infra.ses import allow_quota, make_identity
from infra.storage import Storage

EVERY_MINUTE = "rate(1 minute)"
BY_SLOT = "by-slot"


class EmailsData(Construct):
    """What the stage keeps."""

    def __init__(self, scope: Construct, storage: Storage) -> None:
        """Make tables, bucket, the key of links, the send queue, and the sender's identity unless there is one."""
        super().__init__(scope, "Emails")
        settings = storage.settings
        self.sends = storage.table(self, "Sends", "subject", "campaign")
        self.sends.add_global_secondary_index(
            index_name=BY_SLOT,
            partition_key=dynamodb.Attribute(name="slot", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="campaign", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.campaigns = storage.table(self, "Campaigns", "campaign", "part")
        self.emails = storage.bucket(self, "Emails", versioned=True)
        self.links_key = storage.secret(
            self,
            "LinksKey",
            "Addressee: keys of signed links; written by `addressee links`",
            secrets.SecretStringGenerator(
                secret_string_template=json.dumps({"keys": []}),
                generate_string_key="first",
                password_length=64,
                exclude_punctuation=True,
            ),
            unrotated="`addressee links rotate` adds a key; old ones stay, since a link to unsubscribe never expires.",
        )
        self.queue = work_queue(self, "SendQueue", storage, timeout=Duration.seconds(settings.send_timeout_seconds))
        if settings.create_identity:
            make_identity(self, storage)


class Campaigns(Construct):
    """What plans campaigns and dispatches their mails; what sends one is in `infra/sending.py`."""

    def __init__(
        self, scope: Construct, data: EmailsData, profiles: ProfilesData, functions: Functions, api: Api
    ) -> None:
        """Make `plan_campaign` with its routes and `Plan`, and `dispatch_sends` with its schedule."""
        super().__init__(scope, "Campaigns")
        self._data, self._profiles, self._functions = data, profiles, functions
        plan = self._plan()
        api.serve(
            plan,
            "POST /v1/campaigns",
            "GET /v1/campaigns/{campaign}",
            *(f"POST /v1/campaigns/{{campaign}}/{word}" for word in ("pause", "resume", "cancel")),
        )
        self.plan = Plan(self, functions, data.emails, plan)
        self.dispatch = self._dispatch()
        self._watch()

    def _plan(self) -> awslambda.Function:
        """Make the function that answers requests and is each step of `Plan`: a step may take a quarter of an hour."""
        data, settings, profiles = self._data, self._functions.settings, self._profiles.profiles
        machine = machine_arn(self, plan_name(self._functions))
        rules = {name: value for name, value in mail_rules(settings).items() if name != "repurchase_days"}
        plan = self._functions.make(
            "plan_campaign",
            Power(settings.stream_memory_mb, Duration.minutes(15)),
            "core",
            "runtime",
            profiles_table=profiles.table_name,
            sends_table=data.sends.table_name,
            campaigns_table=data.campaigns.table_name,
            emails_bucket=data.emails.bucket_name,
            plan_machine=machine,
            topics=json.dumps(dict(settings.topics), sort_keys=True),
            holdout_share=str(settings.holdout_share),
            **rules,  # type: ignore[arg-type]  # none of its names is one of make's own
        )
        allow_rows(plan, profiles, "Scan")
        allow_rows(plan, data.sends, "BatchGetItem", "PutItem")
        allow_rows(plan, data.campaigns, "GetItem", "PutItem", "UpdateItem")
        allow_listing(plan, data.emails)
        allow_objects(plan, data.emails, "GetObject", below=["templates/"])
        allow_objects(plan, data.emails, "GetObject", "PutObject", below=["campaigns/"])
        allow(plan, ["states:StartExecution"], machine)
        return plan

    def _dispatch(self) -> awslambda.Function:
        """Make the function that looks each minute for what is due; no run is repeated, the next one comes."""
        data, functions = self._data, self._functions
        dispatch = functions.make(
            "dispatch_sends",
            Power(functions.settings.request_memory_mb, Duration.seconds(55)),
            "core",
            "runtime",
            asynchronous=True,
            sends_table=data.sends.table_name,
            campaigns_table=data.campaigns.table_name,
            send_queue=data.queue.queue.queue_url,
            unknown_after_seconds=str(functions.settings.unknown_after_minutes * 60),
        )
        dispatch.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
        allow_rows(dispatch, data.sends, "BatchGetItem", "UpdateItem")
        allow_index(dispatch, data.sends, BY_SLOT)
        allow_rows(dispatch, data.campaigns, "DeleteItem", "GetItem", "Query", "UpdateItem")
        allow_putting(dispatch, data.queue, "GetQueueAttributes")
        allow_quota(dispatch)
        schedule(
            self,
            "DispatchEveryMinute",
            Run(dispatch.function_arn, "lambda:InvokeFunction"),
            at=EVERY_MINUTE,
            time_zone="UTC",
            dead_letters=functions.dead_letters,
            window=NOW_OR_NEVER,
        )
        return dispatch

    def _watch(self) -> None:
        alarms = self._functions.alarms
        alarms.add_silence(
            "dispatch-stopped",
            self.dispatch.metric_invocations(period=FIVE_MINUTES, statistic="Sum"),
            periods=3,
            do="dispatch_sends has not run for a quarter of an hour, so no mail leaves. Is its schedule enabled"
            " (EventBridge Scheduler), may the schedule's role invoke it? Nothing is lost: what is due waits.",
        )
        alarms.add(
            "mails-unknown",
            own_metric("MailsUnknown", "dispatch_sends"),
            above=10,
            do="Of over 10 mails nobody knows whether they went out: the call to SES had no answer, and no event came."
            " Look at the event destination of the configuration set and at the feedback queue; they are not repeated.",
        )
