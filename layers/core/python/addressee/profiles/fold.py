"""`fold`: one event into one state; `docs/profile-state.md` says what each event name does."""

from addressee.events.event import Event
from addressee.profiles.context import CONTEXT_BITS, context_code
from addressee.profiles.hashing import message_hash
from addressee.profiles.rules import RULES
from addressee.profiles.state import (
    CONTEXT_DAYS,
    DAY_MS,
    DAYS,
    HALF_HOUR_MS,
    HALF_HOURS,
    HOUR_MS,
    HOURS,
    MAX_HOUR_COUNT,
    State,
    slide,
)

MACHINE = "machine"
BEHAVIOUR_KINDS = ("track", "page", "screen")
BACK_OFFICE_NAMES = ("Order Refunded", "Order Cancelled", "Unsubscribed")
EMAIL_PREFIX = "Email "
ENGAGEMENT_NAMES = ("Email Opened", "Email Link Clicked")
SEND_NAMES = ("Email Sent", "Email Delivered")
MONDAY = 3 * 24
"""The epoch began on a Thursday, this many hours after Monday 00:00."""


def fold(state: State, event: Event) -> State:
    """Fold one event, in place, and return the state.

    The result does not depend on the order of events (float sums: to 1e-9), so long as a copy of a message comes
    within the next 128 messages. A copy, and whatever a machine did (`label`), changes nothing else.
    """
    digest = message_hash(event.message_id)
    if state.has_folded(digest):
        return state
    state.note_message(digest)
    if event.kind not in BEHAVIOUR_KINDS or event.label == MACHINE:
        return state
    at_ms = max(event.event_time_ms, 1)
    name = event.name if event.kind == "track" else ""
    if is_activity(name):
        _see(state, at_ms)
        note_context(state, context_code(event.device, event.locale), at_ms)
    rule = RULES.get(name)
    if rule is not None:
        rule(state, event, at_ms)
    return state


def is_folded(state: State, message_id: str) -> bool:
    """Tell whether the message is among the latest 128 that were folded."""
    return state.has_folded(message_hash(message_id))


def is_activity(name: str) -> bool:
    """Tell whether a tracked event of this name means that the person was there (a page or screen always does)."""
    return name in ENGAGEMENT_NAMES or not (name in BACK_OFFICE_NAMES or name.startswith(EMAIL_PREFIX))


def is_own_send(event: Event, subject: str) -> bool:
    """Tell whether the event says that Addressee itself sent a mail to `subject`, by the event's own word.

    Its send ids begin with the subject and a dot. `sends` and `touches` hold these; the state does not, for two of
    its writes per mail would cost more than everything else that a mail costs.
    """
    return event.kind == "track" and event.name in SEND_NAMES and event.send_id.startswith(f"{subject}.")


def note_context(state: State, code: int, at_ms: int) -> None:
    """Remember the code of an activity's context, by (day, code): the same in whichever order they come."""
    day = at_ms // DAY_MS
    if code and day > state.last_seen_ms // DAY_MS - CONTEXT_DAYS:
        state.context = max(state.context, day << CONTEXT_BITS | code)


def _see(state: State, at_ms: int) -> None:
    if at_ms > state.last_seen_ms:
        slide(state, at_ms)
    if not state.first_seen_ms or at_ms < state.first_seen_ms:
        state.first_seen_ms = at_ms
    day = state.last_seen_ms // DAY_MS - at_ms // DAY_MS
    if day < DAYS:
        state.active_days |= 1 << day
    half_hour = state.last_seen_ms // HALF_HOUR_MS - at_ms // HALF_HOUR_MS
    if half_hour < HALF_HOURS:
        state.active_half_hours |= 1 << half_hour
    hour = (at_ms // HOUR_MS + MONDAY) % HOURS
    if state.hour_of_week[hour] < MAX_HOUR_COUNT:
        state.hour_of_week[hour] += 1
