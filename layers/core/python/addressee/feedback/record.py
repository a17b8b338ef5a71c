"""`record_feedback`: one message of the Feedback queue. Every step is harmless to repeat, so a crash is too."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from addressee.emails.ports import SendKey, SendStore
from addressee.emails.send import Send, send_id_of
from addressee.feedback.events import HARD, SOFT, Feedback, Refused, Unused, stream_message
from addressee.feedback.label import Label, label
from addressee.feedback.messages import read_feedback
from addressee.feedback.ports import EventStream, Recipient, Recipients, SuppressionList
from addressee.feedback.settle import came_ms, settle
from addressee.feedback.soft_bounces import entry, tally
from addressee.profiles.subject import address_hash

HARD_BOUNCE, COMPLAINT, SOFT_BOUNCES = "hard_bounce", "complaint", "soft_bounces"
UNTAGGED, NO_SEND, NO_PERSON = "untagged", "no_send", "no_person"


class StreamTookNothing(Exception):
    """The event stream did not take the event; the message has to come again."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What recording needs. `key` returns the secret behind every address hash."""

    key: Callable[[], bytes]
    suppressions: SuppressionList
    sends: SendStore
    recipients: Recipients
    stream: EventStream
    soft_bounce_limit: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a message. `why`: of what is not recorded the reason, of an open or click the label's rule.

    `suppressed` is the reason for which its addresses are never mailed again, empty where they are.
    """

    what: Literal["recorded", "dropped", "refused"]
    kind: str = ""
    label: str = ""
    why: str = ""
    suppressed: str = ""


def record_feedback(body: str, ports: Ports, *, received_at_ms: int) -> Recorded:
    """Record one message: suppress, settle the row, count soft bounces, and put the event on the stream, in this order.

    `received_at_ms` is when the queue got it, the same at every repeat. A message that can never be used is `refused`,
    one without a consequence here `dropped`. Whatever a port raises flies, and the message is to come again.
    """
    feedback = read_feedback(body, received_at_ms=received_at_ms)
    match feedback:
        case Refused(why):
            return Recorded("refused", why=why)
        case Unused(why):
            return Recorded("dropped", why=why)
    suppressed = _suppressing(feedback)
    _suppress(feedback.recipients, suppressed, feedback, ports)
    if feedback.key is None:
        return Recorded("dropped", feedback.kind, feedback.label, UNTAGGED, suppressed)
    return _record(feedback, feedback.key, suppressed, ports)


def _record(feedback: Feedback, key: SendKey, suppressed: str, ports: Ports) -> Recorded:
    recipient = ports.recipients.get(key.subject)
    if recipient is not None:
        _suppress([recipient.address], suppressed, feedback, ports)
    row = settle(feedback, key, ports.sends)
    if row is None:
        return Recorded("dropped", feedback.kind, feedback.label, NO_SEND, suppressed)
    who = _label(feedback, row)
    if recipient is None:
        return Recorded("dropped", feedback.kind, who.who, NO_PERSON, suppressed)
    if feedback.label == SOFT:
        suppressed = _count_soft_bounce(feedback, key, recipient, ports)
    if ports.stream.put([(recipient.user_id, stream_message(feedback, key, recipient.user_id, who.who))]):
        raise StreamTookNothing
    return Recorded("recorded", feedback.kind, who.who, who.why, suppressed)


def _suppressing(feedback: Feedback) -> str:
    """Return the reason for which this event alone ends all mail to its addresses, or an empty string."""
    if feedback.kind == "complained":
        return COMPLAINT
    return HARD_BOUNCE if feedback.label == HARD else ""


def _suppress(addresses: Iterable[str], reason: str, feedback: Feedback, ports: Ports) -> None:
    for address in addresses:
        if reason and address:
            ports.suppressions.suppress(address_hash(address, key=ports.key()), reason=reason, at_ms=feedback.at_ms)


def _count_soft_bounce(feedback: Feedback, key: SendKey, recipient: Recipient, ports: Ports) -> str:
    """Count the mail among those that bounced softly; at the limit the address is suppressed, which is returned."""
    noted = ports.recipients.note_soft_bounce(key.subject, entry(send_id_of(*key), feedback.at_ms))
    bounces = tally(noted)
    if bounces.expired:
        ports.recipients.forget_soft_bounces(key.subject, bounces.expired)
    if bounces.recent < ports.soft_bounce_limit:
        return ""
    _suppress([*feedback.recipients, recipient.address], SOFT_BOUNCES, feedback, ports)
    return SOFT_BOUNCES


def _label(feedback: Feedback, row: Send) -> Label:
    """Label an open or a click by the row as it was before it; the label of any other event is its own."""
    if feedback.fetch is None:
        return Label(feedback.label, "")
    came = came_ms(row)
    return label(feedback.kind, feedback.fetch, after_ms=feedback.at_ms - came if came else None)
