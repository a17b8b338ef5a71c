"""The text part of a template, generated from its HTML: what can be read, and each link as `Title: address`."""

import re
from html.parser import HTMLParser

from addressee.emails.compile import Protected

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_SKIPPED = frozenset({"head", "style", "script", "title"})
_PARAGRAPHS = frozenset({"table", "ul", "ol", "h1"})
_LINES = frozenset({"div", "p", "tr", "td", "br", "li", "h2", "h3", "h4", "h5", "h6"})
_SEPARATORS = frozenset("·•|")
_RULE = "\n\n----\n\n"
_WORD = re.compile(r"jinja\d+x")
_SPACES = re.compile(r"\s+")


def text_template(html: Protected) -> str:
    """Write the Jinja2 source of the text part.

    Left out is what is hidden (`aria-hidden`, `display:none`), pictures, and a link that leads where the one before it
    leads. Blank lines that are too many go when it is rendered.
    """
    reader = _Reader(html)
    reader.feed(html.source)
    reader.close()
    return html.restore(re.sub(r"\n{3,}", "\n\n", "".join(reader.written))).strip() + "\n"


class _Reader(HTMLParser):
    """Writes down what is read, line by line."""

    def __init__(self, html: Protected) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self._html = html
        self._hidden: list[str] = []
        self._link: tuple[str, int] | None = None
        self._last = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._hidden or tag in _SKIPPED or _is_hidden(given):
            self._hidden += [] if tag in _VOID else [tag]
            return
        self._break(tag)
        if tag == "li":
            self.written.append("- ")
        if tag == "a" and given.get("href"):
            self._link = (given["href"], len(self.written))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag == "a" and self._link:
            self._close_link(*self._link)
            self._link = None
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.written.append("\n" if data.strip() in _SEPARATORS else _SPACES.sub(" ", data))

    def handle_comment(self, data: str) -> None:
        if not self._hidden and _WORD.fullmatch(data):
            self.written.append(f"<!--{data}-->")

    def _break(self, tag: str) -> None:
        if tag == "hr":
            self.written.append(_RULE)
        elif tag in _PARAGRAPHS:
            self.written.append("\n\n")
        elif tag in _LINES:
            self.written.append("\n")

    def _close_link(self, href: str, begun: int) -> None:
        said = "".join(self.written[begun:])
        target = self._html.restore(href)
        if not said.strip() or target == self._last:
            del self.written[begun:]
        else:
            self.written.append(f": {href}")
            self._last = target


def _is_hidden(given: dict[str, str]) -> bool:
    return given.get("aria-hidden") == "true" or "display:none" in given.get("style", "").replace(" ", "")
