"""One JSON line per invocation on standard output; metrics ride in it in CloudWatch's embedded format (EMF)."""

import json
import sys
from collections.abc import Mapping, Sequence
from time import time
from typing import Any

NAMESPACE = "Addressee"
_encode = json.JSONEncoder(default=str, separators=(",", ":")).encode


def log(message: str, *, level: str = "INFO", **fields: Any) -> None:  # noqa: ANN401
    """Write one line. Identifiers only: no addresses, no bodies, no traits."""
    _write({"level": level, "message": message, **fields})


def log_metrics(
    message: str,
    metrics: Mapping[str, float],
    *,
    function: str,
    by: Sequence[str] = (),
    **fields: Any,  # noqa: ANN401
) -> None:
    """Write one line that also is an EMF record: namespace `Addressee`, dimension `function`, unit Count.

    `by` names fields that are dimensions besides. See the CloudWatch embedded metric format specification. The alarms
    in `infra/` watch the same three names.
    """
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["function", *by]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in metrics],
    }
    record = {"_aws": {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [directive]}}
    _write({**record, "level": "INFO", "message": message, "function": function, **fields, **metrics})


def _write(record: Mapping[str, Any]) -> None:
    sys.stdout.write(_encode(record) + "\n")
    sys.stdout.flush()
