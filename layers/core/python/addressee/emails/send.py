"""`Send`: one row per campaign and person, and the slot in which it is due."""

from dataclasses import dataclass
from datetime import UTC, datetime

from addressee.emails.states import State

SHARDS = 10
_SHARD_DIGITS = 8
_MINUTE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Send:
    """One mail that one person is to get, or got. Times are milliseconds since the epoch; 0 means not yet.

    `slot` is empty once the row is settled. `claim` names the attempt that owns the row, `content` the rendered values
    in the decision's record (`v_<content>`), `message_id` SES's id, `bounce` SES's type of a bounce.
    """

    subject: str
    campaign: str
    state: State
    reason: str = ""
    slot: str = ""
    due_ms: int = 0
    planned_at_ms: int = 0
    queued_at_ms: int = 0
    claimed_at_ms: int = 0
    claim: str = ""
    content: str = ""
    message_id: str = ""
    sent_at_ms: int = 0
    settled_at_ms: int = 0
    bounce: str = ""

    @property
    def send_id(self) -> str:
        """The public id: subject and campaign, as the decision's."""
        return send_id_of(self.subject, self.campaign)


def send_id_of(subject: str, campaign: str) -> str:
    """Join the two keys of a row; neither holds a dot."""
    return f"{subject}.{campaign}"


def tag_of(send_id: str) -> str:
    """Write a send id as SES takes it in a message tag: letters, digits, `_` and `-`, no dot."""
    return send_id.replace(".", "-", 1)


def send_id_in(tag: str) -> str:
    """Read what `tag_of` wrote: no subject holds a `-`, so the first one stands for the dot. A send id stays."""
    return tag if "." in tag else tag.replace("-", ".", 1)


def slot_of(subject: str, due_ms: int) -> str:
    """Return the slot of a mail that is due at `due_ms`: `YYYY-MM-DDTHH:MM#<shard>`, UTC, shard 0 to 9."""
    minute = datetime.fromtimestamp(due_ms // 1000, UTC).strftime(_MINUTE)
    return f"{minute}#{int(subject[:_SHARD_DIGITS], 16) % SHARDS}"


def is_due(slot: str, now_ms: int) -> bool:
    """Say whether the slot's minute has begun."""
    return slot.partition("#")[0] <= datetime.fromtimestamp(now_ms // 1000, UTC).strftime(_MINUTE)
