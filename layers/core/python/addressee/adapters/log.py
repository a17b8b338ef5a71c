"""One JSON line per invocation on standard output; metrics ride in it in CloudWatch's embedded format (EMF)."""

import json
import sys
from collections.abc import Mapping
from time import time
from typing import Any

NAMESPACE = "Addressee"


def log(message: str, *, level: str = "INFO", **fields: Any) -> None:  # noqa: ANN401
    """Write one line. Identifiers only: no addresses, no bodies, no traits."""
    _write({"level": level, "message": message, **fields})


def log_metrics(message: str, metrics: Mapping[str, float], *, function: str, **fields: Any) -> None:  # noqa: ANN401
    """Write one line that also is an EMF record: namespace `Addressee`, dimension `function`, unit Count.

    See the CloudWatch embedded metric format specification. The alarms in `infra/` watch the same three names.
    """
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["function"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in metrics],
    }
    record = {"_aws": {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [directive]}}
    _write({**record, "level": "INFO", "message": message, "function": function, **fields, **metrics})


def _write(record: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(record, default=str, separators=(",", ":")) + "\n")
    sys.stdout.flush()
