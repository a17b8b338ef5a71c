"""What the emulator's CloudFormation and its IAM do otherwise than AWS's, put right before it serves."""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions
from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

Provisioned = tuple[str, dict[str, Any]]
Handlers = dict[str, Any]
API = "AWS::ApiGatewayV2::Api"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105  # a resource type


def mend_secret_references() -> None:
    """Make a secret's ARN its physical id, as in AWS; with the name instead, policies on the secret match nothing."""
    handlers = _handlers(SECRET)
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def updated(physical_id: str, *rest: Any, **more: Any) -> Provisioned:  # noqa: ANN401
        return _by_arn(update)(_name_of(physical_id), *rest, **more)

    def deleted(physical_id: str, properties: Any) -> None:  # noqa: ANN401
        delete(_name_of(physical_id), properties)

    handlers |= {"create": _by_arn(create), "update": updated, "delete": deleted}


def mend_cors() -> None:
    """Hand an API's CORS settings on under the names that the emulator reads; else every preflight is denied."""
    handlers = _handlers(API)
    handlers |= {verb: _with_cors(handlers[verb]) for verb in ("create", "update") if verb in handlers}


def mend_batch_actions() -> None:
    """Authorize SQS's batch calls as AWS does, by the action for a single message: there is no other."""
    extract = iam_actions.extract_iam_action

    def extracted(*given: Any, **more: Any) -> str | None:  # noqa: ANN401
        action: str | None = extract(*given, **more)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = extracted


def _with_cors(provision: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def provisioned(*given: Any, **more: Any) -> Provisioned:  # noqa: ANN401
        return provision(*map(_cors_in_camel_case, given), **more)

    return provisioned


def _cors_in_camel_case(given: Any) -> Any:  # noqa: ANN401
    if not isinstance(given, dict) or "CorsConfiguration" not in given:
        return given
    cors = {name[:1].lower() + name[1:]: value for name, value in given["CorsConfiguration"].items()}
    return {**given, "CorsConfiguration": cors}


def _handlers(resource_type: str) -> Handlers:
    handlers: Handlers = provisioners._RESOURCE_HANDLERS[resource_type]  # noqa: SLF001  # there is no public way
    return handlers


def _by_arn(provision: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def provisioned(*given: Any, **more: Any) -> Provisioned:  # noqa: ANN401
        _, attributes = provision(*given, **more)
        return attributes["Arn"], attributes

    return provisioned


def _name_of(physical_id: str) -> str:
    secrets: dict[str, dict[str, Any]] = secretsmanager._secrets  # noqa: SLF001  # there is no public way
    return next((name for name, secret in secrets.items() if secret["ARN"] == physical_id), physical_id)
