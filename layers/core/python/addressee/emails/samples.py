"""Made-up people: those that every template must do for, and those that a template brings along."""

from collections.abc import Mapping
from typing import Any

from addressee.emails.links import LinkKey
from addressee.emails.money import resolve_locale
from addressee.emails.template import InvalidTemplate, Template
from addressee.emails.values import Known, LinkFacts, Values, inputs_of, products_of
from addressee.profiles.checks import minor_units
from addressee.profiles.items import Item

SAMPLE_KEY = LinkKey("x", b"a key that signs nothing but samples")
POSTAL_ADDRESS = "Example Shop, 1 Example Street, 12345 Exampleton"
SENDER_NAME = "Example Shop"
NOW_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
_FIELDS = frozenset({"firstName", "locale", "cold", "traits", "products"})
_PRODUCT_FIELDS = frozenset({"title", "category", "price", "currency", "url", "image", "reason"})
_LONG = "Hand-picked organic Wagyu & Straße œuvre <Ünïcödé> \u4e16\u754c \u0639\u0631\u0628\u064a " * 8
_LONG_PRODUCT = {
    "title": _LONG,
    "category": _LONG,
    "price": 1_234_567.89,
    "currency": "EUR",
    "url": "https://shop.example.com/" + "a-long-path/" * 60,
    "image": "https://shop.example.com/" + "a-long-picture/" * 60,
    "reason": "bought_together_with",
}
_PLAIN_PRODUCT = {"title": "Oat milk", "category": "Milk", "reason": "popular"}
BUILT_IN: Mapping[str, Mapping[str, Any]] = {
    "an empty person": {"cold": True},
    "a long person": {
        "firstName": "Wolfeschlegelsteinhausenbergerdorff-Maximiliane Æthelþryð",
        "locale": "de-AT",
        "products": [_LONG_PRODUCT] * 12,
    },
    "a cold person": {
        "cold": True,
        "products": [{**_PLAIN_PRODUCT, "price": 1.99, "currency": "USD", "url": "https://shop.example.com/oat-milk"}],
    },
    "a product without price, link and picture": {"firstName": "Ada", "products": [_PLAIN_PRODUCT]},
}


def sample_values(template: Template, sample: Mapping[str, Any]) -> Values:
    """Make the values of a mail to a made-up person. Raises `InvalidTemplate`, which names the field."""
    if unknown := sorted(set(sample) - _FIELDS):
        raise InvalidTemplate(f"samples: {unknown[0]} is not a field of a sample")
    known = Known(
        first_name=str(sample.get("firstName", "")),
        traits=dict(sample.get("traits", {})),
        products=[_product(place, each) for place, each in enumerate(sample.get("products", ()))],
        sender_name=SENDER_NAME,
        postal_address=POSTAL_ADDRESS,
        campaign="sample",
    )
    return Values(
        template=template.name,
        version=template.version,
        send_id=f"{'0' * 32}.sample",
        locale=resolve_locale(str(sample.get("locale", "")), template.manifest.language),
        cold=bool(sample.get("cold", False)),
        link=LinkFacts("https://links.example.com", SAMPLE_KEY.key_id, NOW_MS // 86_400_000, "ours"),
        inputs=inputs_of(template.manifest, known, now_ms=NOW_MS),
        products=products_of(template.manifest, known),
    )


def _product(place: int, given: Mapping[str, Any]) -> tuple[Item, str]:
    if unknown := sorted(set(given) - _PRODUCT_FIELDS):
        raise InvalidTemplate(f"samples: {unknown[0]} is not a field of a sample's product")
    try:
        price = minor_units(given.get("price", 0))
    except ValueError as error:
        raise InvalidTemplate(f"samples: price {error}") from None
    item = Item(
        item_id=f"sample-{place}",
        title=str(given.get("title", "")),
        category=str(given.get("category", "")),
        price_minor_units=price,
        currency=str(given.get("currency", "")),
        url=str(given.get("url", "")),
        image=str(given.get("image", "")),
    )
    return item, str(given.get("reason", "popular"))
