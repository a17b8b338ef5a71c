"""Sent mails as static pages: an index, and for each mail how it looks, its text, its headers and its reasons."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cli.outbox_mail import OpenedMail, open_mail
from cli.outbox_words import MAILED, OUTCOMES, REASONS, RUNGS, confidence_text, slot_text
from cli.report_page import ENVIRONMENT, css

PER_PAGE = 50
MAILS, BODIES = "mails", "bodies"
Values = dict[str, Any]


@dataclass(frozen=True)
class OutboxMail:
    """One mail as it was sent, and why.

    `raw` is the whole message (RFC 5322), `decision` the public form of `GET /v1/decisions/{decisionId}` (empty where
    there is none), `titles` item id -> title, `state` and `reason` what the Sends row says.
    """

    raw: bytes
    decision: Mapping[str, Any] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    state: str = "sent"
    reason: str = ""


@dataclass(frozen=True)
class _Entry:
    """A mail, opened, with its place in the outbox, from 1."""

    number: int
    mail: OutboxMail
    opened: OpenedMail

    @property
    def name(self) -> str:
        return f"{self.number:05d}.html"

    @property
    def rung(self) -> str:
        return str(self.mail.decision.get("rung", ""))

    @property
    def person(self) -> str:
        """The first digits of the person's pseudonym."""
        return str(self.mail.decision.get("decisionId") or "").partition(".")[0][:8]


def write_outbox(mails: Iterable[OutboxMail], folder: Path, *, title: str = "Outbox", note: str = "") -> Path:
    """Write the pages into a folder, which is made, in the order of the mails; return the path of `index.html`.

    Pictures from elsewhere are not loaded, so that looking at a mail here is no open. `note` stands at the top of the
    index, as where something was simulated.
    """
    entries = [_Entry(number, mail, open_mail(mail.raw)) for number, mail in enumerate(mails, 1)]
    for name in ("", MAILS, BODIES):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sheets = Markup(css("page.css", "outbox.css"))  # noqa: S704  # our own files
    for entry in entries:
        (folder / BODIES / entry.name).write_text(entry.opened.html, encoding="utf-8")
        page = _render("outbox_mail.html.jinja", css=sheets, last=len(entries), **_mail(entry))
        (folder / MAILS / entry.name).write_text(page, encoding="utf-8")
    for name, page in _index(entries, {"css": sheets, "title": title, "note": note}):
        (folder / name).write_text(page, encoding="utf-8")
    return folder / "index.html"


def _render(name: str, **values: Any) -> str:  # noqa: ANN401  # a template's
    return ENVIRONMENT.get_template(name).render(**values)


def _index(entries: Sequence[_Entry], shared: Values) -> Iterator[tuple[str, str]]:
    """Render the list, `PER_PAGE` mails a page; without mails one page says so."""
    parts = [entries[start : start + PER_PAGE] for start in range(0, len(entries), PER_PAGE)] or [[]]
    names = [_page_name(number) for number in range(1, len(parts) + 1)]
    common = shared | {
        "total": f"{len(entries):,}",
        "states": _counted(entry.mail.state for entry in entries),
        "rungs": _counted(entry.rung for entry in entries if entry.rung),
        "examples": _examples(entries),
        "names": names,
    }
    for number, part in enumerate(parts):
        rows = [_row(entry) for entry in part]
        yield names[number], _render("outbox_index.html.jinja", rows=rows, number=number, **common)


def _page_name(number: int) -> str:
    return "index.html" if number == 1 else f"page-{number}.html"


def _counted(words: Iterable[str]) -> list[Values]:
    return [{"word": word, "count": f"{count:,}"} for word, count in Counter(words).most_common()]


def _examples(entries: Sequence[_Entry]) -> list[Values]:
    """Name the first mail of each rung and of each state but the usual two."""
    first: dict[str, _Entry] = {}
    for entry in entries:
        for word in (entry.rung, entry.mail.state):
            if word and word not in {"sent", "delivered"}:
                first.setdefault(word, entry)
    return [{"word": word, "link": f"{MAILS}/{entry.name}"} for word, entry in first.items()]


def _row(entry: _Entry) -> Values:
    return {
        "link": f"{MAILS}/{entry.name}",
        "subject": entry.opened.subject,
        "to": entry.opened.to,
        "person": entry.person,
        "rung": entry.rung,
        "state": entry.mail.state,
        "usual": entry.mail.state in {"sent", "delivered"},
    }


def _mail(entry: _Entry) -> Values:
    """Say everything of one mail; `blocks` gives each block of it with its reason."""
    mail, decision = entry.mail, entry.mail.decision
    return {
        **_row(entry),
        "number": entry.number,
        "before": f"{entry.number - 1:05d}.html",
        "after": f"{entry.number + 1:05d}.html",
        "back": f"../{_page_name((entry.number - 1) // PER_PAGE + 1)}",
        "body": f"../{BODIES}/{entry.name}",
        "text": entry.opened.text,
        "headers": entry.opened.headers,
        "size": f"{len(mail.raw) / 1000:.1f} kB",
        "outcome": " ".join(filter(None, (OUTCOMES.get(mail.state, mail.state), mail.reason.replace("_", " ")))),
        "why": _why(decision),
        "blocks": _blocks(entry),
        "models": sorted(decision.get("models", {}).items()),
    }


def _why(decision: Mapping[str, Any]) -> list[Values]:
    """Say why this person, why now, why this content; empty where there is no decision."""
    if not decision:
        return []
    reason, rung = str(decision.get("reason", "")), str(decision.get("rung", ""))
    told = {
        "Why mailed": MAILED.get(reason, reason.replace("_", " ")),
        "When": slot_text(str(decision.get("slot", ""))),
        "Content from": RUNGS.get(rung, rung),
        "Variant": f"arm {decision.get('arm', '')}, template {decision.get('template', '')}",
    }
    return [{"title": title, "text": text} for title, text in told.items()]


def _blocks(entry: _Entry) -> list[Values]:
    """List the products that the decision ranked, with the reason of each, and whether this mail shows them."""
    shown = entry.opened.words
    return [
        {
            "title": title,
            "reason": _reason(product, entry.mail.titles),
            "code": product["reason"],
            "confidence": confidence_text(product["confidence"]),
            "width": round(100 * float(product["confidence"])),
            "shown": " ".join(title.split()) in shown,
        }
        for product in entry.mail.decision.get("products", ())
        for title in (entry.mail.titles.get(product["itemId"]) or product["itemId"],)
    ]


def _reason(product: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Say why a product is there, and which other one of the person's it follows from."""
    said = REASONS.get(product["reason"], product["reason"].replace("_", " "))
    cause = product.get("becauseOf")
    return said if cause in {None, product["itemId"]} else f"{said}: {titles.get(cause) or cause}"
