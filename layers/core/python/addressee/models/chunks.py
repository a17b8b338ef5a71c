"""The people of one `as_of` day in chunks of about equal size, each a file that can be scored on its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from addressee.models.arrays import pack_arrays, unpack_arrays
from addressee.models.tables import Interactions, Now, Tables

CHUNK_SUBJECTS = 800
MANIFEST = "chunks.json"
"""A JSON array with an item for each chunk: `{"asOf", "tables", "chunk", "start", "stop"}`."""


@dataclass(frozen=True)
class Chunk:
    """Subjects `start` to `stop` (exclusive) of the tables: their features and all their purchases.

    `interactions.subject` counts from `start`, so that it indexes `subjects` and `now` of the chunk.
    """

    subjects: tuple[str, ...]
    now: Now
    interactions: Interactions


def chunk_spans(subjects: int, *, size: int = CHUNK_SUBJECTS) -> list[tuple[int, int]]:
    """Part `subjects` people into spans (start, stop) of at most `size`, sizes differing by at most one."""
    count = -(-subjects // size)
    return [(subjects * index // count, subjects * (index + 1) // count) for index in range(count)]


def chunk_file(index: int) -> str:
    """Return the file name of a chunk below the tables' prefix."""
    return f"chunks/{index:05d}.npz"


def pack_chunk(tables: Tables, start: int, stop: int) -> bytes:
    """Cut subjects `start` to `stop` out of the tables."""
    interactions = vars(tables.interactions.of_subjects(start, stop))
    moved = {**interactions, "subject": interactions["subject"] - start}
    return pack_arrays(
        {
            "subjects": np.array(tables.subjects[start:stop], dtype="S32"),
            "features": tables.now.features[start:stop],
            "active": tables.now.active[start:stop],
            **{f"interactions_{name}": column for name, column in moved.items()},
        }
    )


def read_chunk(packed: bytes) -> Chunk:
    """Read what `pack_chunk` wrote."""
    arrays: Mapping[str, Any] = unpack_arrays(packed)
    columns = {name: arrays[f"interactions_{name}"] for name in Interactions.__dataclass_fields__}
    return Chunk(
        subjects=tuple(subject.decode() for subject in arrays["subjects"].tolist()),
        now=Now(arrays["features"], arrays["active"]),
        interactions=Interactions(**columns),
    )
