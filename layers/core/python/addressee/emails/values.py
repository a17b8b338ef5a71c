"""`Values`: everything that one mail is made of besides its template, as it is kept for replay."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from addressee.decisions.packing import pack, unpack
from addressee.emails.links import safe_target
from addressee.emails.template import Manifest
from addressee.profiles.items import Item

Tracking = Literal["ours", "ses"]
CONTENT_CHARACTERS = 8
MAX_TEXT_CHARACTERS = 300
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff\s]+")
_TRAIT = "trait_"
_WORDS = (
    b'"trait_"tracking":"ses""reason":"popular_in_segment""reason":"scored_earlier""reason":"bought_before""USD""GBP"'
    b'{"cold":true,"inputs":{},"link":{"cold":false,"inputs":{"day":"20","first_name":"","postal_address":"'
    b'","sender_name":""},"link":{"base_url":"https://","day":2,"key_id":"","tracking":"ours"},"locale":"de_DE'
    b'","locale":"en_US","products":[{"category":"","currency":"EUR","image":"https://www..com/.png","item_id":"'
    b'","price_minor_units":,"reason":"popular","title":"","url":"https://'
    b'?utm_source=addressee&utm_medium=email&utm_campaign="},{"category":"","currency":"EUR","image":"https://.jpg",'
    b'"item_id":"","price_minor_units":99,"reason":"bought_together_with","title":""reason":"bought_often","title":"'
    b'","url":"https://.html?utm_source=addressee&utm_medium=email&utm_campaign="}],"seal":"","send_id":"'
    b'","template":"digest","version":"'
)
"""What values repeat. Never change it: values are read with the very bytes that they were written with."""


class DamagedValues(Exception):
    """Kept bytes are not the values of a mail."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it was when the mail was made; `url` is the shop's own address, marked for its statistics."""

    item_id: str
    title: str
    category: str
    reason: str
    price_minor_units: int = 0
    currency: str = ""
    url: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What signed links are derived from again: where they lead to, the key's id, the day, and whose tracking."""

    base_url: str
    key_id: str
    day: int
    tracking: Tracking


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one mail. `cold`: nothing was known that could personalise it.

    `inputs` are the declared ones alone; addresses of links are derived. `seal` is the first half of the SHA-256 of
    what was rendered: replay proves by it that it shows the very same bytes.
    """

    template: str
    version: str
    send_id: str
    locale: str
    cold: bool
    link: LinkFacts
    inputs: Mapping[str, str] = field(default_factory=dict)
    products: tuple[Product, ...] = ()
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Where the inputs of a mail come from. `products` are the items with the reason of each, best first."""

    first_name: str
    traits: Mapping[str, Any]
    products: Sequence[tuple[Item, str]]
    sender_name: str
    postal_address: str
    campaign: str


def inputs_of(manifest: Manifest, known: Known, *, now_ms: int) -> dict[str, str]:
    """Pick the declared inputs that are texts and days, cleaned; what is not known is empty, and nothing else is."""
    given = {
        "first_name": known.first_name,
        "sender_name": known.sender_name,
        "day": datetime.fromtimestamp(now_ms // 1000, UTC).date().isoformat(),
        "postal_address": known.postal_address,
        **{_TRAIT + name: _plain(value) for name, value in known.traits.items()},
    }
    kinds = {name: kind for name, kind in manifest.inputs.items() if kind in {"text", "date"}}
    return {name: clean(given.get(name, "")) for name in kinds}


def products_of(manifest: Manifest, known: Known) -> tuple[Product, ...]:
    """Write the products down, if the template shows any; one without a title is left out."""
    if "products" not in manifest.inputs:
        return ()
    return tuple(_product(item, reason, known.campaign) for item, reason in known.products if clean(item.title))


def _product(item: Item, reason: str, campaign: str) -> Product:
    priced = item.price_minor_units > 0 and bool(item.currency)
    return Product(
        item_id=item.item_id,
        title=clean(item.title),
        category=clean(item.category),
        reason=reason,
        price_minor_units=item.price_minor_units if priced else 0,
        currency=item.currency if priced else "",
        url=marked(item.url, campaign),
        image=safe_target(item.image) or "",
    )


def clean(text: str) -> str:
    """Make one line that any mail program shows: no control characters, none that turn the direction, no half ones."""
    return _UNWRITABLE.sub(" ", text).strip()[:MAX_TEXT_CHARACTERS].rstrip()


def marked(url: str, campaign: str) -> str:
    """Add `utm_source`, `utm_medium` and `utm_campaign` where the address has none of its own; "" if it is no link."""
    target = safe_target(url)
    if target is None:
        return ""
    parts = urlsplit(target)
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    tags = {"utm_source": "addressee", "utm_medium": "email", "utm_campaign": campaign}
    added = urlencode({name: value for name, value in tags.items() if name not in present})
    query = "&".join(each for each in (parts.query, added) if each)
    return safe_target(parts._replace(path=parts.path or "/", query=query).geturl()) or ""


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def canonical(values: Values) -> bytes:
    """Write values as JSON in the one form that they have: sorted keys, no spaces, UTF-8, no fractions."""
    return json.dumps(asdict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_of(written: bytes) -> str:
    """Name canonical JSON by what it holds: the first 8 hex digits of its SHA-256."""
    return sha256(written).hexdigest()[:CONTENT_CHARACTERS]


def pack_values(values: Values) -> tuple[str, bytes]:
    """Return the content's name and what the decision's record keeps under it."""
    written = canonical(values)
    return content_of(written), pack(written, _WORDS)


def unpack_values(content: str, kept: bytes) -> Values:
    """Read kept values. Raises `DamagedValues` where they are none, or not those of `content`."""
    try:
        written = unpack(kept, _WORDS)
        stored: dict[str, Any] = json.loads(written)
        products = tuple(Product(**each) for each in stored["products"])
        values = Values(**{**stored, "link": LinkFacts(**stored["link"]), "products": products})
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedValues(type(error).__name__) from None
    if content_of(written) != content:
        raise DamagedValues(f"holds {content_of(written)}, not {content}")
    return values
