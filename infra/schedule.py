"""A schedule: when, in which time zone, what it starts, and where a start that failed for good ends."""

from typing import NamedTuple

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.grants import allow


class Run(NamedTuple):
    """What a schedule starts (an ARN) and the one action that it takes."""

    target_arn: str
    action: str


def schedule(  # noqa: PLR0913  # a schedule has that many facts
    scope: Construct, name: str, run: Run, *, at: str, time_zone: str, dead_letters: sqs.Queue
) -> scheduler.CfnSchedule:
    """Start `run` at the EventBridge expression `at`, within a quarter of an hour."""
    role = iam.Role(scope, f"{name}Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
    allow(role, [run.action], run.target_arn)
    allow(role, ["sqs:SendMessage"], dead_letters.queue_arn)
    made = scheduler.CfnSchedule(
        scope,
        name,
        schedule_expression=at,
        schedule_expression_timezone=time_zone,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
            mode="FLEXIBLE", maximum_window_in_minutes=15
        ),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=run.target_arn,
            role_arn=role.role_arn,
            input="{}",
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_retry_attempts=3, maximum_event_age_in_seconds=3600
            ),
        ),
    )
    made.node.add_dependency(role)
    return made
