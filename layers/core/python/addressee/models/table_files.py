"""Training tables to files and back: `.npz` for arrays, JSON for the rest; equal tables give equal bytes.

Below `tables/as_of=YYYY-MM-DD/`: `metadata.json`, `subjects.json`, `items.json`, `people.npz`, `interactions.npz`,
`now.npz`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from addressee.models.arrays import pack_arrays, unpack_arrays
from addressee.models.tables import HORIZON_DAYS, Interactions, Items, Metadata, Now, People, Tables

Read = Callable[[str], bytes]


def tables_prefix(as_of: str) -> str:
    """Return the key prefix of the tables of a day."""
    return f"tables/as_of={as_of}/"


def pack_tables(tables: Tables) -> dict[str, bytes]:
    """Return file name -> bytes; the same tables always give the same bytes."""
    return {
        "metadata.json": _pack_json(vars(tables.metadata)),
        "subjects.json": _pack_json(tables.subjects),
        "items.json": _pack_json(vars(tables.items)),
        "people.npz": pack_arrays(_people_arrays(tables.people)),
        "interactions.npz": pack_arrays(vars(tables.interactions)),
        "now.npz": pack_arrays(vars(tables.now)),
    }


def read_tables(read: Read) -> Tables:
    """Read all tables; `read` returns the bytes of a file name (below the prefix)."""
    items = json.loads(read("items.json"))
    return Tables(
        metadata=read_metadata(read),
        subjects=tuple(json.loads(read("subjects.json"))),
        items=Items(tuple(items["ids"]), tuple(items["categories"])),
        people=_people(unpack_arrays(read("people.npz"))),
        interactions=Interactions(**unpack_arrays(read("interactions.npz"))),
        now=Now(**unpack_arrays(read("now.npz"))),
    )


def read_metadata(read: Read) -> Metadata:
    """Read the tables' metadata alone."""
    fields = json.loads(read("metadata.json"))
    return Metadata(
        **{**fields, "feature_names": tuple(fields["feature_names"]), "cut_days": tuple(fields["cut_days"])}
    )


def _pack_json(value: Any) -> bytes:  # noqa: ANN401  # whatever JSON can hold
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _people_arrays(people: People) -> dict[str, Any]:
    labels = {f"label_{name}": people.labels[name] for name in HORIZON_DAYS}
    known = {f"known_{name}": people.known[name] for name in HORIZON_DAYS}
    return {"features": people.features, "subject": people.subject, "cut_day": people.cut_day, **labels, **known}


def _people(arrays: Mapping[str, Any]) -> People:
    return People(
        features=arrays["features"],
        subject=arrays["subject"],
        cut_day=arrays["cut_day"],
        labels={name: arrays[f"label_{name}"] for name in HORIZON_DAYS},
        known={name: arrays[f"known_{name}"] for name in HORIZON_DAYS},
    )
