"""The versions that a watch compares with newer people, loaded from the registry with their references."""

from collections.abc import Callable

from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import BundleRefused, open_bundle
from addressee.models.kind import fitted_of
from addressee.models.kinds import UnknownKind, kind_of
from addressee.models.reference import REFERENCE_FILE, read_reference
from addressee.models.registry import SERVING_FILES
from addressee.models.tables import Metadata
from addressee.models.watch import Watched, watched_version

NO_REFERENCE = "it was made before bundles held reference.json"


def watched_models(
    registry: S3Registry, known: Metadata, *, on_refused: Callable[[str, str, str], None]
) -> list[Watched]:
    """Load for each kind the version to compare with the tables of `known`, where there is one.

    `on_refused(kind, version, reason)` hears of those that cannot be compared: other features, no reference, damage.
    """
    found = []
    for name, pointer in sorted(registry.pointers().items()):
        version = watched_version(pointer, known.as_of)
        if not version:
            continue
        try:
            found.append(_opened(registry, name, version, known.feature_hash))
        except (BundleRefused, UnknownKind) as refused:
            on_refused(name, version, str(refused))
    return found


def _opened(registry: S3Registry, name: str, version: str, feature_hash: str) -> Watched:
    kind = kind_of(name)
    files = registry.files(name, version, (*SERVING_FILES, REFERENCE_FILE))
    bundle = open_bundle(name, files, feature_hash=feature_hash)
    if REFERENCE_FILE not in files:
        raise BundleRefused(NO_REFERENCE)
    return Watched(kind, version, read_reference(files[REFERENCE_FILE]), fitted_of(bundle))
