"""Why a score is what it is."""

from array import array
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from addressee.decisions.champions import Champions
from addressee.decisions.explanation import STRONGEST, explanations, explanations_json
from addressee.decisions.person import Person
from addressee.decisions.portrait import portray
from addressee.models.group_tiers import GroupThresholds
from addressee.models.scorers import Logistic, tier
from addressee.profiles.features import FEATURE_NAMES
from tests.fakes.decisions import ToldScorer
from tests.unit.decisions.people import NOW, SUBJECT, state, willing

WIDTH = len(FEATURE_NAMES)


@dataclass
class Amount(ToldScorer):
    """Says an amount, which has no tiers."""

    thresholds: dict = field(default_factory=dict)


def test_the_strongest_contributions_come_first_whatever_their_sign():
    """Five of them, with the features' own names."""
    told = explanations(willing(state=state()), Champions(scorers={"a": ToldScorer(0.8)}), now_ms=NOW)["a"]
    assert told.tier == "high"
    assert [each.feature for each in told.because] == list(FEATURE_NAMES[:STRONGEST])
    assert [each.contribution for each in told.because] == [-1.0, 0.5, -0.25, 0.125, -0.0625]
    assert told.because[0].words == "never ordered: lowers the chance"
    assert told.because[1].words == "ordered 0 times in all: raises the chance"


def test_a_tier_is_that_of_the_persons_group():
    """Where a mitigation let it begin elsewhere for what they declared; else everybody's."""
    least = GroupThresholds({"high": 0.75, "medium": 0.4}, ["gender"], {"f": {"high": 0.5, "medium": 0.2}})
    champions = Champions(scorers={"a": ToldScorer(0.6, thresholds=least)})
    told = [
        explanations(replace(willing(state=state()), traits=traits), champions, now_ms=NOW)["a"].tier
        for traits in ({"gender": "f"}, {"gender": "m"}, {})
    ]
    assert told == ["high", "medium", "medium"]


def test_an_amount_has_no_tier():
    """It is raised or lowered all the same."""
    told = explanations(willing(state=state()), Champions(scorers={"a": Amount(0.8)}), now_ms=NOW)["a"]
    assert told.tier is None
    assert told.because[0].words.endswith("lowers the amount")


def test_nobody_ever_seen_is_explained_by_nothing():
    """There is no state to read."""
    assert explanations(Person(SUBJECT), Champions(scorers={"a": ToldScorer()}), now_ms=NOW) == {}


def test_a_feature_without_weight_is_no_reason():
    """Only what moved the score is named."""
    weight = array("d", [0.0] * WIDTH)
    weight[FEATURE_NAMES.index("orders_total")] = 2.0
    zeros, ones = array("d", bytes(8 * WIDTH)), array("d", [1.0] * WIDTH)
    sections = {"weight": weight, "mean": zeros, "scale": ones, "bias": array("d", [0.0])}
    model = Logistic(sections, {"features": WIDTH})
    told = explanations(willing(state=state(orders=3)), Champions(scorers={"a": model}), now_ms=NOW)
    (because,) = told["a"].because
    assert because.words == "ordered 3 times in all: raises the chance"
    assert explanations_json(told)["a"] == {"tier": "high", "because": [because._asdict()]}


def test_what_people_declare_moves_the_live_score_and_is_said():
    """Traits are read for decisions and explanations alike; who declares nothing is told so."""
    weight = array("d", [0.0] * WIDTH)
    for name in ("age_years", "gender_code", "device_code"):
        weight[FEATURE_NAMES.index(name)] = 1.0
    zeros, ones = array("d", bytes(8 * WIDTH)), array("d", [1.0] * WIDTH)
    model = Logistic({"weight": weight, "mean": zeros, "scale": ones, "bias": array("d", [-4.0])}, {"features": WIDTH})
    champions = Champions(scorers={"a": model})
    known = willing(state=state(context=20_000 << 24 | 3 << 20), traits={"birth_year": 1990, "gender": "m"})
    words = [each.words for each in explanations(known, champions, now_ms=NOW)["a"].because]
    age = datetime.fromtimestamp(NOW / 1000, UTC).year - 1990
    assert words == [
        f"{age} years old: raises the chance",
        "came last by ios: raises the chance",
        "declared gender: male: raises the chance",
    ]
    nobody = willing(state=state(), traits={})
    assert explanations(nobody, champions, now_ms=NOW)["a"].because == ()
    scores = [portray(each, champions, now_ms=NOW).scores["a"] for each in (known, nobody)]
    assert scores[0] > 0.5 > scores[1]


@pytest.mark.parametrize(
    ("score", "name"), [(0.0, "low"), (0.399, "low"), (0.4, "medium"), (0.749, "medium"), (0.75, "high")]
)
def test_tiers_begin_at_their_thresholds(score, name):
    """The threshold itself is in the tier."""
    assert tier(score, ToldScorer().thresholds) == name
