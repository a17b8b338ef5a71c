"""The registry: where versions live, and the pointer that says which of them is served."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from addressee.models.bundle import META_FILE, SERVING_FILE, Bundle

POINTER_KEY = "models/champions.json"
SERVING_FILES = (META_FILE, SERVING_FILE)
"""What a bundle is served and scored from."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What is served of one kind: versions, the share of people (0 to 1) that the challenger gets, and since when.

    An empty `challenger` is none; `as_of` is the day (ISO 8601) of the tables that the champion was trained on.
    """

    champion: str
    challenger: str = ""
    canary_share: float = 0.0
    as_of: str = ""


Pointers = Mapping[str, Pointer]
"""Kind -> pointer; a kind that was never published is absent."""


def file_key(kind: str, version: str, name: str) -> str:
    """Return the key of one file of a bundle."""
    return f"models/{kind}/{version}/{name}"


def read_pointers(body: bytes | None) -> dict[str, Pointer]:
    """Read `champions.json`; nothing where there is none yet."""
    return {kind: Pointer(**entry) for kind, entry in json.loads(body).items()} if body else {}


def write_pointers(pointers: Pointers) -> bytes:
    """Return `champions.json`."""
    return (json.dumps({kind: asdict(pointers[kind]) for kind in sorted(pointers)}, indent=1) + "\n").encode()


def promoted(pointers: Pointers, bundle: Bundle) -> dict[str, Pointer]:
    """Make the bundle its kind's champion; a challenger stays, unless it is the one that was promoted.

    A bundle made from older tables than the champion's changes nothing: runs may finish out of order.
    """
    held = pointers.get(bundle.kind, Pointer(""))
    as_of = str(bundle.meta["as_of"])
    if held.champion and held.as_of > as_of:
        return dict(pointers)
    kept = held.challenger if held.challenger != bundle.version else ""
    pointer = Pointer(bundle.version, kept, held.canary_share if kept else 0.0, as_of)
    return {**pointers, bundle.kind: pointer}
