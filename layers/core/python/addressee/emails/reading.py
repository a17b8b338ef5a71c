"""What a reader's program finds in a mail's HTML: language, title, links, pictures, tables and the words to be seen."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSEEN = frozenset({"style", "script", "title"})


@dataclass
class Found:
    """What stands in an HTML document; an attribute that is missing is None."""

    language: str | None = None
    title: str = ""
    links: list[str | None] = field(default_factory=list)
    pictures: list[dict[str, str | None]] = field(default_factory=list)
    tables: list[str | None] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """All words, each piece of text on a line of its own where a tag parts it."""
        return "\n".join(self.words)


def read_html(html: str) -> Found:
    """Read a document; whatever it holds, this raises nothing."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Found()
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _UNSEEN:
            self._inside.append(tag)
        elif tag == "html":
            self.found.language = given.get("lang")
        elif tag == "a":
            self.found.links.append(given.get("href"))
        elif tag == "img":
            self.found.pictures.append(given)
        elif tag == "table":
            self.found.tables.append(given.get("role"))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside == ["title"]:
            self.found.title += data
        elif not self._inside and data.strip():
            self.found.words.append(data)
