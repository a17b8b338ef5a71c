"""The public pages: unsubscribing and preferences, plain HTML without a script, in the reader's language."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from addressee.emails.pages.texts import DEFAULT_LANGUAGE, TEXTS

_FOLDER = Path(__file__).parent


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, auto_reload=False)


@cache
def _style() -> str:
    return (_FOLDER / "page.css").read_text(encoding="utf-8")


@cache
def content_policy() -> str:
    """Return the Content-Security-Policy: our one style, forms to ourselves, nothing else; no frame around it."""
    style = b64encode(sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def page(name: str, language: str, sender: str, **values: object) -> str:
    """Render a page: `unsubscribe`, `unsubscribed`, `preferences` or `notice`; `values` are what its template names."""
    template = _environment().get_template(f"{name}.html.jinja")
    texts = TEXTS[language]
    return template.render(lang=language, sender=sender, style=_style(), t=texts, **values)


def language_of(accepted: str) -> str:
    """Return the first language of an `Accept-Language` header that there are texts for, else English."""
    for each in accepted.split(","):
        language = each.partition(";")[0].strip().partition("-")[0].lower()
        if language in TEXTS:
            return language
    return DEFAULT_LANGUAGE


def sender_name(sender: str) -> str:
    """Return whom the mails come from, of `Name <address>`: the name, else the address's domain."""
    name, address = parseaddr(sender)
    return name or address.rpartition("@")[2]


def day_text(at_ms: int, language: str) -> Mapping[str, str]:
    """Write a day (UTC) for people, and for machines as `YYYY-MM-DD`."""
    day = datetime.fromtimestamp(at_ms // 1000, UTC)
    texts = TEXTS[language]
    month = texts["months"].split()[day.month - 1]
    return {"text": texts["day"].format(day=day.day, month=month, year=day.year), "iso": day.strftime("%Y-%m-%d")}
