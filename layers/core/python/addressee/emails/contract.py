"""The contract of a template: what it must hold and must never show, tried on people of every kind."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from addressee.emails.compose import compose
from addressee.emails.grammar import misuses, names_read
from addressee.emails.links import Unsignable
from addressee.emails.mime import MAX_PART_BYTES, Envelope, Sender, write_mail
from addressee.emails.reading import Found, read_html
from addressee.emails.render import Engine, NotRendered, Parts, environment
from addressee.emails.samples import BUILT_IN, POSTAL_ADDRESS, SAMPLE_KEY, SENDER_NAME, sample_values
from addressee.emails.template import GIVEN, InvalidTemplate, Template
from addressee.emails.values import Values

NEEDED = ("unsubscribe_url", "preferences_url", "postal_address")
_RAW = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\bjinja\d+x\b|\bundefined\b|\bNone\b|\bNaN\b")
_ORPHAN = re.compile(r"(?:^|[ \t\n(])[,;.!?](?:\s|$)|\(\s*\)|\S {2,}\S", re.MULTILINE)


class Violation(NamedTuple):
    """Where a template breaks the contract, and how."""

    where: str
    what: str


def violations(template: Template) -> list[Violation]:
    """Try a template; an empty list means that it may be published. Each violation is said once."""
    found = [*_grammar(template), *_inputs(template)]
    if found:
        return found  # what cannot be compiled cannot be tried
    engine = Engine()
    people = {**BUILT_IN, **{f"sample {name}": sample for name, sample in template.manifest.samples.items()}}
    for who, sample in people.items():
        found += _tried(template, engine, who, sample)
    return list(dict.fromkeys(found))


def _sources(template: Template) -> dict[str, str]:
    said = template.manifest
    return {"subject": said.subject, "preheader": said.preheader, "html": template.html, "text": template.text}


def _grammar(template: Template) -> Iterator[Violation]:
    sandbox = environment(autoescape=True)
    for part, source in _sources(template).items():
        for misuse in misuses(sandbox, source):
            yield Violation(f"{part}, line {misuse.line}", misuse.what)


def _inputs(template: Template) -> Iterator[Violation]:
    sandbox, said = environment(autoescape=True), template.manifest
    declared, read = {*said.inputs, *said.texts}, set[str]()
    for part, source in _sources(template).items():
        given = {"language"} if part in GIVEN else set(GIVEN)
        names = set() if list(misuses(sandbox, source)) else names_read(sandbox, source)
        read |= names
        for name in sorted(names - declared - given):
            yield Violation(part, f"reads {name}, which is not declared")
    for name in sorted(declared - read):
        yield Violation("template.json", f"{name} is declared but nothing reads it")
    for name in NEEDED:
        if name not in said.inputs:
            yield Violation("template.json", f"{name} must be an input")


def _tried(template: Template, engine: Engine, who: str, sample: Mapping[str, Any]) -> Iterator[Violation]:
    try:
        values = sample_values(template, sample)
        composed = compose(template, values, SAMPLE_KEY, engine)
    except (InvalidTemplate, NotRendered, Unsignable) as error:
        yield Violation(who, f"cannot be rendered: {error}")
        return
    parts, html = composed.parts, read_html(composed.parts.html)
    for what in (*_subject(parts), *_structure(html), *_needed(parts, html), *_sizes(parts)):
        yield Violation(who, what)
    for part, text in (("preheader", parts.preheader), ("html", html.seen), ("text", parts.text)):
        yield from (Violation(f"{part}, {who}", what) for what in _blanks(text, values))


def _subject(parts: Parts) -> Iterator[str]:
    if not parts.subject or parts.subject[0] in ",;.!?:- ":
        yield "the subject is empty or begins with what should follow a word"
    if not parts.preheader:
        yield "the preheader is empty"
    yield from (f"the subject {what}" for what in _blanks(parts.subject))


def _blanks(text: str, values: Values | None = None) -> Iterator[str]:
    """Say what shows a programmer's word or the gap of an input that was empty; a person's own words are left out."""
    for own in _own(values) if values else ():
        text = text.replace(own, "x")
    if raw := _RAW.search(text):
        yield f"shows {raw[0]!r}"
    if orphan := _ORPHAN.search(text):
        yield f"has a gap near {_near(text, orphan.start())!r}"


def _own(values: Values) -> list[str]:
    words = [*values.inputs.values(), *(each.title for each in values.products)]
    words += [each.category for each in values.products]
    return sorted(filter(None, words), key=len, reverse=True)


def _near(text: str, place: int) -> str:
    return " ".join(text[max(place - 20, 0) : place + 20].split())


def _structure(html: Found) -> Iterator[str]:
    if not html.language:
        yield "html has no lang"
    if not html.title.strip():
        yield "html has no title"
    for href in html.links:
        if urlsplit(href or "").scheme not in {"http", "https"} or not urlsplit(href or "").netloc:
            yield f"a link leads to {href!r}, which is no absolute http(s) address"
    for picture in html.pictures:
        if urlsplit(picture.get("src") or "").scheme not in {"http", "https"}:
            yield f"a picture comes from {picture.get('src')!r}, which is no absolute http(s) address"
        if not (picture.get("alt") or "").strip() and picture.get("role") != "presentation":
            yield f"the picture {picture.get('src')!r} has no alt text"
    if any(role != "presentation" for role in html.tables):
        yield "a table has no role=presentation"


def _needed(parts: Parts, html: Found) -> Iterator[str]:
    for kind, name in (("u", "unsubscribe"), ("p", "preference")):
        start = f"https://links.example.com/{kind}/"
        if not any((href or "").startswith(start) for href in html.links):
            yield f"html has no {name} link"
        if start not in parts.text:
            yield f"text has no {name} link"
    for part, text in (("html", " ".join(html.seen.split())), ("text", " ".join(parts.text.split()))):
        if POSTAL_ADDRESS not in text:
            yield f"{part} has no postal address"


def _sizes(parts: Parts) -> Iterator[str]:
    envelope = Envelope(
        sender=Sender(SENDER_NAME, "shop@example.com"),
        to="somebody@example.com",
        unsubscribe="https://links.example.com/u/x",
        list_id="email.example.com",
        campaign="sample",
    )
    sizes = {"html": len(parts.html.encode()), "text": len(parts.text.encode())}
    for part, size in {**sizes, "the mail": len(write_mail(parts, envelope))}.items():
        if size > MAX_PART_BYTES:
            yield f"{part} has {size} bytes; above {MAX_PART_BYTES} Gmail cuts it"
