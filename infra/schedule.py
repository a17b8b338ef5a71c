"""A schedule: when, in which time zone, what it starts, and where a start that failed for good ends."""

from typing import NamedTuple

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.grants import allow
from infra.settings import Settings


class Run(NamedTuple):
    """What a schedule starts (an ARN), the one action that it takes, and the input that it gives, JSON."""

    target_arn: str
    action: str
    given: str = "{}"


class Times(NamedTuple):
    """When `Learn` trains, and when it scores without training; empty: it always trains."""

    train: str
    score: str = ""


def learn_times(settings: Settings) -> Times:
    """Return EventBridge expressions: half past the hour, on the days that `retrain` names; people are scored daily.

    Fortnightly is the 1st and the 15th of a month: a rate of 14 days would begin anew with each deployment. A
    `learn_schedule` outweighs all that.
    """
    if settings.learn_schedule:
        return Times(settings.learn_schedule)
    hour = settings.retrain_hour
    return {
        "daily": Times(f"cron(30 {hour} * * ? *)"),
        "weekly": Times(f"cron(30 {hour} ? * SUN *)", f"cron(30 {hour} ? * MON-SAT *)"),
        "fortnightly": Times(f"cron(30 {hour} 1,15 * ? *)", f"cron(30 {hour} 2-14,16-31 * ? *)"),
    }[settings.retrain]


class Window(NamedTuple):
    """How late a run may start, and for how long a start that failed is tried again."""

    minutes: int
    attempts: int
    seconds: int


IN_A_QUARTER = Window(minutes=15, attempts=3, seconds=3600)
NOW_OR_NEVER = Window(minutes=0, attempts=0, seconds=60)
"""For what comes again a minute later anyway: a late start would only meet the next one."""


def schedule(  # noqa: PLR0913  # a schedule has that many facts
    scope: Construct,
    name: str,
    run: Run,
    *,
    at: str,
    time_zone: str,
    dead_letters: sqs.Queue,
    window: Window = IN_A_QUARTER,
) -> scheduler.CfnSchedule:
    """Start `run` at the EventBridge expression `at`, as late as `window` says."""
    role = iam.Role(scope, f"{name}Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
    allow(role, [run.action], run.target_arn)
    allow(role, ["sqs:SendMessage"], dead_letters.queue_arn)
    made = scheduler.CfnSchedule(
        scope,
        name,
        schedule_expression=at,
        schedule_expression_timezone=time_zone,
        flexible_time_window=_flexible(window.minutes),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=run.target_arn,
            role_arn=role.role_arn,
            input=run.given,
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=dead_letters.queue_arn),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_retry_attempts=window.attempts, maximum_event_age_in_seconds=window.seconds
            ),
        ),
    )
    made.node.add_dependency(role)
    return made


def _flexible(minutes: int) -> scheduler.CfnSchedule.FlexibleTimeWindowProperty:
    if not minutes:
        return scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF")
    return scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="FLEXIBLE", maximum_window_in_minutes=minutes)
