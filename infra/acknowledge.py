"""cdk-nag findings that stay: each acknowledged singly, next to its resource, with the reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(resource: IConstruct, finding: str, reason: str) -> None:
    """Acknowledge one finding, such as `AwsSolutions-IAM5[Resource::*]`, on `resource` and what it contains."""
    Validations.of(resource).acknowledge(Acknowledgment(id=finding, reason=reason))
