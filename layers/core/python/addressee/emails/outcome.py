"""What becomes of a message, and how the mail service's answer is written down."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from addressee.emails.ports import Accepted, Moved, NotAccepted, Rejected, SendKey, SendStore
from addressee.emails.states import State

RECORDING_ATTEMPTS = 3
CLAIMED: frozenset[State] = frozenset({"claimed"})
IN_DOUBT: frozenset[State] = frozenset({"claimed", "unknown"})
What = Literal[
    "sent",
    "skipped",
    "failed",
    "rejected",
    "paused",
    "put_off",
    "dropped",
    "throttled",
    "late",
    "unanswered",
    "unrecorded",
]


class Outcome(NamedTuple):
    """What became of one message. `comes_back`: give it back to the queue; `detail` names a reason or an error."""

    what: What
    detail: str = ""
    comes_back: bool = False


def record(
    key: SendKey, sends: SendStore, answer: Accepted | NotAccepted | Rejected, claim: str, at_ms: int
) -> Outcome:
    """Write down what the mail service answered to a claim; where even that fails the claim stays, as if it had not."""
    match answer:
        case Accepted(message_id):
            recorded = _tried(lambda: _confirm(key, sends, claim, message_id, at_ms))
            outcome = Outcome("sent", message_id)
        case NotAccepted(reason):
            recorded = _tried(lambda: sends.move(key, "queued", leaving=CLAIMED, owned_by=claim, queued_at_ms=at_ms))
            outcome = Outcome("throttled", reason, comes_back=True)
        case Rejected(reason):
            recorded = _tried(
                lambda: sends.move(
                    key, "failed", leaving=IN_DOUBT, owned_by=claim, reason="rejected", settled_at_ms=at_ms
                )
            )
            outcome = Outcome("rejected", reason)
    return outcome if recorded else Outcome("unrecorded", outcome.what)


def _confirm(key: SendKey, sends: SendStore, claim: str, message_id: str, at_ms: int) -> Moved:
    """Move the row to `sent`; where its SES event was faster, add what the event could not know."""
    moved = sends.move(
        key, "sent", leaving=IN_DOUBT, owned_by=claim, message_id=message_id, sent_at_ms=at_ms, settled_at_ms=at_ms
    )
    if not moved.won and moved.row is not None and moved.row.claim == claim and not moved.row.sent_at_ms:
        sends.amend(key, {"claim": claim}, message_id=message_id, sent_at_ms=at_ms)
    return moved


def _tried(write: Callable[[], Moved]) -> bool:
    """Write, and again where it fails: the answer is known here alone."""
    for _ in range(RECORDING_ATTEMPTS):
        try:
            write()
        except Exception:  # noqa: BLE001, S112  # the store may fail in any way; what failed last is told by `False`
            continue
        return True
    return False
