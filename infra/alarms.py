"""The alarm topic, and alarms whose text says what to do."""

from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.settings import Settings

NAMESPACE = "Addressee"
FIVE_MINUTES = Duration.minutes(5)
ONE_HOUR = Duration.hours(1)


class Alarms(Construct):
    """The topic that tells people, and the one way to make an alarm."""

    def __init__(self, scope: Construct, settings: Settings, key: kms.IKey) -> None:
        """Make the topic; subscribe the setting's address if there is one."""
        super().__init__(scope, "Alarms")
        self._prefix = settings.prefix
        self.topic = sns.Topic(self, "Topic", display_name="Addressee alarms", master_key=key, enforce_ssl=True)
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if settings.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))

    def add(
        self, name: str, metric: cloudwatch.IMetric, *, above: float, do: str, periods: int = 1
    ) -> cloudwatch.Alarm:
        """Alarm when `metric` exceeds `above` for `periods`; `do` tells the person who is woken what to look at."""
        return self._tell(
            name,
            do,
            metric=metric,
            threshold=above,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def add_silence(self, name: str, metric: cloudwatch.IMetric, *, do: str, periods: int) -> cloudwatch.Alarm:
        """Alarm when `metric`, which counts runs, stays at nothing for `periods`: what stopped reports no error."""
        return self._tell(
            name,
            do,
            metric=metric,
            threshold=1,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )

    def _tell(self, name: str, do: str, **rule: Any) -> cloudwatch.Alarm:  # noqa: ANN401  # CDK's own types
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{self._prefix}-{name}",
            alarm_description=f"{do} See docs/deploying.md, Alarms.",
            **rule,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm


def own_metric(name: str, function: str) -> cloudwatch.Metric:
    """Return the metric that `function` writes into its log in CloudWatch's embedded format."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"function": function},
        statistic="Sum",
        period=FIVE_MINUTES,
    )
