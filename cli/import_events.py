"""Orders and events from files: Segment messages, folded as `update_profiles` does, each user's state written once.

An import is a source of its own beside the stream: its watermark is kept under a key made of what the files hold, so
the same files again change nothing, whatever they are called. Rows count as received when they happened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from addressee.events.event import Event, Refusal
from addressee.events.read import read_message
from addressee.profiles.batch import Arrival, Record, Rejected, arrive
from addressee.profiles.update import Ports, fold_all
from cli.columns import Columns, Source
from cli.refusals import Run

EVENTS_PER_ROUND = 10_000
ORDERS = Columns(
    needed=("user_id", "order_id", "timestamp", "item_id"),
    known=("category", "quantity", "price", "amount", "currency"),
    aliases={
        "user_id": ("customer_id", "subscriber_id"),
        "timestamp": ("ordered_at", "created_at", "date", "time"),
        "item_id": ("product_id", "sku"),
        "quantity": ("qty",),
        "price": ("unit_price",),
        "amount": ("line_total",),
    },
)
EVENTS = Columns(
    needed=("timestamp",),
    known=(
        *("user_id", "anonymous_id", "previous_id", "type", "event", "name", "message_id"),
        *("order_id", "item_id", "category", "quantity", "price", "currency"),
        *("send_id", "campaign_id", "label", "path", "duration_ms", "device", "locale", "time_zone"),
    ),
    aliases={
        "user_id": ("customer_id", "subscriber_id"),
        "timestamp": ("occurred_at", "created_at", "date", "time"),
        "event": ("event_name", "event_type"),
        "item_id": ("product_id", "sku"),
    },
)

# The message of each order, in order of user and time. `amount` is a line's total; where it is no number it stands as
# the price, so that it is refused by name.
ORDER_MESSAGES = """
SELECT user_id, 'order ' || coalesce(order_id, '') AS id, happened, to_json({type: 'track', event: 'Order Completed',
  messageId: 'order-' || order_id, userId: user_id, timestamp: happened, receivedAt: happened,
  properties: {order_id: order_id, currency: currency, products: products}}) AS message
FROM (
  SELECT user_id, order_id, min(timestamp) AS happened, any_value(currency) AS currency, list({product_id: item_id,
    category: category,
    quantity: CASE WHEN pieces THEN to_json(TRY_CAST(quantity AS BIGINT)) ELSE to_json(quantity) END,
    price: CASE WHEN amount IS NOT NULL AND minor_units IS NULL THEN amount ELSE price END,
    amount_minor_units: minor_units} ORDER BY row) AS products
  FROM (SELECT *, regexp_full_match(quantity, '[0-9]{1,9}') AS pieces,
    CAST(round(TRY_CAST(amount AS DECIMAL(18, 4)) * 100) AS BIGINT) AS minor_units FROM fields)
  GROUP BY user_id, order_id, CASE WHEN order_id IS NULL THEN row END
) ORDER BY user_id, happened, order_id"""
EVENT_MESSAGES = """
SELECT coalesce(user_id, anonymous_id), 'row ' || (row + 1), timestamp, to_json({type: coalesce(type, 'track'),
  event: event, name: name, messageId: coalesce(message_id, 'import-$digest-' || row), userId: user_id,
  anonymousId: anonymous_id, previousId: previous_id, timestamp: timestamp, receivedAt: timestamp,
  context: {locale: locale, timezone: time_zone, device: {type: device}},
  properties: {order_id: order_id, currency: currency, product_id: item_id, category: category, quantity: quantity,
    price: price, send_id: send_id, campaign_id: campaign_id, label: label, path: path,
    duration_ms: TRY_CAST(duration_ms AS DOUBLE)}}) AS message
FROM fields ORDER BY coalesce(user_id, anonymous_id), timestamp, row"""


@dataclass(frozen=True)
class Message:
    """One message of a file: who it is about, how to find it again, when it happened, the Segment message."""

    owner: str
    row_id: str
    happened: str
    data: bytes


def order_messages(source: Source) -> Iterator[Message]:
    """Read one message per order; lines that name no order are refused one by one."""
    return _messages(source, ORDER_MESSAGES)


def event_messages(source: Source) -> Iterator[Message]:
    """Read one message per row."""
    return _messages(source, EVENT_MESSAGES.replace("$digest", source.digest()))


def _messages(source: Source, query: str) -> Iterator[Message]:
    for owner, row_id, happened, message in source.select(query):
        yield Message(owner or "", row_id, happened or "", message.encode())


@dataclass(frozen=True)
class EventImport:
    """What an import of messages works with; `digest` identifies what the files hold."""

    ports: Ports
    key: bytes
    digest: str
    run: Run

    def fold(self, messages: Iterator[Message]) -> None:
        """Fold all messages, some whole users at a time."""
        report = self.run.report
        for group in whole_users(messages, EVENTS_PER_ROUND):
            arrivals, rejected = self._read(group, start=report.rows)
            counts = fold_all(arrivals, rejected, self.ports)
            report.rows += len(group)
            report.accepted += counts.folded
            report.repeated += counts.duplicates
            self.run.advance(len(group))

    def _read(self, group: Sequence[Message], *, start: int) -> tuple[list[Arrival], list[Rejected]]:
        arrivals: list[Arrival] = []
        rejected: list[Rejected] = []
        for number, message in enumerate(group, start + 1):
            record = Record(f"import:{self.digest}", str(number), message.data, self.run.now_ms)
            event = self._event(message)
            if isinstance(event, Refusal):
                self.run.refusals.add(message.row_id, event.field, event.reason, message.data.decode())
                rejected.append(Rejected(record, event.field, event.reason))
            else:
                arrivals.append(arrive(record, event, key=self.key))
        return arrivals, rejected

    def _event(self, message: Message) -> Event | Refusal:
        if not message.happened:
            return Refusal("timestamp", "is missing")
        event = read_message(message.data, received_at_ms=self.run.now_ms)
        if isinstance(event, Refusal):
            return replace(event, field=event.field.replace("receivedAt", "timestamp"))
        if event.name == "Order Completed" and not event.order_id:
            return Refusal("order_id", "is missing")
        return Refusal("timestamp", "lies in the future") if event.event_time_ms == self.run.now_ms else event


def whole_users(messages: Iterator[Message], size: int) -> Iterator[list[Message]]:
    """Group messages that are sorted by owner: at least `size` a group, nobody's messages in two groups."""
    group: list[Message] = []
    for message in messages:
        if len(group) >= size and message.owner != group[-1].owner:
            yield group
            group = []
        group.append(message)
    if group:
        yield group
