"""The report as JSON: camelCase, times in ISO 8601, money in minor units, each estimate with its interval."""

from datetime import UTC, datetime
from typing import Any

from cli.report_sources import Reported
from cli.report_words import findings, limits


def report_document(reported: Reported, *, simulated: bool) -> dict[str, Any]:
    """Write everything that the page shows, and the exact figures behind it."""
    standing, results, _ = reported
    scope = results.scope
    return {
        "campaign": scope.campaign,
        "status": standing.status,
        "simulatedEngagement": simulated,
        "window": {
            "from": _iso(scope.start_ms),
            "until": _iso(scope.until_ms),
            "attributionDays": scope.window_ms / 86_400_000,
        },
        "recipients": results.recipients,
        "withoutRow": reported.without_row,
        "heldOut": results.held_out,
        "states": [outcome._asdict() for outcome in results.outcomes],
        "segmentsAsOf": scope.segments_as_of or None,
        **{name: _camel(_plain(getattr(results, name))) for name in PARTS},
        "findings": findings(results.comparison),
        "limits": limits(results, standing, simulated=simulated),
    }


PARTS = ("funnel", "engaged", "rates", "money", "segments", "comparison")


def _plain(value: Any) -> Any:  # noqa: ANN401  # any part of the results
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def _camel(value: Any) -> Any:  # noqa: ANN401  # any part of the results
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if isinstance(value, dict):
        return {_word(key): _camel(each) for key, each in value.items()}
    return value


def _word(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _iso(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
