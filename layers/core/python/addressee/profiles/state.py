"""`State`: what the fold remembers of one person. `docs/profile-state.md` explains the rules and the byte budget."""

from dataclasses import dataclass, field

from addressee.profiles.context import CONTEXT_BITS
from addressee.profiles.hashing import CATEGORY_BUCKETS, MESSAGE_BYTES

SECOND_MS = 1_000
HALF_HOUR_MS = 1_800_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

MESSAGES = 128
BOUGHT = 256
CART = 20
SENDS = 32
WATERMARKS = 9
KEY_BYTES = 6
DAYS = 184
CONTEXT_DAYS = 256
"""For so many days, back from the last activity, it is remembered in which context somebody was."""
HALF_HOURS = 336
HOURS = 168

MAX_AMOUNT_MINOR_UNITS = 10**12
MAX_QUANTITY = 10**6
MAX_COUNT = 2**32 - 1
MAX_TOTAL = 2**63 - 1
MAX_DAY = 2**16 - 1
MAX_HOUR_COUNT = 255

COUNTERS = ("orders", "revenue", "items", "views", "carts", "opens", "clicks")
HALF_LIVES_DAYS = (7, 30, 90)
CATEGORY_HALF_LIFE_DAYS = 90

TIMES = (
    "first_seen_ms",
    "last_seen_ms",
    "first_order_ms",
    "last_order_ms",
    "last_view_ms",
    "last_cart_ms",
    "last_open_ms",
    "last_click_ms",
    "bounced_ms",
    "complained_ms",
    "unsubscribed_ms",
)


@dataclass(slots=True)
class State:
    """One person's aggregates. A time of 0 means never; all times are milliseconds since the epoch, UTC.

    `last_seen_ms`, the newest activity, is also the anchor of everything that slides: `decayed` and `category_spend`
    are values as of then; bit i of `active_days` is the day i days before its day, bit i of `active_half_hours` the
    half-hour i half-hours before its half-hour. `bought`, `cart` and `sends` may hold a few entries more than the
    packed form keeps; packing takes the latest.
    """

    messages: bytes = b""
    """Hashes of the latest `MESSAGES` messages, `MESSAGE_BYTES` each, oldest first, end to end as they are packed."""
    bought: dict[int, int] = field(default_factory=dict)
    """Item hash -> last day on which it was bought (days since the epoch)."""
    cart: dict[int, int] = field(default_factory=dict)
    """Item hash -> stamp: event time (48 bits), tie of the message (15 bits), 1 in the cart or 0 taken out."""
    sends: dict[int, int] = field(default_factory=dict)
    """Send hash -> latest `Email Sent` or `Email Delivered` (seconds since the epoch)."""
    watermarks: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Hash of a partition key -> (highest sequence number folded, last use in seconds since the epoch)."""
    hour_of_week: bytearray = field(default_factory=lambda: bytearray(HOURS))
    """Activity per hour of the week, UTC, Monday 00:00 first, each saturating at 255."""
    decayed: list[float] = field(default_factory=lambda: [0.0] * (len(COUNTERS) * len(HALF_LIVES_DAYS)))
    """`COUNTERS` x `HALF_LIVES_DAYS`, the half-lives of a counter side by side, as of `last_seen_ms`."""
    category_spend: list[float] = field(default_factory=lambda: [0.0] * CATEGORY_BUCKETS)
    """Minor units spent per hashed category, decayed, as of `last_seen_ms`."""
    active_days: int = 0
    active_half_hours: int = 0
    orders: int = 0
    items: int = 0
    views: int = 0
    carts: int = 0
    opens: int = 0
    clicks: int = 0
    revenue_minor_units: int = 0
    refunded_minor_units: int = 0
    largest_order_minor_units: int = 0
    first_seen_ms: int = 0
    last_seen_ms: int = 0
    first_order_ms: int = 0
    last_order_ms: int = 0
    last_view_ms: int = 0
    last_cart_ms: int = 0
    last_open_ms: int = 0
    last_click_ms: int = 0
    bounced_ms: int = 0
    complained_ms: int = 0
    unsubscribed_ms: int = 0
    context: int = 0
    """The latest day with a context (days since the epoch), and its code (24 bits): of a day the greatest one."""

    def has_folded(self, message: bytes) -> bool:
        """Tell whether the hash of a message is among those kept."""
        at = self.messages.find(message)
        while at > 0 and at % MESSAGE_BYTES:  # the same bytes across two others
            at = self.messages.find(message, at + 1)
        return at >= 0

    def note_message(self, message: bytes) -> None:
        """Keep the hash of a message; the oldest beyond `MESSAGES` goes."""
        self.messages = (self.messages + message)[-MESSAGES * MESSAGE_BYTES :]

    def cart_hashes(self) -> set[int]:
        """Return the hashes of the items that are in the cart now."""
        return {item for item, stamp in self.latest_cart() if stamp & 1}

    def latest_cart(self) -> list[tuple[int, int]]:
        """Return the latest `CART` cart lines, removals among them, newest first."""
        return latest(self.cart, CART)

    def clear_cart(self) -> None:
        """Empty the cart as of the last order: what was put in or taken out later stays."""
        self.cart = {item: stamp for item, stamp in self.cart.items() if stamp >> 16 > self.last_order_ms}

    @property
    def recent_sends(self) -> list[tuple[int, int]]:
        """The latest `SENDS` sends as (send hash, time in milliseconds, whole seconds), newest first."""
        return [(send, at * SECOND_MS) for send, at in latest(self.sends, SENDS)]


def slide(state: State, at_ms: int) -> None:
    """Move the anchor, `last_seen_ms`, forward to `at_ms`: bitmaps shift, decayed values decay."""
    if state.last_seen_ms:
        state.active_days = _shifted(state.active_days, at_ms // DAY_MS - state.last_seen_ms // DAY_MS, DAYS)
        half_hours = at_ms // HALF_HOUR_MS - state.last_seen_ms // HALF_HOUR_MS
        state.active_half_hours = _shifted(state.active_half_hours, half_hours, HALF_HOURS)
        _decay(state, at_ms - state.last_seen_ms)
        if state.context >> CONTEXT_BITS <= at_ms // DAY_MS - CONTEXT_DAYS:
            state.context = 0
    state.last_seen_ms = at_ms


def _shifted(bits: int, by: int, width: int) -> int:
    return 0 if by >= width else bits << by & ((1 << width) - 1)


def _decay(state: State, passed_ms: int) -> None:
    factors = tuple(0.5 ** (passed_ms / (days * DAY_MS)) for days in HALF_LIVES_DAYS) * len(COUNTERS)
    state.decayed = [value * factor for value, factor in zip(state.decayed, factors, strict=True)]
    factor = 0.5 ** (passed_ms / (CATEGORY_HALF_LIFE_DAYS * DAY_MS))
    state.category_spend = [spent * factor for spent in state.category_spend]


def latest(entries: dict[int, int], limit: int) -> list[tuple[int, int]]:
    """Return the `limit` entries with the largest (value, key), largest first: the same in whichever order they came.

    That holds while a key's value only ever grows: what fell out once is smaller than all that stayed.
    """
    return sorted(entries.items(), key=lambda entry: (entry[1], entry[0]), reverse=True)[:limit]


def empty_state() -> State:
    """Return the state of somebody of whom nothing is known."""
    return State()
