"""The registry: where versions live, and the pointer that says which of them is served to whom.

A version that passed the gate moves by one of the pure transitions below; each returns the pointers as they then are,
unchanged where there is nothing to do, so that a repeat is harmless.

    published -> champion (the first of its kind, or no canary) | challenger | nothing
    challenger -> champion (promoted) | withdrawn
    champion -> former (another was promoted) | withdrawn (rolled back to a former one)
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from typing import Any, Literal

from addressee.models.bundle import META_FILE, SERVING_FILE

POINTER_KEY = "models/champions.json"
SERVING_FILES = (META_FILE, SERVING_FILE)
"""What a bundle is served and scored from."""
FORMER_KEPT = 20
"""Champions of before that the pointer names: every cold start of the send path reads them."""
_DIGEST_BYTES = 8
_POINTS = 2.0**64

State = Literal["champion", "challenger", "withdrawn", "former", ""]


@dataclass(frozen=True, slots=True)
class Left:
    """A version that is served no longer: since when (milliseconds) and why."""

    version: str
    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """What is served of one kind: versions, the share of people (0 to 1) that the challenger gets, and since when.

    An empty `challenger` is none; `as_of` is the day (ISO 8601) of the tables that the champion was trained on.
    `since_ms` is when the challenger got its share. `history` are the last champions, newest first; `withdrawn` the
    versions that were rolled back, newest first: no retraining publishes them again.
    """

    champion: str
    challenger: str = ""
    canary_share: float = 0.0
    as_of: str = ""
    since_ms: int = 0
    history: tuple[Left, ...] = ()
    withdrawn: tuple[Left, ...] = ()

    def state(self, version: str) -> State:
        """Say what a version is; empty for one that the pointer does not name."""
        if version == self.champion:
            return "champion"
        if version == self.challenger:
            return "challenger"
        if any(each.version == version for each in self.withdrawn):
            return "withdrawn"
        return "former" if any(each.version == version for each in self.history) else ""


Pointers = Mapping[str, Pointer]
"""Kind -> pointer; a kind that was never published is absent."""


class NothingToRollBack(Exception):
    """There is neither a challenger nor a former champion that was not withdrawn itself."""


def in_canary(subject: str, kind: str, version: str, share: float) -> bool:
    """Tell whether a person gets the challenger: `share` of people, the same ones for ever, others for another version.

    The first 8 bytes of SHA-256(`<kind>:<version>:<subject>`), big-endian, over 2**64, lie below `share`.
    """
    digest = sha256(f"{kind}:{version}:{subject}".encode()).digest()[:_DIGEST_BYTES]
    return int.from_bytes(digest, "big") < share * _POINTS


def file_key(kind: str, version: str, name: str) -> str:
    """Return the key of one file of a bundle."""
    return f"models/{kind}/{version}/{name}"


def day_of(version: str) -> str:
    """Return the day of the tables that a version was trained on, ISO 8601: its name begins with it."""
    return version.rpartition("-")[0]


def read_pointers(body: bytes | None) -> dict[str, Pointer]:
    """Read `champions.json`, of an older or a newer form too; nothing where there is none yet."""
    return {kind: _pointer(entry) for kind, entry in json.loads(body).items()} if body else {}


def _pointer(entry: Mapping[str, Any]) -> Pointer:
    known = _known(Pointer, entry)
    lists = {
        name: tuple(Left(**_known(Left, left)) for left in known.get(name, ())) for name in ("history", "withdrawn")
    }
    return Pointer(**{**known, **lists})


def _known(form: type[Pointer | Left], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what this release knows of an entry."""
    return {each.name: entry[each.name] for each in fields(form) if each.name in entry}


def write_pointers(pointers: Pointers) -> bytes:
    """Return `champions.json`."""
    return (json.dumps({kind: asdict(pointers[kind]) for kind in sorted(pointers)}, indent=1) + "\n").encode()


