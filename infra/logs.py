"""Log groups: encrypted, kept as long as the setting says."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import Settings

RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def log_group(scope: Construct, name: str, *, settings: Settings, key: kms.IKey) -> logs.LogGroup:
    """Make the log group called `name`."""
    return logs.LogGroup(
        scope,
        "Log",
        log_group_name=name,
        retention=RETENTION[settings.log_retention_days],
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
    )
