"""The one customer key, and the services that use it themselves instead of through a role of ours."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

_OF_LOGS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
_OF_MESSAGES = ["kms:Decrypt", "kms:GenerateDataKey"]


def make_key(scope: Construct, removal: RemovalPolicy) -> kms.Key:
    """Make the key; logs, alarms, and the way of SES's events through topic and queue need it by its own policy."""
    key = kms.Key(
        scope,
        "Key",
        description="Encrypts everything that Addressee stores",
        enable_key_rotation=True,
        removal_policy=removal,
    )
    stack = Stack.of(scope)
    logs = stack.format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    topics = stack.format_arn(service="sns", resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME)
    own = {"StringEquals": {"aws:SourceAccount": stack.account}}
    _let(key, f"logs.{stack.region}", _OF_LOGS, {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}})
    _let(key, "cloudwatch", _OF_MESSAGES, own)
    _let(key, "sns", _OF_MESSAGES, {"ArnLike": {"aws:SourceArn": topics}})
    # SES's documentation names no condition for an encrypted topic; the topic's own policy names account and set.
    _let(key, "ses", _OF_MESSAGES, None)
    return key


def _let(key: kms.Key, service: str, actions: list[str], conditions: dict[str, dict[str, str]] | None) -> None:
    key.add_to_resource_policy(
        iam.PolicyStatement(
            actions=actions,
            principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
            resources=["*"],
            conditions=conditions,
        )
    )
