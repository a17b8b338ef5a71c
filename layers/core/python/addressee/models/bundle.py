"""A bundle: the files of one model version, with `bundle.json` that says what they are and what they need."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

FORMAT = 1
META_FILE = "bundle.json"
SERVING_FILE = "serving.bin"
DIGEST_CHARACTERS = 12


class BundleRefused(Exception):
    """The bundle may not be used; the message says which check failed and how."""


@dataclass(frozen=True)
class Bundle:
    """The files of one version (whole, or those that serving needs) and the parsed `bundle.json`."""

    kind: str
    version: str
    meta: Mapping[str, Any]
    files: Mapping[str, bytes]


def seal(kind: str, as_of: str, files: Mapping[str, bytes], about: Mapping[str, Any]) -> Bundle:
    """Make a bundle of `files`: add `bundle.json` with the sha256 of each and the version that follows from them.

    `about` holds at least `family`, `features` (names, in order) and `feature_hash`. The version is `<as_of>-<first
    12 hex characters of the sha256 over the metadata and the files' sha256>`; the same content has the same version.
    """
    meta = {"format": FORMAT, "kind": kind, "as_of": as_of, **about, "sha256": _digests(files)}
    version = f"{as_of}-{sha256(_canonical(meta)).hexdigest()[:DIGEST_CHARACTERS]}"
    meta["version"] = version
    return Bundle(kind, version, meta, {**files, META_FILE: _canonical(meta)})


def open_bundle(kind: str, files: Mapping[str, bytes], *, feature_hash: str) -> Bundle:
    """Read and check a bundle, or the part of it that is at hand. Raises `BundleRefused` with the reason.

    `feature_hash` is that of the features this code computes (`profiles.features.FEATURE_HASH`); a bundle that needs
    no features (its own hash is empty) passes with any.
    """
    meta = _read_meta(files)
    if meta.get("format") != FORMAT:
        raise BundleRefused(f"{META_FILE}: format {meta.get('format')} is not {FORMAT}")
    if meta.get("kind") != kind:
        raise BundleRefused(f"{META_FILE}: is of kind {meta.get('kind')}, not {kind}")
    if meta.get("feature_hash") not in {"", feature_hash}:
        raise BundleRefused(f"{META_FILE}: was trained on features {meta.get('feature_hash')}, not {feature_hash}")
    _check_files(meta.get("sha256") or {}, files)
    return Bundle(kind, str(meta.get("version")), meta, files)


def _read_meta(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        meta = json.loads(files[META_FILE])
    except KeyError:
        raise BundleRefused(f"{META_FILE} is missing") from None
    except ValueError:
        raise BundleRefused(f"{META_FILE} is not JSON") from None
    if not isinstance(meta, dict):
        raise BundleRefused(f"{META_FILE} is not an object")
    return meta


def _check_files(digests: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    if SERVING_FILE not in files:
        raise BundleRefused(f"{SERVING_FILE} is missing")
    for name, body in files.items():
        if name == META_FILE:
            continue
        if name not in digests:
            raise BundleRefused(f"{name} is not listed in {META_FILE}")
        if sha256(body).hexdigest() != digests[name]:
            raise BundleRefused(f"{name} is damaged or truncated: its sha256 differs from {META_FILE}")


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256(files[name]).hexdigest() for name in sorted(files)}


def _canonical(meta: Mapping[str, Any]) -> bytes:
    return (json.dumps(meta, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()
