"""Events as SES publishes them (configuration set -> SNS), read tolerantly: nothing that a message holds raises.

See "Contents of event data that Amazon SES publishes to Amazon SNS" in the SES developer guide.
"""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Any, NamedTuple

from addressee.emails.ports import SendKey
from addressee.emails.send import send_id_in
from addressee.events.messages import NotAccepted
from addressee.events.times import to_ms
from addressee.feedback.events import HARD, SOFT, Feedback, Fetch, Kind, Refused, Unused, event_id, key_of

SEND_ID = "send_id"
"""The message tag that names a send."""
PERMANENT = "permanent"
NOT_SPAM = "not-spam"
"""A report that takes an earlier one back (RFC 5965, feedback types as registered with IANA)."""
_BOTS: Mapping[object, bool] = {"likely": True, "true": True, "unlikely": False, "false": False}


class Mail(NamedTuple):
    """What every event repeats of its mail."""

    key: SendKey | None
    id: str
    accepted_at_ms: int
    destination: tuple[str, ...]
    received_at_ms: int

    @property
    def said(self) -> tuple[str, ...]:
        """What tells this mail apart from every other."""
        return (self.id, *(self.key or ()))


def read_ses_event(event: Mapping[str, Any], *, received_at_ms: int) -> Feedback | Unused | Refused:
    """Read one event. A time that it lacks is taken from its mail, or is `received_at_ms`; none is later than that."""
    kind = text(event.get("eventType") or event.get("notificationType"))
    reader = READERS.get(kind.casefold().replace(" ", ""))
    if reader is None:
        return Refused("eventType is none that is known" if kind else "eventType is missing")
    member, read = reader
    return read(_mail(mapping(event.get("mail")), received_at_ms), mapping(event.get(member)))


def text(value: object) -> str:
    """Return a string that UTF-8 can carry; empty for what is no string."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object; empty for what is none."""
    return value if isinstance(value, dict) else {}


def _mail(mail: Mapping[str, Any], received_at_ms: int) -> Mail:
    tagged = mapping(mail.get("tags")).get(SEND_ID)
    send_id = text(tagged[0] if isinstance(tagged, list) and tagged else tagged)
    accepted_at_ms = _time_ms(mail, received_at_ms, 0)
    return Mail(
        key_of(send_id_in(send_id)),
        text(mail.get("messageId")),
        accepted_at_ms,
        _addresses(mail.get("destination")),
        received_at_ms,
    )


def _addresses(listed: object) -> tuple[str, ...]:
    """Read addresses: strings, with a display name or without, or objects with `emailAddress`."""
    each = listed if isinstance(listed, list) else []
    written = [text(one.get("emailAddress") if isinstance(one, dict) else one) for one in each]
    return tuple(address for one in written if (address := parseaddr(one)[1] or one.strip()))


def _time_ms(about: Mapping[str, Any], received_at_ms: int, otherwise_ms: int) -> int:
    try:
        at_ms = to_ms(text(about.get("timestamp")), field="timestamp")
    except NotAccepted:
        return otherwise_ms
    return min(at_ms, received_at_ms) if at_ms > 0 else otherwise_ms


def _at_ms(mail: Mail, about: Mapping[str, Any]) -> int:
    return _time_ms(about, mail.received_at_ms, mail.accepted_at_ms or mail.received_at_ms)


def _whole(kind: Kind) -> Callable[[Mail, Mapping[str, Any]], Feedback]:
    """Make a reader of what happens to a mail once."""

    def read(mail: Mail, about: Mapping[str, Any]) -> Feedback:
        return Feedback(kind, mail.key, _at_ms(mail, about), event_id(kind, *mail.said), mail.id, mail.accepted_at_ms)

    return read


def _bounce(mail: Mail, about: Mapping[str, Any]) -> Feedback:
    kind, subkind = (text(about.get(name)) or "Undetermined" for name in ("bounceType", "bounceSubType"))
    label = HARD if kind.casefold() == PERMANENT else SOFT
    return Feedback(
        "bounced",
        mail.key,
        _at_ms(mail, about),
        event_id("bounced", *mail.said, label),
        mail.id,
        mail.accepted_at_ms,
        recipients=_concerned(mail, about.get("bouncedRecipients")),
        bounce=f"{kind}/{subkind}",
        label=label,
    )


def _complaint(mail: Mail, about: Mapping[str, Any]) -> Feedback | Unused:
    if text(about.get("complaintFeedbackType")).casefold() == NOT_SPAM:
        return Unused(NOT_SPAM)
    return Feedback(
        "complained",
        mail.key,
        _at_ms(mail, about),
        event_id("complained", *mail.said),
        mail.id,
        mail.accepted_at_ms,
        recipients=_concerned(mail, about.get("complainedRecipients")),
    )


def _concerned(mail: Mail, listed: object) -> tuple[str, ...]:
    """List whom it is about: those named, and to whom the mail went, which a forwarding server may name otherwise.

    Only where it went to one: of several, some may have nothing to do with it.
    """
    only = mail.destination if len(mail.destination) == 1 else ()
    return tuple(dict.fromkeys((*_addresses(listed), *only)))


def _fetched(kind: Kind) -> Callable[[Mail, Mapping[str, Any]], Feedback]:
    """Make a reader of opens or clicks, of which a mail may have many."""

    def read(mail: Mail, about: Mapping[str, Any]) -> Feedback:
        at_ms, agent = _at_ms(mail, about), text(about.get("userAgent"))
        told = event_id(kind, *mail.said, at_ms, agent, text(about.get("link")))
        fetch = Fetch(agent, is_bot=_is_bot(about.get("isBotEvent")))
        return Feedback(kind, mail.key, at_ms, told, mail.id, mail.accepted_at_ms, fetch=fetch)

    return read


def _is_bot(flag: object) -> bool | None:
    """Read SES's own judgement (since August 2026): `Likely` or `Unlikely`; a boolean would do too."""
    return _BOTS.get(str(flag).casefold())


def _subscription(mail: Mail, about: Mapping[str, Any]) -> Feedback | Unused:
    if mapping(about.get("newTopicPreferences")).get("unsubscribeAll") is not True:
        return Unused("topics of SES's own lists")
    return _whole("unsubscribed")(mail, about)


def _delay(_mail: Mail, _about: Mapping[str, Any]) -> Unused:
    return Unused("SES tries on")


def _subscribed(_mail: Mail, _about: Mapping[str, Any]) -> Unused:
    return Unused("the topic was set up")


Reader = Callable[[Mail, Mapping[str, Any]], Feedback | Unused]
READERS: Mapping[str, tuple[str, Reader]] = {
    "send": ("send", _whole("sent")),
    "delivery": ("delivery", _whole("delivered")),
    "bounce": ("bounce", _bounce),
    "complaint": ("complaint", _complaint),
    "reject": ("reject", _whole("rejected")),
    "renderingfailure": ("failure", _whole("rejected")),
    "deliverydelay": ("deliveryDelay", _delay),
    "open": ("open", _fetched("opened")),
    "click": ("click", _fetched("clicked")),
    "subscription": ("subscription", _subscription),
    "amazonsnssubscriptionsucceeded": ("message", _subscribed),
}
"""Event type, in lower case and without blanks -> the member that holds its details, and who reads it."""
