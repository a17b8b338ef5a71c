"""Stage emails: the function that sends one mail once."""

from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_lambda as awslambda
from constructs import Construct

from infra.alarms import own_metric
from infra.decisions import DecisionsData, mail_rules
from infra.emails import EmailsData
from infra.function import Functions, Power
from infra.grants import allow_listing, allow_objects, allow_rows, allow_secret, arn_of
from infra.models import ModelsData
from infra.profiles import ProfilesData
from infra.queues import feed, watch
from infra.ses import Sending


class Upstream(NamedTuple):
    """What the stages upstream keep and a mail needs."""

    profiles: ProfilesData
    models: ModelsData
    decisions: DecisionsData


class Mails(Construct):
    """What sends."""

    def __init__(  # noqa: PLR0913, PLR0917  # what a mail is made of, each once
        self,
        scope: Construct,
        data: EmailsData,
        upstream: Upstream,
        sending: Sending,
        functions: Functions,
        links_url: str,
    ) -> None:
        """Make `send_email` with its trigger and alarms; links in mails begin with `links_url`."""
        super().__init__(scope, "Mails")
        self._data, self._upstream, self._functions = data, upstream, functions
        self.send = self._send(sending, links_url)
        feed(self.send, data.queue, concurrency=functions.settings.send_concurrency, batch_size=10, window_seconds=1)
        sending.allow(self.send)
        sending.watch(functions.alarms)
        self._grant()
        self._watch()

    def _send(self, sending: Sending, links_url: str) -> awslambda.Function:
        data, settings = self._data, self._functions.settings
        profiles, models, decisions = self._upstream
        return self._functions.make(
            "send_email",
            Power(settings.queue_memory_mb, Duration.seconds(settings.send_timeout_seconds)),
            "core",
            "runtime",
            "rendering",
            traced=False,
            profiles_table=profiles.profiles.table_name,
            decisions_table=decisions.decisions.table_name,
            items_table=profiles.items.table_name,
            suppressions_table=decisions.suppressions.table_name,
            sends_table=data.sends.table_name,
            campaigns_table=data.campaigns.table_name,
            models_bucket=models.models.bucket_name,
            emails_bucket=data.emails.bucket_name,
            subject_secret=arn_of(profiles.subject_key),
            links_secret=arn_of(data.links_key),
            links_url=links_url,
            sender=settings.sender,
            postal_address=settings.postal_address,
            configuration_set=sending.name,
            tracking=settings.tracking,
            repurchase_days=mail_rules(settings)["repurchase_days"],
            default_locale=settings.default_locale,
            diversity=str(settings.diversity),
        )

    def _grant(self) -> None:
        data, send = self._data, self.send
        profiles, models, decisions = self._upstream
        allow_rows(send, profiles.profiles, "Query", "UpdateItem")
        allow_rows(send, profiles.items, "BatchGetItem")
        allow_rows(send, decisions.suppressions, "GetItem")
        allow_rows(send, decisions.decisions, "GetItem", "PutItem", "UpdateItem")
        allow_rows(send, data.sends, "GetItem", "UpdateItem")
        allow_rows(send, data.campaigns, "GetItem", "UpdateItem")
        for bucket, prefix in ((models.models, "models/"), (data.emails, "templates/")):
            allow_listing(send, bucket)
            allow_objects(send, bucket, "GetObject", below=[prefix])
        for secret in (profiles.subject_key, data.links_key):
            allow_secret(send, secret)

    def _watch(self) -> None:
        alarms = self._functions.alarms
        alarms.add(
            "send-faults",
            own_metric("SendFault", "send_email"),
            above=10,
            do="Over 10 mails in 5 minutes met a fault. send_email's log names it: what came back is tried again, a"
            " mail whose answer is unknown is settled by its SES event or becomes `unknown`, and is not sent twice.",
        )
        watch(
            alarms,
            "sends",
            self._data.queue,
            late=Duration.minutes(30),
            do="Mails could not be sent in five tries. send_email's log names the fault. Mend it; their rows are still"
            " queued and dispatch_sends queues them anew, so delete the dead letters.",
            do_late="Queued mails wait over half an hour. Read send_email's log for throttling by SES or a fault that"
            " repeats; if there is none, raise the setting send_concurrency.",
        )
