"""MJML to HTML with its styles inlined, once, when a template is published; Jinja2 comes out of it as it went in."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from addressee.emails.template import InvalidTemplate

MAIN = "template.mjml"
_INCLUDE = re.compile(r"<mj-include\s+path=\"([A-Za-z0-9_./-]+)\"\s*/>")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TAG_OR_JINJA = re.compile(rf"(?P<jinja>{_JINJA.pattern})|(?P<edge><!--|-->|[<>])", re.DOTALL)
_WORD = re.compile(r"<!--(jinja\d+x)-->|(jinja\d+x)")
_MAX_INCLUDES = 50


class Protected(NamedTuple):
    """A source in which words stand for Jinja2 that no parser of HTML or CSS may touch, and what they stand for."""

    source: str
    meaning: Mapping[str, str]

    def restore(self, text: str) -> str:
        """Put the Jinja2 back for its words."""
        return _WORD.sub(lambda found: self.meaning[found[1] or found[2]], text)


def compile_template(files: Mapping[str, str]) -> Protected:
    """Compile `template.mjml` and its partials to HTML, still protected: `.restore(.source)` is the HTML with Jinja2.

    Needs the packages mjml and css_inline. Raises `InvalidTemplate` where a file is missing or is no MJML.
    """
    import css_inline  # noqa: PLC0415  # only who publishes has it
    import mjml  # noqa: PLC0415

    protected = protect(include(files, MAIN))
    try:
        html = mjml.mjml2html(protected.source, fonts={})  # none is fetched from elsewhere
    except ValueError as error:
        raise InvalidTemplate(f"{MAIN}: {error}") from None
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    made = Protected(inliner.inline(html), protected.meaning)
    if lost := [text for word, text in made.meaning.items() if word not in made.source]:
        raise InvalidTemplate(f"{MAIN}: MJML drops {lost[0]}; put it inside a component or <mj-raw>")
    return made


def include(files: Mapping[str, str], name: str) -> str:
    """Put partials in the place of `<mj-include path="..."/>`, those of partials too. Raises `InvalidTemplate`."""
    source = _file(files, name)
    for _ in range(_MAX_INCLUDES):
        found = _INCLUDE.search(source)
        if found is None:
            return source
        source = source[: found.start()] + _file(files, found[1]) + source[found.end() :]
    raise InvalidTemplate(f"{name}: includes more than {_MAX_INCLUDES} files, or itself")


def protect(source: str) -> Protected:
    """Let a word stand for each piece of Jinja2; a statement or comment outside of tags becomes an HTML comment.

    A comment may stand between rows of a table, where HTML allows no text.
    """
    if found := _WORD.search(source):
        raise InvalidTemplate(f"{found[0]}: such a word stands for Jinja2 here; use another")
    meaning: dict[str, str] = {}
    pieces, done, inside = [], 0, ""
    for found in _TAG_OR_JINJA.finditer(source):
        if found["edge"]:
            inside = _after(inside, found["edge"])
            continue
        word = f"jinja{len(meaning)}x"
        meaning[word] = found["jinja"]
        outside = not inside and not found["jinja"].startswith("{{")
        pieces += [source[done : found.start()], f"<!--{word}-->" if outside else word]
        done = found.end()
    return Protected("".join([*pieces, source[done:]]), meaning)


def _after(inside: str, edge: str) -> str:
    """Say what an edge leaves us in: a tag (`<`), a comment (`<!--`), or neither."""
    if inside == "<!--":
        return "" if edge == "-->" else inside
    return {"<": "<", "<!--": "<!--"}.get(edge, "")


def _file(files: Mapping[str, str], name: str) -> str:
    if name not in files:
        raise InvalidTemplate(f"there is no file {name}")
    return files[name]
