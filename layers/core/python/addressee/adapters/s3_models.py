"""Champions' and challengers' serving bundles: loaded from S3, and anew when the pointer changes, without a restart."""

from collections.abc import Callable, Sequence
from threading import Thread
from time import monotonic

from addressee.adapters.s3 import S3Bucket
from addressee.decisions.champions import Champion, Champions, Trial, champions_of, open_champion
from addressee.decisions.ports import Unavailable
from addressee.models.registry import POINTER_KEY, SERVING_FILES, Pointer, Pointers, file_key, read_pointers

CHECK_SECONDS = 60.0
RETRY_SECONDS = 10.0


class ModelMissing(Exception):
    """`champions.json` names a version whose file is not there."""


class S3Models:
    """A source of champions. At most once a minute it asks, conditionally, whether the pointer changed.

    A fault costs nothing that was loaded before: the old model of that kind serves on, and `on_fault(kind, reason)`
    hears of it (`champions.json` for the pointer itself). A challenger that cannot be had is a `Trial` without a model:
    its people get the champion. What was loaded as challenger is not read again when it becomes champion.
    """

    def __init__(
        self, bucket: S3Bucket, *, on_fault: Callable[[str, str], None], clock: Callable[[], float] = monotonic
    ) -> None:
        """Name the models' bucket; `clock` is seconds, monotonic. Nothing is read before the first `refresh`."""
        self._bucket, self._on_fault, self._clock = bucket, on_fault, clock
        self._loaded: dict[str, tuple[str, Champion]] = {}
        self._trials: dict[str, Trial] = {}
        self._champions: Champions | None = None
        self._etag: str | None = None
        self._next_check = clock()

    def current(self) -> Champions:
        """Return the loaded champions, looking for newer ones when it is time. Raises `Unavailable` before any."""
        if self._clock() >= self._next_check:
            self.refresh()
        if self._champions is None:
            raise Unavailable("models")
        return self._champions

    def refresh(self) -> None:
        """Load what changed; raises nothing."""
        try:
            pointers = self._changed()
            if pointers is not None:
                self._load(pointers)
        except Exception as error:  # noqa: BLE001  # whatever S3 or the pointer holds, what is loaded serves on
            self._on_fault(POINTER_KEY, type(error).__name__)
        self._next_check = self._clock() + (RETRY_SECONDS if self._champions is None else CHECK_SECONDS)

    def _changed(self) -> Pointers | None:
        """Return what is served, by kind; None where the pointer is the one that is loaded. No pointer: no kinds."""
        if self._etag is None:
            stored = self._bucket.get(POINTER_KEY)
            if stored is None:
                return {}
        else:
            stored = self._bucket.get_changed(POINTER_KEY, etag=self._etag)
            if stored is None:
                return None
        pointers = {kind: each for kind, each in read_pointers(stored.body).items() if each.champion}
        self._etag = stored.etag
        return pointers

    def _load(self, pointers: Pointers) -> None:
        """Load the versions that are new, all at once; where one cannot be had the old one stays and is retried."""
        known = self._known()
        asked = [(kind, version) for kind, each in pointers.items() for version in _versions(each)]
        found = known | self._open_all([each for each in asked if each not in known])
        if any(each not in found for each in asked):
            self._etag = None
        served = {kind: (each.champion, found.get((kind, each.champion))) for kind, each in pointers.items()}
        old = {kind: model for kind, model in self._loaded.items() if kind in pointers}
        self._loaded = old | {kind: (version, model) for kind, (version, model) in served.items() if model is not None}
        self._trials = {
            kind: Trial(each.challenger, each.canary_share, found.get((kind, each.challenger)))
            for kind, each in pointers.items()
            if each.challenger
        }
        if self._loaded or not pointers:
            self._champions = champions_of(self._loaded, self._trials)

    def _known(self) -> dict[tuple[str, str], Champion]:
        """Return what is loaded, by kind and version."""
        trials = {(kind, each.version): each.model for kind, each in self._trials.items() if each.model is not None}
        return trials | {(kind, version): model for kind, (version, model) in self._loaded.items()}

    def _open_all(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Champion]:
        """Open each in a thread of its own: kinds are few, and a pool would be an import more. Refused ones: absent."""
        found: dict[tuple[str, str], Champion] = {}

        def keep(kind: str, version: str) -> None:
            if (model := self._open(kind, version)) is not None:
                found[kind, version] = model

        threads = [Thread(target=keep, args=each) for each in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def _open(self, kind: str, version: str) -> Champion | None:
        try:
            files = {name: self._file(file_key(kind, version, name)) for name in SERVING_FILES}
            return open_champion(kind, files)
        except Exception as error:  # noqa: BLE001  # a bundle that cannot be had or is refused costs its kind alone
            self._on_fault(kind, f"{type(error).__name__}: {error}")
            return None

    def _file(self, key: str) -> bytes:
        stored = self._bucket.get(key)
        if stored is None:
            raise ModelMissing(key)
        return stored.body


def _versions(pointer: Pointer) -> list[str]:
    return [each for each in (pointer.champion, pointer.challenger) if each]
