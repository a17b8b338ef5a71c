"""What becomes of a mail, simulated by its address: `bounce...`, `complaint...` and others; docs/twin.md lists them."""

import re
from typing import NamedTuple

SLOW_SECONDS = 20.0
_WORD = re.compile(r"[a-z]+|\d+")
_EVENTS: dict[str, tuple[str, ...]] = {
    "bounce": ("Send", "Bounce"),
    "softbounce": ("Send", "Bounce"),
    "complaint": ("Send", "Delivery", "Complaint"),
    "reject": ("Send", "Reject"),
    "silent": (),
}
_HOLDING = ("throttle", "slow")


class Outcome(NamedTuple):
    """What the address asks for: SES's events, a first answer that throttles, an answer that comes late."""

    word: str = ""
    events: tuple[str, ...] = ("Send", "Delivery")
    throttles: bool = False
    answer_after_seconds: float = 0.0


def outcome_of(address: str) -> Outcome:
    """Read the words with which a local part begins: `slow5-silent-1@example.com` is slow (5 s) and silent."""
    words = _WORD.findall(address.rpartition("@")[0].lower())
    outcome, place = Outcome(), 0
    while place < len(words) and (words[place] in _EVENTS or words[place] in _HOLDING):
        word = words[place]
        number = words[place + 1] if place + 1 < len(words) and words[place + 1].isdigit() else ""
        outcome = _with(outcome, word, number)
        place += 2 if word == "slow" and number else 1
    return outcome


def _with(outcome: Outcome, word: str, number: str) -> Outcome:
    if word == "throttle":
        return outcome._replace(throttles=True)
    if word == "slow":
        return outcome._replace(answer_after_seconds=float(number) if number else SLOW_SECONDS)
    return outcome._replace(word=word, events=_EVENTS[word])