def published(pointers: Pointers, kind: str, version: str, *, share: float, now_ms: int) -> dict[str, Pointer]:
    """Serve a version that passed the gate: to everybody where it is the first or `share` is 0, else to that share.

    Nothing changes for a version that is served already or was withdrawn, nor for one of older tables than the
    champion's: runs may finish out of order. A canary is not disturbed: what passes while one runs is stored and waits
    for nothing, since the next run trains a newer one.
    """
    held = pointers.get(kind, Pointer(""))
    if held.state(version) in {"champion", "challenger", "withdrawn"} or held.challenger:
        return dict(pointers)
    if held.champion and held.as_of > day_of(version):
        return dict(pointers)
    if held.champion and share > 0:
        return challenged(pointers, kind, version, share=share, now_ms=now_ms)
    return promoted(pointers, kind, version, now_ms=now_ms, reason=f"{version} passed the gate")


def challenged(pointers: Pointers, kind: str, version: str, *, share: float, now_ms: int) -> dict[str, Pointer]:
    """Give a version `share` of the people, beside the champion; one that was withdrawn has another chance.

    A champion has everybody already: nothing changes.
    """
    held = pointers[kind]
    if version == held.champion:
        return dict(pointers)
    kept = tuple(each for each in held.withdrawn if each.version != version)
    after = replace(held, challenger=version, canary_share=share, since_ms=now_ms, withdrawn=kept)
    return {**pointers, kind: after}


def promoted(pointers: Pointers, kind: str, version: str, *, now_ms: int, reason: str) -> dict[str, Pointer]:
    """Make a version the champion, which ends any canary; the one before goes into the history with `reason`."""
    held = pointers.get(kind, Pointer(""))
    if held.champion == version:
        return dict(pointers)
    left = (Left(held.champion, now_ms, reason), *held.history) if held.champion else held.history
    after = Pointer(
        champion=version,
        as_of=day_of(version),
        history=tuple(each for each in left if each.version != version)[:FORMER_KEPT],
        withdrawn=tuple(each for each in held.withdrawn if each.version != version),
    )
    return {**pointers, kind: after}


def withdrawn(  # noqa: PLR0913  # who goes, who comes, when and why
    pointers: Pointers, kind: str, version: str, *, to: str = "", now_ms: int, reason: str
) -> dict[str, Pointer]:
    """Take a version out of service for good: a challenger leaves, a champion gives way to `to`, else the one before.

    A challenger leaves together with its champion: whom it was compared with is gone. Nothing changes for a version
    that is not served (any more). Raises `NothingToRollBack` where no champion would be left.
    """
    held = pointers.get(kind, Pointer(""))
    gone = Left(version, now_ms, reason)
    if version and version == held.challenger:
        return {**pointers, kind: _without_challenger(held, gone)}
    if not version or version != held.champion:
        return dict(pointers)
    target = to or next((each.version for each in held.history if held.state(each.version) == "former"), "")
    if not target or target == version:
        raise NothingToRollBack(f"{kind}: no former champion to go back to")
    if held.challenger:
        held = _without_challenger(held, Left(held.challenger, now_ms, f"its champion was withdrawn: {reason}"))
    after = replace(
        held,
        champion=target,
        as_of=day_of(target),
        history=tuple(each for each in held.history if each.version != target),
        withdrawn=(gone, *(each for each in held.withdrawn if each.version != target)),
    )
    return {**pointers, kind: after}


def _without_challenger(held: Pointer, gone: Left) -> Pointer:
    return replace(held, challenger="", canary_share=0.0, since_ms=0, withdrawn=(gone, *held.withdrawn))


def rolled_back(pointers: Pointers, kind: str, *, to: str = "", now_ms: int, reason: str) -> dict[str, Pointer]:
    """Withdraw the challenger; where there is none, or `to` names a champion to go back to, the champion.

    Raises `NothingToRollBack`.
    """
    held = pointers.get(kind, Pointer(""))
    version = held.challenger if held.challenger and not to else held.champion
    if not version:
        raise NothingToRollBack(f"{kind}: nothing is served")
    return withdrawn(pointers, kind, version, to=to, now_ms=now_ms, reason=reason)
