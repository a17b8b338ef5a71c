"""Published templates and values to subject, HTML and text: sandboxed, strict, the same bytes for the same values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, TemplateError, Undefined, pass_context
from jinja2 import Template as Jinja
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from addressee.emails.grammar import misuses
from addressee.emails.money import Money, day_text, money_text
from addressee.emails.template import InvalidTemplate, Template

LOCALE = "locale"
MAX_OUTPUT_CHARACTERS = 512 * 1024
_FILTERS = frozenset(
    {"capitalize", "default", "e", "escape", "first", "join", "last", "length", "lower", "title", "trim", "truncate"}
    | {"upper", "urlencode"}
)
_TESTS = frozenset({"defined", "none", "eq", "ne", "lt", "le", "gt", "ge", "in", "even", "odd", "divisibleby"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_SPACES = re.compile(r"[ \t]+")
_LINES = re.compile(r"\n{3,}")


class NotRendered(Exception):
    """A template and values do not make a mail; the message says what and where, and holds no value."""


class Parts(NamedTuple):
    """What people see of a mail."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    subject: Jinja
    preheader: Jinja
    html: Jinja
    text: Jinja


class Engine:
    """Renders templates; each is compiled once, by name and version."""

    def __init__(self) -> None:
        """Compile nothing yet."""
        self._html, self._plain = environment(autoescape=True), environment(autoescape=False)
        self._compiled: dict[tuple[str, str], _Compiled] = {}

    def render(self, template: Template, values: Mapping[str, Any]) -> Parts:
        """Render all parts; `values` are the inputs and `locale`. Raises `NotRendered` and `InvalidTemplate`.

        Subject and preheader are one line each, whatever went in; they and the template's language go into the others.
        """
        ready = self._ready(template)
        said = {**values, "language": template.manifest.language}
        said["subject"] = one_line(_run(ready.subject, said, "subject"))
        said["preheader"] = one_line(_run(ready.preheader, said, "preheader"))
        html = _run(ready.html, said, "html")
        return Parts(said["subject"], said["preheader"], html, tidy(_run(ready.text, said, "text")))

    def _ready(self, template: Template) -> _Compiled:
        key = (template.name, template.version)
        if key not in self._compiled:
            self._compiled[key] = _Compiled(
                subject=_compile(self._plain, template.manifest.subject, "subject"),
                preheader=_compile(self._plain, template.manifest.preheader, "preheader"),
                html=_compile(self._html, template.html, "html"),
                text=_compile(self._plain, template.text, "text"),
            )
        return self._compiled[key]


def environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    """Make the sandbox: no globals, few filters, nothing undefined; HTML is escaped, text is not."""
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=autoescape, finalize=_shown, auto_reload=False, cache_size=0
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS} | {"money": _money, "date": _date}
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


def one_line(text: str) -> str:
    """Make one line of a text: no control characters, single spaces, none at the ends."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


def tidy(text: str) -> str:
    """Strip each line, keep at most one blank line between others, and end with one line feed."""
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return _LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _shown(value: object) -> object:
    """Let only texts and whole numbers pass: anything else would show a programmer's word to a reader."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Undefined)):
        raise NotRendered(f"a {type(value).__name__} is not a text")
    return value


@pass_context
def _money(context: Context, money: Money) -> str:
    return money_text(money, context[LOCALE])


@pass_context
def _date(context: Context, iso_day: str, style: str = "long") -> str:
    return day_text(iso_day, context[LOCALE], style)


def _compile(made: ImmutableSandboxedEnvironment, source: str, part: str) -> Jinja:
    for misuse in misuses(made, source):
        raise InvalidTemplate(f"{part}, line {misuse.line}: {misuse.what}")
    return made.from_string(source)


def _run(jinja: Jinja, values: Mapping[str, Any], part: str) -> str:
    try:
        return "".join(_bounded(jinja.generate(values), part))
    except NotRendered as error:
        raise NotRendered(f"{part}: {error}") from None
    except TemplateError as error:
        raise NotRendered(f"{part}: {error.message}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # filters on odd values
        raise NotRendered(f"{part}: {type(error).__name__}") from error


def _bounded(pieces: Iterator[str], part: str) -> Iterator[str]:
    written = 0
    for piece in pieces:
        written += len(piece)
        if written > MAX_OUTPUT_CHARACTERS:
            raise NotRendered(f"{part} grows beyond {MAX_OUTPUT_CHARACTERS} characters")
        yield piece
