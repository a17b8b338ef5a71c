"""What each of the six calls says beyond its ids and times: name, order, lines, traits, e-mail."""

from collections.abc import Callable
from functools import lru_cache

from addressee.events.amounts import exact_amount, line_amount, minor_units
from addressee.events.declared import (
    COMMERCE,
    EMAIL,
    LABELS_OF,
    MAX_DURATION_MS,
    canonical_name,
)
from addressee.events.drafts import Draft, make_line
from addressee.events.event import Line
from addressee.events.messages import (
    COMMERCE_PROPERTIES,
    EMAIL_PROPERTIES,
    PAGE_PROPERTIES,
    TRAITS_OBJECT,
    CommerceProperties,
    EmailProperties,
    Message,
    NotAccepted,
    PageProperties,
    Product,
    decode,
)
from addressee.events.passing import SURELY_SHORT, Gate, cut
from addressee.events.traits import read_traits

_CURRENCY_LETTERS = 3


def read_track(message: Message, gate: Gate, draft: Draft) -> None:
    """Read a track call: the name, and the properties that its name declares."""
    name = gate.identifier(message.event, "event")
    if not name:
        raise NotAccepted("event", "is missing")
    if name not in COMMERCE and name not in EMAIL:
        name = canonical_name(name)
    draft.name = name
    if name in COMMERCE:
        _commerce(decode(COMMERCE_PROPERTIES, message.properties, prefix="properties"), gate, draft)
    elif name in EMAIL:
        _email(decode(EMAIL_PROPERTIES, message.properties, prefix="properties"), gate, draft)


def _commerce(properties: CommerceProperties | None, gate: Gate, draft: Draft) -> None:
    if properties is None:
        return
    draft.lines = lines = _lines(properties, gate)
    if properties.order_id is not None:
        draft.order_id = gate.text(properties.order_id, "properties.order_id")
    draft.amount_minor_units = _amount(properties, lines)
    draft.currency = _currency(properties.currency)


def _lines(properties: CommerceProperties, gate: Gate) -> tuple[Line, ...]:
    products, at = properties.products, -1
    try:
        if not products:
            has_item = not (properties.product_id is None and properties.sku is None and properties.id is None)
            return (_line(properties, "", gate),) if has_item else ()
        shared = gate.text(properties.category, "category")
        lines = []
        for at, product in enumerate(products):  # noqa: B007  # the place of a refused product is said below
            lines.append(_line(product, shared, gate))
    except NotAccepted as no:
        place = "properties" if at < 0 else f"properties.products[{at}]"
        raise NotAccepted(f"{place}.{no.field}", no.reason) from None
    return tuple(lines)


def _line(product: Product, shared_category: str, gate: Gate) -> Line:
    item_id, category = product.product_id, product.category
    if gate.is_plain and type(item_id) is str and 0 < len(item_id) <= SURELY_SHORT:  # as nearly every product is sent
        if category is None:
            category = shared_category
        elif type(category) is not str or len(category) > SURELY_SHORT:
            category = gate.text(category, "category")
    else:
        item_id, category = _names(product, shared_category, gate)
    if product.amount_minor_units is None:
        quantity, amount = line_amount(product.price, product.quantity)
    else:
        quantity, _ = line_amount(None, product.quantity)
        amount = exact_amount(product.amount_minor_units, field="amount_minor_units")
    return make_line(item_id, category, quantity, amount)


def _names(product: Product, shared_category: str, gate: Gate) -> tuple[str, str]:
    """Return the item's id and category, whatever form they were sent in."""
    item_id = gate.text(product.product_id, "product_id")
    if not item_id:
        item_id = gate.text(product.id, "id") or gate.text(product.sku, "sku")
        if not item_id:
            raise NotAccepted("product_id", "is missing")
    category = shared_category if product.category is None else gate.text(product.category, "category")
    return item_id, category


def _amount(properties: CommerceProperties, lines: tuple[Line, ...]) -> int:
    """Take the amount where it is said, else the sum of the lines."""
    if properties.products is not None and properties.amount_minor_units is not None:
        return exact_amount(properties.amount_minor_units, field="properties.amount_minor_units")
    if not (properties.revenue is None and properties.total is None and properties.value is None):
        for name in ("revenue", "total", "value"):
            amount = getattr(properties, name)
            if amount is not None and amount != "":  # a shop that has no figure may send an empty string
                return minor_units(amount, field=f"properties.{name}")
    if len(lines) == 1:
        return lines[0].amount_minor_units
    return exact_amount(sum([line.amount_minor_units for line in lines]), field="properties.products")


@lru_cache(maxsize=256)
def _currency(code: str | None) -> str:
    if not code:
        return ""
    if len(code) != _CURRENCY_LETTERS or not (code.isascii() and code.isalpha()):
        raise NotAccepted("properties.currency", "must be three letters (ISO 4217)")
    return code.upper()


def _email(properties: EmailProperties | None, gate: Gate, draft: Draft) -> None:
    if properties is None:
        return
    draft.send_id = gate.text(properties.send_id or properties.email_id, "properties.send_id")
    draft.campaign = gate.text(properties.campaign_id, "properties.campaign_id")
    if properties.label and properties.label in LABELS_OF.get(draft.name, ()):
        draft.label = properties.label


def read_view(message: Message, gate: Gate, draft: Draft) -> None:
    """Read a page or screen call: its name, its path, how long it was looked at."""
    properties = decode(PAGE_PROPERTIES, message.properties, prefix="properties") or PageProperties()
    draft.name = gate.text(message.name or properties.name, "name")
    if properties.path:
        draft.path = read_path(properties.path, gate)
    if properties.duration_ms is not None:
        if not 0 <= properties.duration_ms <= MAX_DURATION_MS:
            raise NotAccepted("properties.duration_ms", f"must be between 0 and {MAX_DURATION_MS}")
        draft.duration_ms = int(properties.duration_ms)


def read_path(path: str, gate: Gate) -> str:
    """Return a page's path without query and fragment, at most 256 bytes."""
    if gate.is_plain and len(path) <= SURELY_SHORT and "?" not in path and "#" not in path:
        return path
    if "?" in path or "#" in path or "\0" in path:
        path = path.partition("?")[0].partition("#")[0].replace("\0", "")
    return gate.without_address(path if len(path) <= SURELY_SHORT else cut(path))


def read_identify(message: Message, gate: Gate, draft: Draft) -> None:
    """Read an identify call: its declared traits."""
    sent = decode(TRAITS_OBJECT, message.traits, prefix="traits")
    if sent:
        draft.traits = read_traits(sent, gate)


def read_alias(message: Message, gate: Gate, draft: Draft) -> None:
    """Read an alias call: the earlier id of the same person."""
    previous_id = gate.identifier(message.previous_id, "previousId")
    if not previous_id:
        raise NotAccepted("previousId", "is missing")
    if not gate.identifier(message.user_id, "userId"):
        raise NotAccepted("userId", "is missing")
    draft.previous_id = previous_id


def read_group(message: Message, gate: Gate, _: Draft) -> None:
    """Read a group call: it must name its group; nothing of it is kept."""
    if not gate.text(message.group_id, "groupId"):
        raise NotAccepted("groupId", "is missing")


READERS: dict[str, Callable[[Message, Gate, Draft], None]] = {
    "track": read_track,
    "identify": read_identify,
    "page": read_view,
    "screen": read_view,
    "alias": read_alias,
    "group": read_group,
}
