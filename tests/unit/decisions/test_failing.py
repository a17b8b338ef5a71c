"""Who gets which model, and what a model that fails costs."""

from dataclasses import replace

import pytest

from addressee.decisions.answer import answer_decision, score
from addressee.decisions.campaign import Campaign
from addressee.decisions.champions import NOT_LOADED, Champions, Trial
from addressee.decisions.decide import decide
from addressee.decisions.decision import from_body, to_body
from addressee.decisions.failing import answer_with
from addressee.decisions.guarded import Guarded, Sources
from addressee.decisions.ladder import Wish
from addressee.decisions.person import Scores
from addressee.decisions.request import DecisionRequest, Who
from addressee.models.registry import in_canary
from addressee.profiles.subject import subject_of
from tests.fakes.decisions import (
    Broken,
    InMemoryDecisions,
    InMemoryPeople,
    ToldChampions,
    ToldRecommender,
    ToldScorer,
    ToldSegmenter,
)
from tests.fakes.suppressions import InMemorySuppressions
from tests.unit.decisions.people import NOW, Shop, scored, state, willing

CAMPAIGN = Campaign("spring")
VERSIONS = {"buy_again": "b1", "discover": "d1", "buys_in_7_days": "s1", "rfm_tiers": "r1"}
MODELS = Champions(
    {
        "buy_again": ToldRecommender(scored("milk"), scored("jam")),
        "discover": ToldRecommender(scored("kiwi"), scored("jam")),
    },
    {"buys_in_7_days": ToldScorer()},
    {"rfm_tiers": ToldSegmenter(scored("tea"), scored("jam"))},
    VERSIONS,
)
NEW = ToldRecommender(scored("fig"), scored("jam"))


def tried(model, *, share=1.0, kind="discover", champions=MODELS):
    """Let a challenger be tried on a share of people."""
    return replace(champions, trials={**champions.trials, kind: Trial(f"{kind}-2", share, model)})


def decided(champions, **given):
    """Decide for somebody who bought milk long ago."""
    person = willing(state=state(bought={"milk": 60}), **given)
    return decide(person, CAMPAIGN, Shop(), champions, Wish(), now_ms=NOW)


def items(decision):
    """List the item ids."""
    return [each.item_id for each in decision.products]


def test_who_is_in_the_canary_gets_the_challenger_and_the_others_the_champion():
    """The hash says who; nothing but the kind on trial changes."""
    champions = tried(NEW, share=0.3)
    found = {}
    for number in range(200):
        subject = f"{number:032x}"
        mine = champions.of(subject)
        found[subject] = mine.recommenders["discover"] is NEW
        assert mine.versions == {**VERSIONS, "discover": "discover-2" if found[subject] else "d1"}
        assert (mine.recommenders["buy_again"], mine.faults) == (MODELS.recommenders["buy_again"], {})
        assert list(mine.recommenders) == ["buy_again", "discover"]
    assert found == {subject: in_canary(subject, "discover", "discover-2", 0.3) for subject in found}
    assert 0 < sum(found.values()) < 200


def test_a_challenger_stands_in_its_champions_place_whatever_it_can():
    """Scorers and segmenters are tried as recommenders are; a kind without a champion too."""
    both = tried(
        ToldScorer(0.75), kind="buys_in_7_days", champions=tried(ToldSegmenter(names=("new",)), kind="rfm_tiers")
    )
    decision = decided(both)
    assert (decision.scores, decision.models["rfm_tiers"]) == ({"buys_in_7_days": 0.75}, "rfm_tiers-2")
    assert tried(NEW, champions=Champions()).of("anybody").recommenders == {"discover": NEW}


def test_a_decision_names_the_versions_that_spoke():
    """The challenger's for whoever got it."""
    decision = decided(tried(NEW))
    assert (items(decision)[:2], decision.models["discover"], decision.faults) == (["milk", "fig"], "discover-2", {})
    assert decided(tried(NEW, share=0.0)).models == VERSIONS


