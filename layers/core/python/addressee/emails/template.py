"""`Template`: a published e-mail template, named by what it holds; its manifest says what it reads."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Literal

InputType = Literal["text", "url", "date", "products"]
MANIFEST, HTML, TEXT = "manifest.json", "html.jinja", "text.jinja"
FILES = (HTML, MANIFEST, TEXT)
VERSION_CHARACTERS = 16
TEMPLATE_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
TEMPLATE_VERSION = re.compile(r"[0-9a-f]{16}")
INPUTS: Mapping[str, InputType] = {
    "first_name": "text",
    "products": "products",
    "day": "date",
    "sender_name": "text",
    "postal_address": "text",
    "unsubscribe_url": "url",
    "preferences_url": "url",
}
"""What Addressee can tell a template; besides, every trait of a person, as `trait_<name>`, a text."""
GIVEN = ("subject", "preheader", "language")
"""Names that every template may read without declaring them: its own, already rendered."""
_TRAIT = re.compile(r"trait_[a-z][a-z0-9_]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_KNOWN = ("name", "language", "subject", "preheader", "inputs", "texts", "why", "samples")


class InvalidTemplate(Exception):
    """A template cannot be used; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the template's own, and what it says to a person of whom little is known."""

    known: str
    cold: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a template says about itself.

    `subject` and `preheader` are Jinja2. `inputs` are all that it reads: name to type. `texts` may be read by name.
    `why` maps a reason of a decision to a line; reasons that are not in it have the usual English one. `samples` are
    made-up people for the contract and the preview: `firstName`, `locale`, `cold`, `products`.
    """

    name: str
    subject: str
    preheader: str
    language: str = "en"
    inputs: Mapping[str, InputType] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """A published template: HTML and text are Jinja2 sources. `version` names the bytes of its three files."""

    name: str
    version: str
    manifest: Manifest
    html: str
    text: str


def version_of(files: Mapping[str, bytes]) -> str:
    """Name three files by what they hold: the first 16 hex digits of the SHA-256 of names, sizes and bytes."""
    hashed = sha256()
    for name in FILES:
        hashed.update(f"{name} {len(files[name])}\n".encode() + files[name])
    return hashed.hexdigest()[:VERSION_CHARACTERS]


def to_files(manifest: Manifest, html: str, text: str) -> dict[str, bytes]:
    """Write the three files that are published; the same template gives the same bytes."""
    said = json.dumps(asdict(manifest), sort_keys=True, ensure_ascii=False, indent=1)
    return {MANIFEST: said.encode(), HTML: html.encode(), TEXT: text.encode()}


def open_template(name: str, version: str, files: Mapping[str, bytes]) -> Template:
    """Open published files. Raises `InvalidTemplate` where one is missing or they are not those of `version`."""
    missing = [each for each in FILES if each not in files]
    if missing:
        raise InvalidTemplate(f"{name} {version}: there is no {', '.join(missing)}")
    if version_of(files) != version:
        raise InvalidTemplate(f"{name} {version}: the files are those of {version_of(files)}")
    manifest = read_manifest(files[MANIFEST])
    if manifest.name != name:
        raise InvalidTemplate(f"{name} {version}: the manifest is that of {manifest.name}")
    return Template(name, version, manifest, files[HTML].decode(), files[TEXT].decode())


def template_of(files: Mapping[str, bytes]) -> Template:
    """Open files that were just made."""
    return open_template(read_manifest(files[MANIFEST]).name, version_of(files), files)


def read_manifest(body: bytes) -> Manifest:
    """Read a `template.json` or `manifest.json`. Raises `InvalidTemplate`, which names the field."""
    try:
        stored = json.loads(body)
    except ValueError as error:
        raise InvalidTemplate(f"not JSON: {error}") from None
    if not isinstance(stored, dict):
        raise InvalidTemplate("must be an object")
    if unknown := sorted(set(stored) - set(_KNOWN)):
        raise InvalidTemplate(f"{unknown[0]}: is not a field of a template")
    return Manifest(
        name=_text(stored, "name", TEMPLATE_NAME),
        subject=_text(stored, "subject"),
        preheader=_text(stored, "preheader"),
        language=_text({"language": "en", **stored}, "language", _LANGUAGE),
        inputs={name: _input(name, kind) for name, kind in _object(stored, "inputs").items()},
        texts={name: _own_text(name, said) for name, said in _object(stored, "texts").items()},
        why={reason: _text(_object(stored, "why"), reason) for reason in _object(stored, "why")},
        samples={name: dict(_object(_object(stored, "samples"), name)) for name in _object(stored, "samples")},
    )


def _text(stored: Mapping[str, Any], name: str, pattern: re.Pattern[str] | None = None) -> str:
    value = stored.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidTemplate(f"{name}: must be a text that is not empty")
    if pattern and not pattern.fullmatch(value):
        raise InvalidTemplate(f"{name}: {value!r} does not match {pattern.pattern}")
    return value


def _object(stored: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = stored.get(name, {})
    if not isinstance(value, dict):
        raise InvalidTemplate(f"{name}: must be an object")
    return value


def _input(name: str, kind: object) -> InputType:
    known = "text" if _TRAIT.fullmatch(name) else INPUTS.get(name)
    if known is None:
        raise InvalidTemplate(f"inputs.{name}: there are {', '.join(INPUTS)} and trait_<name>")
    if kind != known:
        raise InvalidTemplate(f"inputs.{name}: is a {known}, not {kind!r}")
    return known


def _own_text(name: str, said: object) -> Text:
    if not _NAME.fullmatch(name) or name in {*INPUTS, *GIVEN} or _TRAIT.fullmatch(name):
        raise InvalidTemplate(f"texts.{name}: a text of your own needs a name of its own")
    if isinstance(said, str):
        return Text(said, said)
    if not isinstance(said, dict) or set(said) != {"known", "cold"}:
        raise InvalidTemplate(f"texts.{name}: must be a text, or an object of known and cold")
    return Text(_text(said, "known"), _text(said, "cold"))
