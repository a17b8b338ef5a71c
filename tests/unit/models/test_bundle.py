"""Bundles: sealed with hashes, opened only when everything fits."""

import json

import pytest

from addressee.models.bundle import SERVING_FILE, BundleRefused, open_bundle, seal

ABOUT = {"family": "logistic", "features": ["a"], "feature_hash": "f" * 64}
FILES = {SERVING_FILE: b"numbers", "card.md": b"# card\n"}
SEALED = seal("buys_in_7_days", "2026-03-31", FILES, ABOUT)


def opened(**changes):
    """Open the sealed bundle with some files changed; None removes one."""
    files = {**SEALED.files, **{name.replace("_", "."): body for name, body in changes.items()}}
    return open_bundle(
        "buys_in_7_days",
        {name: body for name, body in files.items() if body is not None},
        feature_hash="f" * 64,
    )


def with_meta(**changes):
    """Return `bundle.json` with other fields."""
    return json.dumps({**SEALED.meta, **changes}).encode()


def test_a_bundle_opens_whole_or_with_what_serving_needs():
    """The card is not needed to serve."""
    assert opened().meta["sha256"] == SEALED.meta["sha256"]
    assert opened(card_md=None).version == SEALED.version


def test_the_version_follows_from_the_content():
    """Same content, same version; another byte or another setting, another one."""
    assert seal("buys_in_7_days", "2026-03-31", FILES, ABOUT).version == SEALED.version
    others = [
        seal("buys_in_7_days", "2026-03-31", {**FILES, SERVING_FILE: b"other"}, ABOUT),
        seal("buys_in_7_days", "2026-03-31", FILES, {**ABOUT, "feature_hash": "0"}),
        seal("buys_in_7_days", "2026-04-01", FILES, ABOUT),
    ]
    assert len({SEALED.version, *(other.version for other in others)}) == 4
    assert SEALED.version.startswith("2026-03-31-")
    assert len(SEALED.version) == len("2026-03-31-") + 12


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bundle_json": None}, "bundle.json is missing"),
        ({"bundle_json": b"{"}, "bundle.json is not JSON"),
        ({"bundle_json": b"[]"}, "bundle.json is not an object"),
        ({"bundle_json": with_meta(format=2)}, "format 2 is not 1"),
        ({"bundle_json": with_meta(kind="discover")}, "of kind discover"),
        ({"bundle_json": with_meta(feature_hash="0")}, "trained on features 0"),
        ({"bundle_json": with_meta(sha256={})}, "is not listed"),
        ({"serving_bin": None}, "serving.bin is missing"),
        ({"serving_bin": b"number"}, "serving.bin is damaged or truncated"),
        ({"card_md": b"# Card\n"}, "card.md is damaged or truncated"),
        ({"extra_txt": b""}, "extra.txt is not listed"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(changes, reason):
    """Every check has its own words."""
    with pytest.raises(BundleRefused, match=reason):
        opened(**changes)


def test_a_model_without_features_does_not_care_about_them():
    """Recommenders read purchases; a new feature does not retire them."""
    bundle = seal("discover", "2026-03-31", FILES, {**ABOUT, "feature_hash": ""})
    assert open_bundle("discover", bundle.files, feature_hash="anything").kind == "discover"
