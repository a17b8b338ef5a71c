"""The outbox: each mail that the twin's SES took, verbatim, with its tags; it lives until `make down`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "outbox"


@dataclass(frozen=True)
class SentMail:
    """One mail. `events` are those of SES that it caused (simulated), in their order; `at_ms` is when it was taken."""

    number: int
    message_id: str
    to: tuple[str, ...]
    sender: str
    configuration_set: str
    tags: Mapping[str, str]
    at_ms: int
    events: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its two files are called, before `.eml` and `.json`."""
        return f"{self.number:06}-{self.message_id}"


class Outbox:
    """The folder of mails, `<number>-<message id>.eml` as it was handed in, and `.json` with what is known of it."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made with the first mail."""
        self._folder = folder

    def __len__(self) -> int:
        """Count the mails."""
        return sum(1 for _ in self._folder.glob("*.json"))

    def mails(self) -> list[SentMail]:
        """List the mails in the order in which they were taken."""
        return [_read(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(self._folder.glob("*.json"))]

    def raw(self, mail: SentMail) -> bytes:
        """Return the mail's bytes, as they were handed in."""
        return (self._folder / f"{mail.name}.eml").read_bytes()

    def keep(self, mail: SentMail, raw: bytes) -> None:
        """Write a mail; its `.json` comes last and at once, so that who lists sees whole mails only."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{mail.name}.eml").write_bytes(raw)
        part = self._folder / f"{mail.name}.part"
        part.write_text(json.dumps(asdict(mail)), encoding="utf-8")
        part.replace(self._folder / f"{mail.name}.json")


def _read(row: Mapping[str, Any]) -> SentMail:
    lists: Mapping[str, Sequence[str]] = {name: row[name] for name in ("to", "events")}
    return SentMail(**{**row, **{name: tuple(values) for name, values in lists.items()}})
