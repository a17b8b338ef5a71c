"""DynamoDB's typed values to and from plain Python ones, and the error codes that stores understand."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

CONDITION_FAILED = "ConditionalCheckFailedException"


def to_value(value: Any) -> dict[str, Any]:  # noqa: ANN401, PLR0911  # one return per DynamoDB type
    """Convert str, bool, int, float, bytes, None, list, dict to DynamoDB's typed form. Floats keep 17 digits."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": str(value)}
        case float():
            return {"N": repr(value)}
        case bytes() | bytearray() | memoryview():
            return {"B": bytes(value)}
        case None:
            return {"NULL": True}
        case list() | tuple():
            return {"L": [to_value(each) for each in value]}
        case Mapping():
            return {"M": {key: to_value(each) for key, each in value.items()}}
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}")


def from_value(value: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Convert one typed value to Python; numbers become int where they are whole, else float."""
    ((tag, inner),) = value.items()
    match tag:
        case "N":
            return int(inner) if inner.lstrip("-").isdigit() else float(inner)
        case "NULL":
            return None
        case "L":
            return [from_value(each) for each in inner]
        case "M":
            return {key: from_value(each) for key, each in inner.items()}
    return inner


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a row to DynamoDB's typed form."""
    return {key: to_value(value) for key, value in row.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert DynamoDB's typed form to a row."""
    return {key: from_value(value) for key, value in item.items()}


def error_code(error: Exception) -> str:
    """Return the code of botocore's `ClientError` or of `plain_aws.ServiceRefused`; empty for any other error.

    Never decide by the text of a message.
    """
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
