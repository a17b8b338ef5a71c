"""What a template reads: the values of a mail with links, texts and reasons in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from addressee.emails.links import Links
from addressee.emails.money import Money
from addressee.emails.template import Manifest
from addressee.emails.values import Product, Values

TILES = 6
WHY: Mapping[str, str] = {
    "bought_often": "You buy this often",
    "bought_before": "You bought this before",
    "bought_together_with": "Goes well with what you bought",
    "popular_in_segment": "Popular with customers like you",
    "scored_earlier": "Picked for you",
    "popular": "Popular with our customers",
    "editorial": "Chosen by our team",
}
"""A decision's reasons in words, where a template has none of its own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A product as a template sees it. `url` and `image` may be empty, `price` None; `tile` is a colour's number 0..5.

    `initial` is the category's (else the title's) first letter or digit: what stands where there is no picture.
    """

    title: str
    category: str
    initial: str
    tile: int
    price: Money | None
    url: str
    image: str
    why: str


def view(values: Values, manifest: Manifest, links: Links) -> dict[str, Any]:
    """Build the names that the template may read: declared inputs, its own texts, and the locale for filters."""
    return {
        **_links(values, manifest, links),
        **values.inputs,
        **{name: text.cold if values.cold else text.known for name, text in manifest.texts.items()},
        "locale": values.locale,
        **({"products": _products(values, manifest, links)} if "products" in manifest.inputs else {}),
    }


def pixel(values: Values, links: Links) -> str:
    """Return the picture that tells an open, at the end of the body; empty where SES does the tracking."""
    if values.link.tracking == "ses":
        return ""
    style = "display:block;width:1px;height:1px;border:0;"
    return f'<img src="{links.pixel(values.send_id)}" width="1" height="1" alt="" role="presentation" style="{style}">'


def _links(values: Values, manifest: Manifest, links: Links) -> dict[str, str]:
    made = {"unsubscribe_url": links.unsubscribe, "preferences_url": links.preferences}
    return {name: make(values.send_id) for name, make in made.items() if name in manifest.inputs}


def _products(values: Values, manifest: Manifest, links: Links) -> tuple[Shown, ...]:
    why = {**WHY, **manifest.why}
    return tuple(_shown(each, place, values, links, why) for place, each in enumerate(values.products, 1))


def _shown(product: Product, place: int, values: Values, links: Links, why: Mapping[str, str]) -> Shown:
    tracked = bool(product.url) and values.link.tracking == "ours"
    return Shown(
        title=product.title,
        category=product.category,
        initial=next((each for each in product.category + product.title if each.isalnum()), "*").upper(),
        tile=sha256(product.category.encode()).digest()[0] % TILES,
        price=Money(product.price_minor_units, product.currency) if product.currency else None,
        url=links.click(values.send_id, product.url, f"product-{place}") if tracked else product.url,
        image=product.image,
        why=why.get(product.reason, ""),
    )
