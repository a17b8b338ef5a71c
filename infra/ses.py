"""SES: the domain that mails come from, the configuration set that every mail names, and who may send."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as awslambda
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.alarms import ONE_HOUR, Alarms
from infra.grants import allow, role_of
from infra.settings import Settings
from infra.storage import Storage

EVENTS = ("send", "delivery", "bounce", "complaint", "reject", "renderingFailure", "deliveryDelay")
TRACKED_BY_SES = ("open", "click")
BOUNCE_RATE, COMPLAINT_RATE = 0.05, 0.001
"""From here on AWS reviews an account: SES Developer Guide, "Reputation metrics"."""


def make_identity(scope: Construct, storage: Storage) -> None:
    """Let SES verify the sender's domain, signed with DKIM; the three DNS records are outputs."""
    identity = ses.EmailIdentity(
        scope, "Identity", identity=ses.Identity.domain(storage.settings.sender_domain), dkim_signing=True
    )
    identity.apply_removal_policy(storage.removal)  # deleted, its DKIM tokens would be lost and all mail with them
    for number, record in enumerate(identity.dkim_records, start=1):
        CfnOutput(Stack.of(scope), f"DkimRecord{number}", value=f"{record.name} CNAME {record.value}")


class Sending(Construct):
    """The configuration set and where its events go."""

    def __init__(self, scope: Construct, settings: Settings, topic: sns.Topic) -> None:
        """Make the set; SES itself refuses addresses that bounced for good or complained, as we do."""
        super().__init__(scope, "Sending")
        self._settings = settings
        self.name = configuration_set_name(settings)
        made = ses.ConfigurationSet(
            self,
            "Set",
            configuration_set_name=self.name,
            reputation_metrics=True,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
        )
        kinds = [*EVENTS, *(TRACKED_BY_SES if settings.tracking == "ses" else ())]
        destination = ses.CfnConfigurationSetEventDestination(
            self,
            "Events",
            configuration_set_name=made.configuration_set_name,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                name="feedback",
                enabled=True,
                matching_event_types=kinds,
                sns_destination=ses.CfnConfigurationSetEventDestination.SnsDestinationProperty(
                    topic_arn=topic.topic_arn
                ),
            ),
        )
        destination.node.add_dependency(made)

    def allow(self, function: awslambda.Function) -> None:
        """Let `function` send, from the one address, through the one set. A raw mail takes both actions."""
        allow(
            function,
            ["ses:SendEmail", "ses:SendRawEmail"],
            *identity_arns(function, self._settings),
            configuration_set_arn(function, self._settings),
            conditions={"StringEquals": {"ses:FromAddress": self._settings.sender_address}},
        )

    def watch(self, alarms: Alarms) -> None:
        """Alarm before AWS does: on the set's bounce and complaint rates."""
        for name, metric, above, do in (
            ("bounce-rate", "BounceRate", BOUNCE_RATE, "Over 5 % of the mails bounce; from 10 % on AWS may stop all."),
            ("complaint-rate", "ComplaintRate", COMPLAINT_RATE, "Over 0.1 % of the mails are reported as spam."),
        ):
            alarms.add(
                name,
                cloudwatch.Metric(
                    namespace="AWS/SES",
                    metric_name=f"Reputation.{metric}",
                    dimensions_map={"ses:configuration-set": self.name},
                    statistic="Average",
                    period=ONE_HOUR,
                ),
                above=above,
                do=f"{do} Pause the running campaigns (`addressee campaigns pause`), then look at who was mailed:"
                " where their addresses and consent come from.",
            )


def allow_quota(function: awslambda.Function) -> None:
    """Let `function` read the account's sending quota."""
    allow(function, ["ses:GetAccount"], "*")
    acknowledge(
        role_of(function), "AwsSolutions-IAM5[Resource::*]", "GetAccount is about the account, which has no ARN."
    )


def configuration_set_name(settings: Settings) -> str:
    """Return the set's name, which the topic's policy needs before the set is made."""
    return settings.prefix


def configuration_set_arn(scope: Construct, settings: Settings) -> str:
    """Return the set's ARN."""
    return _ses_arn(scope, "configuration-set", configuration_set_name(settings))


def identity_arns(scope: Construct, settings: Settings) -> list[str]:
    """Return what SES may check a mail against: the domain; where it is not ours to make, address and parents too."""
    domain = settings.sender_domain
    names = [domain]
    if not settings.create_identity:
        labels = domain.split(".")
        names += [settings.sender_address, *(".".join(labels[start:]) for start in range(1, len(labels) - 1))]
    return [_ses_arn(scope, "identity", name) for name in names]


def _ses_arn(scope: Construct, resource: str, name: str) -> str:
    return Stack.of(scope).format_arn(service="ses", resource=resource, resource_name=name)