@pytest.mark.parametrize(
    ("champions", "products", "models", "faults"),
    [
        (tried(None), ["milk", "kiwi"], VERSIONS, {"discover": NOT_LOADED}),
        (tried(Broken()), ["milk", "kiwi"], VERSIONS, {"discover": "TimeoutError"}),
        (
            tried(Broken(), champions=MODELS.exchanged({"discover": ("d1", Broken())})),
            ["milk", "tea"],
            {kind: version for kind, version in VERSIONS.items() if kind != "discover"},
            {"discover": "TimeoutError"},
        ),
        (
            tried(Broken(), kind="rfm_tiers", champions=tried(Broken())),
            ["milk", "kiwi"],
            VERSIONS,
            {"discover": "TimeoutError", "rfm_tiers": "TimeoutError"},
        ),
        (
            MODELS.exchanged({"buys_in_7_days": ("s1", Broken())}),
            ["milk", "kiwi"],
            {kind: version for kind, version in VERSIONS.items() if kind != "buys_in_7_days"},
            {"buys_in_7_days": "TimeoutError"},
        ),
    ],
    ids=["not loaded", "challenger", "challenger and champion", "two challengers", "champion"],
)
def test_a_model_that_fails_gives_way_and_is_named(champions, products, models, faults):
    """A challenger to its champion, a champion to the next rung; the others speak on."""
    decision = decided(champions)
    assert (items(decision)[:2], dict(decision.models), dict(decision.faults)) == (products, models, faults)
    assert from_body(to_body(decision)) == decision


def test_a_record_of_before_has_no_faults_and_one_without_faults_says_nothing_of_them():
    """Old records are read, new ones cost no byte more."""
    decision = decided(MODELS)
    assert from_body(to_body(decision)) == decision
    assert len(to_body(decision)) < len(to_body(replace(decision, faults={"discover": "ValueError"})))


def test_what_is_no_models_fault_is_raised():
    """A table that is away is the caller's to handle; the models are not blamed."""
    with pytest.raises(TimeoutError):
        decide(willing(), CAMPAIGN, Broken(), MODELS, Wish(), now_ms=NOW)


def test_only_a_fault_is_paid_for():
    """One call where nothing fails."""
    asked = []
    assert answer_with(MODELS, "anybody", asked.append) is None
    assert asked == [MODELS]


def test_last_nights_list_is_used_where_the_same_version_made_it():
    """Whoever got the champion's list last night and is in the canary today is ranked live."""

    class Counting(ToldRecommender):
        calls = 0

        def rank(self, *given, **named):
            Counting.calls += 1
            return super().rank(*given, **named)

    nightly = {"discover": tuple(map(tuple, scored("plum")))}
    counting = Counting(scored("fig"))
    for version, products, calls in (("discover-2", ["milk", "plum"], 0), ("d1", ["milk", "fig"], 1)):
        scores = Scores("2024-10-03", candidates=nightly, versions={"discover": version})
        assert items(decided(tried(counting), scores=scores))[:2] == products
        assert Counting.calls == calls


def test_routes_hear_of_model_faults_apart_from_their_own():
    """Both the decision and the scores; a repeated decision was counted when it was made."""
    key = b"a key"
    anna = subject_of("anna", kind="user", key=key)
    people = InMemoryPeople(willing(subject=anna, state=state(bought={"milk": 60})))
    broken = ToldChampions(tried(Broken(), kind="buys_in_7_days"))
    sources = Sources(lambda: key, people, InMemorySuppressions(), Shop(), broken, InMemoryDecisions())
    heard = []
    for ask in (
        lambda guarded: score(Who("anna"), guarded, now_ms=NOW).versions["buys_in_7_days"],
        lambda guarded: answer_decision(DecisionRequest("spring", Who("anna")), CAMPAIGN, guarded, now_ms=NOW).recorded,
        lambda guarded: answer_decision(DecisionRequest("spring", Who("anna")), CAMPAIGN, guarded, now_ms=NOW).recorded,
    ):
        guarded = Guarded(sources, lambda: 0.0, 1.0)
        heard.append((ask(guarded), guarded.faults, guarded.model_faults))
    fault = {"buys_in_7_days": "TimeoutError"}
    assert heard == [("s1", {}, fault), (True, {}, fault), (True, {}, {})]
    broken.champions = MODELS.exchanged({"buys_in_7_days": ("s1", Broken())})
    guarded = Guarded(sources, lambda: 0.0, 1.0)
    assert score(Who("anna"), guarded, now_ms=NOW).portrait.scores == {}
    assert (guarded.faults, guarded.model_faults) == ({"model buys_in_7_days": "TimeoutError"}, fault)
