"""What a CRM or a shop says about people and items, read into changes; a row that is wrong becomes a refusal."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from addressee.events.event import Refusal, Trait
from addressee.profiles import checks
from addressee.profiles.consent import MAX_PROOF_BYTES, MAX_PURPOSES, PURPOSE, ConsentChange
from addressee.profiles.people import PersonChange
from addressee.profiles.subject import subject_of
from addressee.profiles.traits import MAX_TRAITS, Stamp, TraitChange, refused_trait

MAX_ROWS = 500
CLOCK_TOLERANCE_MS = 5 * 60_000
_FIELDS = frozenset({"userId", "address", "firstName", "traits", "consent", "timeZone", "locale", "at"})
_CONSENT_FIELDS = frozenset({"granted", "proof", "at", "source"})


class _Wrong(Exception):
    """A field of the row and what is wrong with it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.refusal = Refusal(field, reason)


def read_user_row(row: object, *, user_id: str | None = None, now_ms: int, key: bytes) -> PersonChange | Refusal:
    """Read one row of `PUT /v1/users`, or the body of `PUT /v1/users/{id}` (then `user_id` comes from the path).

    Times that the row does not name are `now_ms`. The stamps' id is a hash of what is said, so the same row said twice
    at the same time is one change.
    """
    try:
        return _read_user(row, user_id, now_ms, key)
    except _Wrong as wrong:
        return wrong.refusal


def _read_user(row: object, user_id: str | None, now_ms: int, key: bytes) -> PersonChange:
    if not isinstance(row, Mapping):
        raise _Wrong("", "must be an object")
    for name in row:
        if name not in _FIELDS:
            raise _Wrong(str(name), "is not a field of a user")
    identity = row.get("userId", user_id) if user_id is None else user_id
    if (reason := checks.identifier(identity)) is not None:
        raise _Wrong("userId", reason)
    if row.get("userId", identity) != identity:
        raise _Wrong("userId", "differs from the one in the path")
    at_ms = _time(row.get("at"), "at", now_ms)
    return PersonChange(
        subject=subject_of(str(identity), kind="user", key=key),
        user_id=str(identity),
        address=_stated(row, "address", checks.address),
        first_name=_stated(row, "firstName", checks.first_name),
        traits=_traits(row, at_ms),
        consent=_consent(row.get("consent"), at_ms, now_ms),
    )


def _stated(row: Mapping[str, Any], field: str, read: Callable[[object], str]) -> str | None:
    """Read a field of the `person` row: None where the row does not name it, empty where it takes it away."""
    if field not in row:
        return None
    return "" if row[field] is None else str(_read(read, row[field], field))


def _traits(row: Mapping[str, Any], at_ms: int) -> list[TraitChange]:
    given = row.get("traits", {})
    if not isinstance(given, Mapping):
        raise _Wrong("traits", "must be an object")
    if len(given) > MAX_TRAITS:
        raise _Wrong("traits", f"holds more than {MAX_TRAITS}")
    values: dict[str, Trait] = {}
    for name, value in given.items():
        if (reason := refused_trait(name, value)) is not None:
            raise _Wrong(f"traits.{name}", reason)
        values[name] = value
    for field, name, read in (("timeZone", "time_zone", checks.time_zone), ("locale", "locale", checks.locale)):
        if row.get(field) is not None:
            values[name] = _read(read, row[field], field)
    return [TraitChange(name, value, Stamp(at_ms, _digest(name, value))) for name, value in values.items()]


def _consent(given: object, at_ms: int, now_ms: int) -> list[ConsentChange]:
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise _Wrong("consent", "must be an object")
    if len(given) > MAX_PURPOSES:
        raise _Wrong("consent", f"holds more than {MAX_PURPOSES} purposes")
    return [_one_consent(purpose, said, at_ms, now_ms) for purpose, said in given.items()]


def _one_consent(purpose: str, said: object, at_ms: int, now_ms: int) -> ConsentChange:
    field = f"consent.{purpose}"
    if not PURPOSE.fullmatch(purpose):
        raise _Wrong(field, "a purpose must match [a-z][a-z0-9_]{0,39}")
    if not isinstance(said, Mapping) or not isinstance(said.get("granted"), bool):
        raise _Wrong(f"{field}.granted", "must be true or false")
    for name in said:
        if name not in _CONSENT_FIELDS:
            raise _Wrong(f"{field}.{name}", "is not a field of a consent")
    proof = str(_read(checks.up_to(MAX_PROOF_BYTES), said.get("proof") or "", f"{field}.proof"))
    source = str(_read(checks.up_to(120), said.get("source") or "", f"{field}.source"))
    if said["granted"] and not proof.strip():
        raise _Wrong(f"{field}.proof", "a grant needs a proof")
    stamp = Stamp(_time(said.get("at"), f"{field}.at", now_ms, at_ms), _digest(purpose, dict(said)))
    return ConsentChange(purpose, said["granted"], stamp, proof, source)


def _time(given: object, field: str, now_ms: int, default_ms: int | None = None) -> int:
    if given is None:
        return now_ms if default_ms is None else default_ms
    at_ms = int(_read(checks.time_ms, given, field))
    if at_ms > now_ms + CLOCK_TOLERANCE_MS:
        raise _Wrong(field, "lies in the future")
    return min(at_ms, now_ms)


def _read(read: Any, value: object, field: str) -> Any:  # noqa: ANN401  # readers return what is stored
    try:
        return read(value)
    except ValueError as error:
        raise _Wrong(field, str(error)) from None


def _digest(*said: object) -> str:
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
