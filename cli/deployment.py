"""Finds a deployment: its names from CloudFormation's outputs, or from a file of `cdk deploy --outputs-file`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from addressee.adapters.aws import client
from addressee.adapters.dynamo import error_code

STACKS = ("AddresseeData", "Addressee")


class NotDeployed(Exception):
    """The deployment, or a part of it, cannot be found; the message says what and where."""


@dataclass(frozen=True)
class Deployment:
    """The names of a deployment's parts, as the stacks' outputs say them."""

    api_url: str
    event_stream: str
    profiles_table: str
    items_table: str
    decisions_table: str
    suppressions_table: str
    sends_table: str
    campaigns_table: str
    emails_bucket: str
    lake_bucket: str
    models_bucket: str
    quarantine_bucket: str
    keys_secret: str
    subject_secret: str
    links_secret: str
    learn_arn: str
    feedback_queue: str
    dispatch_function: str
    links_url: str


def find_deployment(outputs_file: Path | None = None) -> Deployment:
    """Read the names from a file, or ask CloudFormation. Raises `NotDeployed`."""
    if outputs_file:
        return deployment_of(_of_file(outputs_file), where=str(outputs_file))
    return deployment_of(_of_stacks(), where=f"the stacks {' and '.join(STACKS)}")


def deployment_of(outputs: Mapping[str, str], *, where: str) -> Deployment:
    """Take the names out of the stacks' outputs; `where` is told when one is missing. Raises `NotDeployed`."""
    wanted = {field.name: "".join(word.capitalize() for word in field.name.split("_")) for field in fields(Deployment)}
    missing = sorted(set(wanted.values()) - outputs.keys())
    if missing:
        raise NotDeployed(f"{where} does not name {', '.join(missing)}")
    return Deployment(**{name: outputs[output] for name, output in wanted.items()})


def _of_file(path: Path) -> dict[str, str]:
    """Read outputs, a mapping per stack or one flat mapping."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotDeployed(f"{path} holds no outputs: {error}") from error
    flat: dict[str, str] = {}
    for name, value in document.items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def _of_stacks() -> dict[str, str]:
    outputs: dict[str, str] = {}
    for stack in STACKS:
        try:
            (found,) = client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if error_code(error) == "ValidationError":
                raise NotDeployed(f"there is no stack {stack} in this account and region") from error
            raise
        outputs |= {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}
    return outputs
