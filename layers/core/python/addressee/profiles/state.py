"""`State`: what the fold remembers of one person. `docs/profile-state.md` explains the rules and the byte budget."""

from operator import mul

from addressee.profiles.context import CONTEXT_BITS
from addressee.profiles.hashing import CATEGORY_BUCKETS, MESSAGE_BYTES
from addressee.profiles.sections import (
    BOUGHT,
    BOUGHT_ROW,
    CART,
    CART_ROW,
    SENDS,
    SENDS_ROW,
    Entries,
    Watermarks,
    latest,
    pack_entries,
    pack_watermarks,
    read_entries,
    read_watermarks,
)
from addressee.profiles.totals import Totals

SECOND_MS = 1_000
HALF_HOUR_MS = 1_800_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

MESSAGES = 128
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
_HALF_LIVES_MS = [days * DAY_MS for days in HALF_LIVES_DAYS]
_CATEGORY_HALF_LIFE_MS = CATEGORY_HALF_LIFE_DAYS * DAY_MS

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


COLLECTIONS = ("bought", "cart", "sends", "watermarks")
FIELDS = ("messages", *COLLECTIONS, "hour_of_week", "decayed", "category_spend", *Totals.__slots__)
"""All that a state remembers, by name."""


class State(Totals):
    """One person's aggregates. A time of 0 means never; all times are milliseconds since the epoch, UTC.

    `last_seen_ms`, the newest activity, is also the anchor of everything that slides: `decayed` and `category_spend`
    are values as of then, and the bitmaps count back from it. `bought`, `cart` and `sends` may hold a few entries more
    than the packed form keeps; packing takes the latest. They and the watermarks stay packed until they are read, and
    what was never read is written as it came: most events touch one of them at most.
    """

    __slots__ = ("_bought", "_cart", "_sends", "_watermarks", "category_spend", "decayed", "hour_of_week", "messages")

    messages: bytes
    """Hashes of the latest `MESSAGES` messages, `MESSAGE_BYTES` each, oldest first, end to end as they are packed."""
    hour_of_week: bytearray
    """Activity per hour of the week, UTC, Monday 00:00 first, each saturating at 255."""
    decayed: list[float]
    """`COUNTERS` x `HALF_LIVES_DAYS`, the half-lives of a counter side by side, as of `last_seen_ms`."""
    category_spend: list[float]
    """Minor units spent per hashed category, decayed, as of `last_seen_ms`."""
    _bought: Entries | bytes
    _cart: Entries | bytes
    _sends: Entries | bytes
    _watermarks: Watermarks | bytes

    def __init__(  # noqa: PLR0913  # so many parts a state has
        self,
        *,
        messages: bytes = b"",
        bought: Entries | None = None,
        cart: Entries | None = None,
        sends: Entries | None = None,
        watermarks: Watermarks | None = None,
        hour_of_week: bytearray | None = None,
        **totals: int,
    ) -> None:
        """Begin with what is given, of nobody known; `totals` are those of `Totals`."""
        super().__init__(**totals)
        self.messages = messages
        self.hour_of_week = bytearray(HOURS) if hour_of_week is None else hour_of_week
        self.decayed = [0.0] * (len(COUNTERS) * len(HALF_LIVES_DAYS))
        self.category_spend = [0.0] * CATEGORY_BUCKETS
        self._bought = {} if bought is None else bought
        self._cart = {} if cart is None else cart
        self._sends = {} if sends is None else sends
        self._watermarks = {} if watermarks is None else watermarks

    @property
    def bought(self) -> Entries:
        """Item hash -> last day on which it was bought (days since the epoch)."""
        if isinstance(self._bought, bytes):
            self._bought = read_entries(BOUGHT_ROW, self._bought)
        return self._bought

    @bought.setter
    def bought(self, bought: Entries) -> None:
        self._bought = bought

    @property
    def cart(self) -> Entries:
        """Item hash -> stamp: event time (48 bits), tie of the message (15 bits), 1 in the cart or 0 taken out."""
        if isinstance(self._cart, bytes):
            self._cart = read_entries(CART_ROW, self._cart)
        return self._cart

    @cart.setter
    def cart(self, cart: Entries) -> None:
        self._cart = cart

    @property
    def sends(self) -> Entries:
        """Send hash -> latest `Email Sent` or `Email Delivered` (seconds since the epoch)."""
        if isinstance(self._sends, bytes):
            self._sends = read_entries(SENDS_ROW, self._sends)
        return self._sends

    @sends.setter
    def sends(self, sends: Entries) -> None:
        self._sends = sends

    @property
    def watermarks(self) -> Watermarks:
        """Hash of a partition key -> (highest sequence number folded, last use in seconds since the epoch)."""
        if isinstance(self._watermarks, bytes):
            self._watermarks = read_watermarks(self._watermarks)
        return self._watermarks

    @watermarks.setter
    def watermarks(self, watermarks: Watermarks) -> None:
        self._watermarks = watermarks

    def keep_packed(self, bought: bytes, cart: bytes, sends: bytes, watermarks: bytes) -> None:
        """Take collections as they are packed: each is read when it is asked for."""
        self._bought, self._cart, self._sends, self._watermarks = bought, cart, sends, watermarks

    def packed_collections(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Return `bought`, `cart`, `sends` and `watermarks` packed; what nobody has read since it came as it came."""
        bought, cart, sends, marks = self._bought, self._cart, self._sends, self._watermarks
        return (
            bought if isinstance(bought, bytes) else pack_entries(BOUGHT_ROW, bought, BOUGHT),
            cart if isinstance(cart, bytes) else pack_entries(CART_ROW, cart, CART),
            sends if isinstance(sends, bytes) else pack_entries(SENDS_ROW, sends, SENDS),
            marks if isinstance(marks, bytes) else pack_watermarks(marks),
        )

    def __eq__(self, other: object) -> bool:
        """Two states are equal that remember the same, packed or read."""
        if not isinstance(other, State):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in FIELDS)

    __hash__ = None  # type: ignore[assignment]  # what changes in place has no hash

    def __repr__(self) -> str:
        """Tell all that is remembered."""
        return f"State({', '.join(f'{name}={getattr(self, name)!r}' for name in FIELDS)})"

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
        if self._cart:
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
    factors = [0.5 ** (passed_ms / half_life_ms) for half_life_ms in _HALF_LIVES_MS]
    state.decayed = list(map(mul, state.decayed, factors * len(COUNTERS)))
    factor = 0.5 ** (passed_ms / _CATEGORY_HALF_LIFE_MS)
    state.category_spend = [spent * factor for spent in state.category_spend]


def empty_state() -> State:
    """Return the state of somebody of whom nothing is known."""
    return State()
