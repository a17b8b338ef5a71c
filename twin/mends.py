"""What the emulator resolves otherwise than AWS does, put right before it serves: `Ref` of a secret is its ARN."""

from collections.abc import Callable
from typing import Any

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

Provisioned = tuple[str, dict[str, Any]]
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105  # a resource type


def mend_secret_references() -> None:
    """Make a secret's ARN its physical id, as in AWS; with the name instead, policies on the secret match nothing."""
    handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS[SECRET]  # noqa: SLF001  # there is no public way
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def updated(physical_id: str, *rest: Any, **more: Any) -> Provisioned:  # noqa: ANN401
        return _by_arn(update)(_name_of(physical_id), *rest, **more)

    def deleted(physical_id: str, properties: Any) -> None:  # noqa: ANN401
        delete(_name_of(physical_id), properties)

    handlers |= {"create": _by_arn(create), "update": updated, "delete": deleted}


def _by_arn(provision: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def provisioned(*given: Any, **more: Any) -> Provisioned:  # noqa: ANN401
        _, attributes = provision(*given, **more)
        return attributes["Arn"], attributes

    return provisioned


def _name_of(physical_id: str) -> str:
    secrets: dict[str, dict[str, Any]] = secretsmanager._secrets  # noqa: SLF001  # there is no public way
    return next((name for name, secret in secrets.items() if secret["ARN"] == physical_id), physical_id)
