"""Training tables to files and back: `.npz` for arrays, JSON for the rest; equal tables give equal bytes.

Below `tables/as_of=YYYY-MM-DD/`: `metadata.json`, `subjects.json`, `items.json`, `groups.json`, `audit.json`,
`people.npz`, `interactions.npz`, `now.npz`, `sends.npz`, `trials.npz`. `metadata.json` lists under `files` what there
is: tables of an earlier version lack some, and are read with those parts empty.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any

from addressee.models.arrays import pack_arrays, unpack_arrays
from addressee.models.tables import (
    HORIZON_DAYS,
    SEND_HORIZON_HOURS,
    Finding,
    Interactions,
    Items,
    Metadata,
    Now,
    People,
    Sends,
    Tables,
    Trials,
    no_sends,
    no_trials,
)

Read = Callable[[str], bytes]
AUDIT_FILE = "audit.json"


def tables_prefix(as_of: str) -> str:
    """Return the key prefix of the tables of a day."""
    return f"tables/as_of={as_of}/"


def pack_tables(tables: Tables) -> dict[str, bytes]:
    """Return file name -> bytes; the same tables always give the same bytes."""
    files = {
        "subjects.json": _pack_json(tables.subjects),
        "items.json": _pack_json(vars(tables.items)),
        "groups.json": _pack_json(tables.groups),
        AUDIT_FILE: pack_audit(tables.audit),
        "people.npz": pack_arrays(_labelled(tables.people, HORIZON_DAYS)),
        "interactions.npz": pack_arrays(vars(tables.interactions)),
        "now.npz": pack_arrays(vars(tables.now)),
        "sends.npz": pack_arrays(_labelled(tables.sends, SEND_HORIZON_HOURS)),
        "trials.npz": pack_arrays(vars(tables.trials)),
    }
    return {"metadata.json": _pack_json({**vars(tables.metadata), "files": sorted(files)}), **files}


def pack_audit(findings: Sequence[Finding]) -> bytes:
    """Return what the audit found as JSON."""
    return _pack_json([finding._asdict() for finding in findings])


def read_tables(read: Read) -> Tables:
    """Read all tables; `read` returns the bytes of a file name (below the prefix)."""
    said = json.loads(read("metadata.json"))
    metadata, files = _metadata(said), said.get("files", ())
    items = json.loads(read("items.json"))
    return Tables(
        metadata=metadata,
        subjects=tuple(json.loads(read("subjects.json"))),
        items=Items(**{name: tuple(column) for name, column in items.items()}),
        people=People(**_unlabelled(unpack_arrays(read("people.npz")), HORIZON_DAYS)),
        interactions=Interactions(**unpack_arrays(read("interactions.npz"))),
        now=Now(**unpack_arrays(read("now.npz"))),
        sends=_sends(read, files, metadata),
        trials=_trials(read, files, metadata),
        groups=_groups(read, files),
        audit=_audit(read, files),
    )


def read_metadata(read: Read) -> Metadata:
    """Read the tables' metadata alone."""
    return _metadata(json.loads(read("metadata.json")))


def _metadata(said: Mapping[str, Any]) -> Metadata:
    known: dict[str, Any] = {each.name: said[each.name] for each in fields(Metadata) if each.name in said}
    return Metadata(**{**known, "feature_names": tuple(known["feature_names"]), "cut_days": tuple(known["cut_days"])})


def _sends(read: Read, files: Collection[str], metadata: Metadata) -> Sends:
    if "sends.npz" not in files:
        return no_sends(len(metadata.feature_names))
    return Sends(**_unlabelled(unpack_arrays(read("sends.npz")), SEND_HORIZON_HOURS))


def _trials(read: Read, files: Collection[str], metadata: Metadata) -> Trials:
    """Read who was held out; nobody, where an earlier version did not write down of how many."""
    arrays = unpack_arrays(read("trials.npz")) if "trials.npz" in files else {}
    return Trials(**arrays) if "share" in arrays else no_trials(len(metadata.feature_names))


def _groups(read: Read, files: Collection[str]) -> dict[str, tuple[str, ...]]:
    groups = json.loads(read("groups.json")) if "groups.json" in files else {}
    return {trait: tuple(values) for trait, values in groups.items()}


def _audit(read: Read, files: Collection[str]) -> tuple[Finding, ...]:
    found = json.loads(read(AUDIT_FILE)) if AUDIT_FILE in files else []
    return tuple(Finding(**each) for each in found)


def _pack_json(value: Any) -> bytes:  # noqa: ANN401  # whatever JSON can hold
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _labelled(rows: People | Sends, labels: Mapping[str, int]) -> dict[str, Any]:
    """Return a table's arrays by name; those by label become `label_<name>` and `known_<name>`."""
    arrays = {name: column for name, column in vars(rows).items() if name not in {"labels", "known"}}
    given = {f"label_{name}": rows.labels[name] for name in labels}
    return {**arrays, **given, **{f"known_{name}": rows.known[name] for name in labels}}


def _unlabelled(arrays: Mapping[str, Any], labels: Mapping[str, int]) -> dict[str, Any]:
    """Undo `_labelled`."""
    own = {name: column for name, column in arrays.items() if not name.startswith(("label_", "known_"))}
    return {
        **own,
        "labels": {name: arrays[f"label_{name}"] for name in labels},
        "known": {name: arrays[f"known_{name}"] for name in labels},
    }
