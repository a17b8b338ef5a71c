"""ISO 8601 to milliseconds and back, and the correction for a client's clock."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from addressee.events.messages import NotAccepted

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000


def to_ms(text: str, *, field: str) -> int:
    """Read an ISO 8601 date-time; without an offset it is UTC. Raises `NotAccepted` for `field`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _unusual(text, field)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    milliseconds, rest = divmod(since.microseconds, 1000)
    if rest:
        return round(moment.timestamp() * 1000)
    return since.days * _DAY_MS + since.seconds * 1000 + milliseconds  # the same number at half the time


def _unusual(text: str, field: str) -> datetime:
    """Read the forms that RFC 3339 allows besides: `t` and `z` in lower case, blanks around."""
    try:
        return datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise NotAccepted(field, "is not an ISO 8601 date and time") from None


def from_ms(moment_ms: int) -> str:
    """Write milliseconds since the epoch as ISO 8601 in UTC, three digits of fraction, `Z`."""
    return (_EPOCH + timedelta(milliseconds=moment_ms)).isoformat(timespec="milliseconds")[:-6] + "Z"


@lru_cache(maxsize=256)
def _sent_ms(sent_at: str) -> int:
    """Read `sentAt`, which all messages of a batch share."""
    return to_ms(sent_at, field="sentAt")


def event_time_ms(timestamp: str | None, sent_at: str | None, *, received_at_ms: int) -> int:
    """Return when it happened: `receivedAt - (sentAt - timestamp)`, never later than it was received.

    Without `sentAt` the client's clock is believed; without `timestamp` it happened when it was received. The formula
    is the Segment spec's (Spec: Common Fields, "Timestamps"). Raises `NotAccepted` for a time before 1970.
    """
    if not timestamp:
        return received_at_ms
    happened_ms = to_ms(timestamp, field="timestamp")
    if sent_at:
        happened_ms += received_at_ms - _sent_ms(sent_at)
    if happened_ms < 0:
        raise NotAccepted("timestamp", "lies before 1970")
    return min(happened_ms, received_at_ms)
