"""Published templates and values to subject, HTML and text: sandboxed, strict, the same bytes for the same values."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, TemplateError, Undefined, pass_context
from jinja2 import Template as Jinja
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from addressee.emails.grammar import misuses
from addressee.emails.money import Money, day_text, money_text
from addressee.emails.template import InvalidTemplate, Template
from addressee.emails.view import Shown

LOCALE = "locale"
MAX_OUTPUT_CHARACTERS = 512 * 1024
_FILTERS = frozenset(
    {"capitalize", "default", "e", "escape", "first", "join", "last", "length", "lower", "title", "trim", "truncate"}
    | {"upper", "urlencode"}
)
_TESTS = frozenset({"defined", "none", "eq", "ne", "lt", "le", "gt", "ge", "in", "even", "odd", "divisibleby"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_SPACES = re.compile(r"\t|[ \t]{2,}")
_LINES = re.compile(r"\n{3,}")
_MAX_PIECES = 20_000
_PRODUCT_FIELDS = frozenset(field.name for field in fields(Shown))


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


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with a short way to what is known to be harmless: the fields of a product."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401  # as in Jinja2
        """Read an attribute for a template."""
        if type(obj) is Shown and attribute in _PRODUCT_FIELDS:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


def environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    """Make the sandbox: no globals, few filters, nothing undefined; HTML is escaped, text is not."""
    made = _Sandbox(undefined=StrictUndefined, autoescape=autoescape, finalize=_shown, auto_reload=False, cache_size=0)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS} | {"money": _money, "date": _date}
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


def one_line(text: str) -> str:
    """Make one line of a text: no control characters, single spaces, none at the ends."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


def tidy(text: str) -> str:
    """Strip each line, keep at most one blank line between others, and end with one line feed."""
    spaced = _SPACES.sub(" ", text) if "\t" in text or "  " in text else text  # looking is cheaper than matching
    lines = "\n".join([line.strip(" ") for line in spaced.split("\n")])
    return (_LINES.sub("\n\n", lines) if "\n\n\n" in lines else lines).strip() + "\n"


def _shown(value: object) -> object:
    """Let only texts and whole numbers pass: anything else would show a programmer's word to a reader."""
    if type(value) is str or type(value) is Markup:  # nearly always; `isinstance` would cost more
        return value
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
        return _joined(jinja.root_render_func(jinja.new_context(dict(values))), part)
    except NotRendered as error:
        raise NotRendered(f"{part}: {error}") from None
    except TemplateError as error:
        raise NotRendered(f"{part}: {error.message}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:  # filters on odd values
        raise NotRendered(f"{part}: {type(error).__name__}") from error


def _joined(pieces: Iterable[str], part: str) -> str:
    """Join what a template writes. The pieces are those of its source and of what goes in: counting them is enough."""
    written = list(islice(pieces, _MAX_PIECES))
    if len(written) == _MAX_PIECES or sum(map(len, written)) > MAX_OUTPUT_CHARACTERS:
        raise NotRendered(f"{part} grows beyond {MAX_OUTPUT_CHARACTERS} characters")
    return "".join(written)
