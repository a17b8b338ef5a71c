"""Bundles of every role become the models that a decision asks; others are refused with the reason."""

import json
from array import array

import pytest

from addressee.decisions.champions import Champions, Trial, champions_of, open_champion
from addressee.models.bundle import META_FILE, SERVING_FILE, BundleRefused, seal
from addressee.models.packed import pack
from addressee.profiles.features import FEATURE_HASH, FEATURE_NAMES
from addressee.profiles.hashing import item_hash
from tests.fakes.decisions import ToldRecommender, ToldScorer
from tests.unit.decisions.people import SUBJECT, scored

WIDTH = len(FEATURE_NAMES)
MILK = {
    "item_hash": array("I", [item_hash("milk")]),
    "id_end": array("I", [4]),
    "ids": array("B", b"milk"),
    "popular": array("I", [0]),
    "popular_buyers": array("I", [9]),
}
WEIGHTS = {name: array("d", [1.0] * WIDTH) for name in ("weight", "scale")} | {"mean": array("d", [0.0] * WIDTH)}
TIERS = {
    "column": array("I", [0]),
    "edges": array("d", [1.0]),
    "edges_end": array("I", [1]),
    "segment": array("I", [0, 1]),
    "top": array("I", [0]),
    "top_buyers": array("I", [9]),
    "top_end": array("I", [1, 1]),
}
ROLES = {
    "buy_again": ("personal_frequency", {**MILK, "expected": array("f", [1.0])}, {"half_life_days": 10}),
    "buys_in_7_days": ("logistic", {**WEIGHTS, "bias": array("d", [0.0])}, {}),
    "rfm_tiers": ("tiers", {**MILK, **TIERS}, {"segments": ["new", "loyal"]}),
    "send_hour": ("hour_profiles", {"everybody": array("I", [186])}, {"model": "shrunk"}),
}


def bundle(kind, **about):
    """Seal a bundle of a kind by hand."""
    family, sections, settings = ROLES[kind]
    told = {"family": family, "feature_hash": FEATURE_HASH, **about}
    told["settings"] = {"half_support": 1.0, "features": WIDTH, **settings}
    return seal(kind, "2026-03-31", {SERVING_FILE: pack(sections)}, told).files


@pytest.fixture
def opened():
    """Open one model of each role."""
    return champions_of({kind: (f"{kind}-1", open_champion(kind, bundle(kind))) for kind in ROLES})


def test_each_bundle_becomes_a_model_of_its_role(opened):
    """The family says which; each answers as its role does."""
    far = [2.0, *[0.0] * (WIDTH - 1)]
    assert [each.item_id for each in opened.recommenders["buy_again"].popular(3)] == ["milk"]
    assert opened.scorers["buys_in_7_days"].score(far) > opened.scorers["buys_in_7_days"].score([0.0] * WIDTH) == 0.5
    assert opened.segmenters["rfm_tiers"].segment(far) == "loyal"
    assert opened.timers["send_hour"].hours() == (186,)
    assert {kind: version for kind, (version, _) in opened.models().items()} == {kind: f"{kind}-1" for kind in ROLES}


@pytest.mark.parametrize("kind", ROLES)
def test_a_model_of_other_features_is_refused(kind):
    """Whatever its role."""
    with pytest.raises(BundleRefused, match="was trained on features"):
        open_champion(kind, bundle(kind, feature_hash="0" * 64))


@pytest.mark.parametrize(
    ("meta", "reason"),
    [
        (None, "names no family"),
        (b"{", "names no family"),
        (b"[]", "names no family"),
        (b"{}", "names no family"),
        (json.dumps({"family": "oracle"}).encode(), "family oracle is unknown"),
    ],
)
def test_what_names_no_known_family_is_refused(meta, reason):
    """Missing, damaged, or written by code that is newer than this."""
    files = {name: body for name, body in bundle("buy_again").items() if name != META_FILE}
    with pytest.raises(BundleRefused, match=reason):
        open_champion("buy_again", files if meta is None else {**files, META_FILE: meta})


def test_a_model_that_is_taken_out_leaves_nothing_behind(opened):
    """Neither the model nor its version; the others stand."""
    left = opened.exchanged({"rfm_tiers": None})
    assert left.segmenters == {}
    assert set(left.models()) == set(left.versions) == set(ROLES) - {"rfm_tiers"}


def test_a_model_may_come_in_another_role(opened):
    """A kind that is a scorer from now on is no recommender any more."""
    scorer = ToldScorer()
    changed = opened.exchanged({"buy_again": ("buy_again-2", scorer)})
    assert (changed.recommenders, changed.scorers["buy_again"]) == ({}, scorer)
    assert changed.models()["buy_again"] == ("buy_again-2", scorer)


def test_without_a_canary_everybody_has_the_same_models():
    """The very same ones: nothing is copied for each decision. A share of nothing is nobody."""
    models = Champions({"discover": ToldRecommender(scored("kiwi"))}, versions={"discover": "d1"})
    assert models.of(SUBJECT) is models
    nobody = champions_of({}, {"discover": Trial("d2", 0.0, ToldRecommender(scored("fig")))})
    assert nobody.of(SUBJECT) is nobody
