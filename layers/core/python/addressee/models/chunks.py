"""The people of one `as_of` day in chunks of about equal size, each a file that can be scored on its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from addressee.models.arrays import Array, pack_arrays, unpack_arrays
from addressee.models.mails import Mails, mails_until, no_mails
from addressee.models.tables import Interactions, Items, Now, Tables

CHUNK_SUBJECTS = 800
MANIFEST = "chunks.json"
"""A JSON array with an item for each chunk: `{"asOf", "tables", "chunk", "start", "stop"}`."""


@dataclass(frozen=True)
class Chunk:
    """Some subjects of the tables of `as_of`: their features and all their purchases.

    `feature_hash` is that of the code which computed the features. `interactions.subject` indexes `subjects` and `now`,
    `interactions.item` the chunk's own `items` (sorted by id). `mails` are what a timer reads, numbered alike; an
    earlier release's chunk has none.
    """

    as_of: str
    as_of_day: int
    feature_hash: str
    subjects: tuple[str, ...]
    now: Now
    interactions: Interactions
    items: Items
    mails: Mails = field(default_factory=no_mails)


def chunk_spans(subjects: int, *, size: int = CHUNK_SUBJECTS) -> list[tuple[int, int]]:
    """Part `subjects` people into spans (start, stop) of at most `size`, sizes differing by at most one."""
    count = -(-subjects // size)
    return [(subjects * index // count, subjects * (index + 1) // count) for index in range(count)]


def chunk_file(index: int) -> str:
    """Return the file name of a chunk below the tables' prefix."""
    return f"chunks/{index:05d}.npz"


def pack_chunk(tables: Tables, start: int, stop: int) -> bytes:
    """Cut subjects `start` to `stop` (exclusive) out of the tables; the same tables give the same bytes."""
    rows = tables.interactions.of_subjects(start, stop)
    items, own = np.unique(rows.item, return_inverse=True)
    moved = {**vars(rows), "subject": rows.subject - start, "item": own.astype(np.int32)}
    mails = mails_until(tables.sends, tables.metadata.as_of_day).of_subjects(start, stop)
    about = {
        "as_of": tables.metadata.as_of,
        "as_of_day": tables.metadata.as_of_day,
        "feature_hash": tables.metadata.feature_hash,
        "items": [tables.items.ids[item] for item in items],
        "categories": [tables.items.categories[item] for item in items],
    }
    return pack_arrays(
        {
            "subjects": np.array(tables.subjects[start:stop], dtype="S32"),
            "features": tables.now.features[start:stop],
            "active": tables.now.active[start:stop],
            "about": _text(about),
            **{f"interactions_{name}": column for name, column in moved.items()},
            **{f"mails_{name}": column for name, column in vars(mails).items()},
        }
    )


def read_chunk(packed: bytes) -> Chunk:
    """Read what `pack_chunk` wrote."""
    arrays = unpack_arrays(packed)
    about = json.loads(arrays["about"].tobytes())
    return Chunk(
        as_of=about["as_of"],
        as_of_day=about["as_of_day"],
        feature_hash=about["feature_hash"],
        subjects=tuple(subject.decode() for subject in arrays["subjects"].tolist()),
        now=Now(arrays["features"], arrays["active"]),
        interactions=Interactions(**{name: arrays[f"interactions_{name}"] for name in Interactions.__match_args__}),
        items=Items(tuple(about["items"]), tuple(about["categories"])),
        mails=_mails(arrays),
    )


def _mails(arrays: Mapping[str, Array]) -> Mails:
    if "mails_subject" not in arrays:
        return no_mails()
    return Mails(**{name: arrays[f"mails_{name}"] for name in Mails.__match_args__})


def _text(value: Any) -> Array:  # noqa: ANN401  # whatever JSON can hold
    """Hold JSON in an array of bytes; numpy's own strings would all be as long as the longest."""
    return np.frombuffer(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), np.uint8)
