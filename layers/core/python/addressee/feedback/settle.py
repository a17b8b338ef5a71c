"""What an event says of its mail's row: the state that it reaches, and from where."""

from collections.abc import Mapping
from typing import NamedTuple

from addressee.emails.ports import SendKey, SendStore
from addressee.emails.send import Send
from addressee.emails.states import State
from addressee.feedback.events import Feedback, Kind


class Settlement(NamedTuple):
    """A move of `emails/states.py`."""

    to: State
    leaving: frozenset[State]


_NOT_OUT: frozenset[State] = frozenset({"planned", "queued"})
_OUT: frozenset[State] = frozenset({"claimed", "unknown"})
_ON_ITS_WAY: frozenset[State] = _OUT | {"sent"}
_DELIVERED = Settlement("delivered", _ON_ITS_WAY)
SETTLES: Mapping[Kind, Settlement] = {
    "sent": Settlement("sent", _OUT),
    "delivered": _DELIVERED,
    "bounced": Settlement("bounced", _ON_ITS_WAY | {"delivered"}),
    "complained": Settlement("complained", _ON_ITS_WAY | {"delivered"}),
    "rejected": Settlement("failed", _ON_ITS_WAY),
    "opened": _DELIVERED,
    "clicked": _DELIVERED,
    "unsubscribed": _DELIVERED,
}
"""Whatever is done with a mail proves that it arrived, though its delivery event was lost."""
USUALLY_NEWS: frozenset[Kind] = frozenset({"delivered", "bounced", "complained", "rejected"})
"""What a row learns from its event, as a rule: it is moved unread, one write. The others are read first: `send_email`
has said `sent` itself, so a move would be refused, which costs a write too, five reads' worth; and an open, click or
unsubscription needs the time at which the mail came."""


def settle(feedback: Feedback, key: SendKey, sends: SendStore) -> Send | None:
    """Move the row where the event is news. Copies, and events that come late or in another order, change nothing.

    Returns the row (None: there is none): as it was before an open or a click, otherwise before or after the move.
    """
    to, leaving = SETTLES[feedback.kind]
    if feedback.kind in USUALLY_NEWS:
        return sends.move(key, to, leaving=leaving, owned_by=None, **_changes(feedback, feedback.at_ms)).row
    row = _told(key, sends) if feedback.kind == "sent" else sends.get(key)
    if row is not None and row.state in leaving:
        settled_at_ms = feedback.at_ms if feedback.kind == "sent" else came_ms(row)
        sends.move(key, to, leaving=leaving, owned_by=None, **_changes(feedback, settled_at_ms))
    return row


def _told(key: SendKey, sends: SendStore) -> Send | None:
    """Read a row of which `send_email` has most likely said `sent`: a read that may be late is enough to see that.

    States only go on, so a late read never shows a row farther than it is; what is not out yet there is read again.
    """
    row = sends.get(key, consistent=False)
    return sends.get(key) if row is None or row.state in _NOT_OUT else row


def came_ms(row: Send) -> int:
    """Return when the mail came, as far as the row knows: delivered, accepted or claimed; 0 where it is not out."""
    delivered_ms = row.settled_at_ms if row.state == "delivered" else 0
    return max(row.claimed_at_ms, row.sent_at_ms, delivered_ms)


def _changes(feedback: Feedback, settled_at_ms: int) -> dict[str, str | int]:
    """Write down what the event knows. An open is later than the arrival that it proves: `settled_at_ms` is that."""
    changes: dict[str, str | int] = {"settled_at_ms": settled_at_ms}
    if feedback.mail_id:
        changes["message_id"] = feedback.mail_id
    if feedback.accepted_at_ms:
        changes["sent_at_ms"] = feedback.accepted_at_ms
    if feedback.kind == "bounced":
        changes["bounce"] = feedback.bounce
    if feedback.kind == "rejected":
        changes["reason"] = "rejected"
    return changes
