"""A simulated campaign for tests: rows, engagement and orders of made-up people, with a known truth."""

from random import Random

from addressee.emails.send import Send
from addressee.feedback.attribution import COMPLETED, Engagement, OrderEvent
from addressee.feedback.figures import Scope, Story

CAMPAIGN = "spring-digest"
START_MS = 1_767_600_000_000
"""2026-01-05T08:00Z."""
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
SEGMENTS = ("loyal", "promising", "at_risk", "new")
ODD_ENDS = {
    0: ("skipped", "cap_per_week"),
    1: ("bounced", ""),
    2: ("complained", ""),
    3: ("unknown", ""),
    4: ("sent", ""),
}


def scope(**changes) -> Scope:
    """Make the usual scope: two days of sending, seven days of window, a tenth held out."""
    usual = {"campaign": CAMPAIGN, "start_ms": START_MS, "until_ms": START_MS + 9 * DAY_MS, "window_ms": 7 * DAY_MS}
    return Scope(**{**usual, "holdout_share": 0.1, "segments_as_of": "2026-01-04", **changes})


def subject_of(number: int) -> str:
    """Make up a subject."""
    return f"{number * 2_654_435_761 % 2**32:08x}{number:024x}"


def story(people: int = 1_000, *, seed: int = 1, lift: float = 0.05, spend: float = 2_500.0) -> Story:
    """Simulate a campaign of `people`: a tenth held out, 8 % buy anyway, mailed ones `lift` more often."""
    rng = Random(seed)
    sends, engagements, orders, segments = [], [], [], {}
    for number in range(people):
        subject = subject_of(number)
        segments[subject] = {"rfm_tiers": SEGMENTS[min(int(rng.expovariate(0.8)), 3)]}
        held_out = number % 10 == 9
        sends.append(_send(subject, number, held_out=held_out))
        if sends[-1].state == "delivered":
            engagements += _engagement(subject, rng)
        if rng.random() < 0.08 + (0.0 if held_out else lift):
            amount = round(rng.lognormvariate(0, 0.8) * spend)
            at_ms = START_MS + 30 * HOUR_MS + rng.randrange(5 * DAY_MS)
            orders.append(OrderEvent(f"o-{number}", subject, COMPLETED, f"order-{number}", at_ms, amount, "EUR"))
    return Story(sends, engagements, orders, segments)


def _send(subject: str, number: int, *, held_out: bool) -> Send:
    if held_out:
        return Send(subject, CAMPAIGN, "skipped", reason="holdout", settled_at_ms=START_MS)
    state, reason = ODD_ENDS.get(number % 150, ("delivered", ""))
    return Send(subject, CAMPAIGN, state, reason=reason, sent_at_ms=START_MS + HOUR_MS)


def _engagement(subject: str, rng: Random) -> list[Engagement]:
    found = []
    for kind, label, chance in (
        ("open", "machine", 0.3),
        ("open", "unknown", 0.05),
        ("open", "human", 0.3),
        ("click", "machine", 0.04),
        ("click", "human", 0.09),
        ("unsubscribe", "", 0.005),
    ):
        if rng.random() < chance:
            at_ms = START_MS + 2 * HOUR_MS + rng.randrange(28 * HOUR_MS)
            found.append(Engagement(f"{kind}-{label}-{subject}", subject, CAMPAIGN, kind, label, at_ms))
    return found
