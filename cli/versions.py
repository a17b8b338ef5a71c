"""Model versions as the commands speak of them: found, listed, compared, and moved with what was seen still true."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import open_bundle
from addressee.models.card import JSON_FILE
from addressee.models.registry import Left, Pointer, Pointers, State, day_of
from addressee.profiles.features import FEATURE_HASH

SIDES = ("value", "low", "high")
THREADS = 8


class UnknownVersion(Exception):
    """The registry has no such version of the kind."""


class ChangedMeanwhile(Exception):
    """Somebody else moved the pointer since it was shown."""


class Listed(NamedTuple):
    """A version in the list: what it is, of which day, its deciding metric, when it was published (UTC)."""

    kind: str
    version: str
    state: str
    as_of: str
    metric: str
    published: str


class Side(NamedTuple):
    """One metric of two versions: their figures as stored, and the difference of the values."""

    metric: str
    first: str
    second: str
    difference: str


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side; `same_days` tells whether both were tested on the same days by as many people."""

    first: str
    second: str
    sides: tuple[Side, ...]
    same_days: bool
    days: tuple[str, str]


def resolve(registry: S3Registry, kind: str, named: str) -> str:
    """Return a version that exists, by its name, its unique beginning, or `champion` or `challenger`.

    Raises `UnknownVersion`, which names what there is.
    """
    pointer = registry.pointers().get(kind, Pointer(""))
    if named in {"champion", "challenger"}:
        named = (pointer.champion if named == "champion" else pointer.challenger) or f"(no {named})"
    known = [version for _, version in sorted(registry.versions(kind))]
    found = [version for version in known if version == named] or [each for each in known if each.startswith(named)]
    if len(found) != 1:
        several = "several versions are called so" if found else "has no such version"
        raise UnknownVersion(f"{kind} {named}: {several}; there are {', '.join(known[-8:]) or 'none'}")
    return found[0]


def listed(registry: S3Registry, *, kind: str = "", every: bool = False) -> list[Listed]:
    """List what is or was served, newest first; with `every` also what passed the gate and was never served."""
    pointers = registry.pointers()
    published = registry.versions(kind)

    def told(key: tuple[str, str]) -> Listed:
        of, version = key
        metric = _deciding(card_of(registry, of, version))
        at = datetime.fromtimestamp(published[key], UTC).strftime("%Y-%m-%d %H:%M")
        return Listed(of, version, state_of(pointers.get(of, Pointer("")), version), day_of(version), metric, at)

    newest_first = sorted(sorted(published, reverse=True), key=lambda key: key[0])
    shown = [key for key in newest_first if every or pointers.get(key[0], Pointer("")).state(key[1])]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(told, shown))


def state_of(pointer: Pointer, version: str) -> str:
    """Say what a version is, with its share, or when and why it left."""
    state = pointer.state(version)
    if state == "challenger":
        return f"challenger, {pointer.canary_share:.0%} since {day(pointer.since_ms)}"
    lists: Mapping[State, tuple[Left, ...]] = {"withdrawn": pointer.withdrawn, "former": pointer.history}
    left = next((each for each in lists.get(state, ()) if each.version == version), None)
    return state or "stored" if left is None else f"{state} since {day(left.at_ms)}: {left.reason}"


def day(at_ms: int) -> str:
    """Write a day, UTC."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d")


def card_of(registry: S3Registry, kind: str, version: str) -> dict[str, Any]:
    """Read a version's card."""
    return registry.document(kind, version, JSON_FILE)


def _deciding(card: Mapping[str, Any]) -> str:
    name = card.get("decides", "")
    return f"{name} {_figures(card['metrics'][name]['model'])}" if name in card.get("metrics", {}) else ""


def _figures(numbers: Mapping[str, float]) -> str:
    value, low, high = (numbers[side] for side in SIDES)
    return f"{value:.4f} [{low:.4f}, {high:.4f}]"


def compared(registry: S3Registry, kind: str, first: str, second: str) -> Comparison:
    """Put two versions side by side, from what their bundles say; nothing is computed anew."""
    old, new = registry.meta(kind, first), registry.meta(kind, second)
    sides = tuple(_side(name, old["metrics"], new["metrics"]) for name in old["metrics"] | new["metrics"])
    return Comparison(first, second, sides, _tested(old) == _tested(new), (_days(old), _days(new)))


def _side(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Side:
    texts = [_figures(each[name]["model"]) if name in each else "-" for each in (old, new)]
    both = name in old and name in new
    gap = f"{new[name]['model']['value'] - old[name]['model']['value']:+.4f}" if both else "-"
    return Side(name, texts[0], texts[1], gap)


def _tested(meta: Mapping[str, Any]) -> tuple[Any, ...]:
    windows = meta.get("windows", {})
    return windows.get("test_after"), windows.get("test_cuts_until"), meta.get("tested")


def _days(meta: Mapping[str, Any]) -> str:
    after, until, tested = _tested(meta)
    return f"after {after}, last cut {until}, {(tested or {}).get('people', '?')} people"


def check_servable(registry: S3Registry, kind: str, version: str) -> None:
    """Open a version as serving would. Raises `BundleRefused` with the reason."""
    open_bundle(kind, registry.files(kind, version), feature_hash=FEATURE_HASH)


def changes(before: Pointer, after: Pointer) -> list[str]:
    """Say in lines what a move changes; none where it changes nothing."""
    lines = []
    if before.champion != after.champion:
        lines.append(f"champion: {before.champion or 'none'} -> {after.champion} (tables of {day_of(after.champion)})")
    if (before.challenger, before.canary_share) != (after.challenger, after.canary_share):
        lines.append(f"challenger: {_canary(before)} -> {_canary(after)}")
    gone = {each.version for each in after.withdrawn} - {each.version for each in before.withdrawn}
    lines.extend(f"withdrawn, no retraining publishes it again: {version}" for version in sorted(gone))
    back = {each.version for each in before.withdrawn} - {each.version for each in after.withdrawn}
    lines.extend(f"withdrawn no longer: {version}" for version in sorted(back))
    return lines


def _canary(pointer: Pointer) -> str:
    return f"{pointer.challenger} for {pointer.canary_share:.0%} of people" if pointer.challenger else "none"


def move(
    registry: S3Registry, kind: str, seen: Pointers, transition: Callable[[Pointers], Mapping[str, Pointer]]
) -> None:
    """Apply a transition if the kind still is as it was seen. Raises `ChangedMeanwhile`."""

    def checked(now: Pointers) -> Mapping[str, Pointer]:
        if now.get(kind) != seen.get(kind):
            raise ChangedMeanwhile(f"{kind} was changed meanwhile; look again with `addressee models list`")
        return transition(now)

    registry.change(checked)
