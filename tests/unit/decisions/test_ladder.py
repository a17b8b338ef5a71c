"""Which products in which order, and which of them pass the hard filters."""

from dataclasses import replace

import pytest

from addressee.decisions.campaign import Campaign
from addressee.decisions.champions import Champions
from addressee.decisions.decide import decide
from addressee.decisions.filters import showable
from addressee.decisions.ladder import Wish, ranked
from addressee.decisions.person import Person, Scores
from addressee.models.ranking import Scored
from addressee.profiles.hashing import item_hash
from addressee.profiles.items import Item
from addressee.profiles.state import DAY_MS
from tests.fakes.decisions import Broken, ToldRecommender
from tests.unit.decisions.people import NOW, SUBJECT, TODAY, Shop, champions, scored, state, willing

CAMPAIGN = Campaign("spring", repurchase_days={"food": 3, "*": 30})
REGULAR = willing(state=state(bought={"milk": 1}))
MODELS = champions(buy_again=("milk", "eggs"), discover=("kiwi", "rice"), segment=("tea",), popular=("jam", "milk"))


def picks(person, models, wish, segments=None):
    """Rank and keep what matters here."""
    found = ranked(person, models, wish, segments=segments or {}, today=TODAY)
    return [(pick.item_id, pick.reason, pick.rung) for pick in found]


def test_uses_take_turns_and_lower_rungs_fill_up():
    """Mixed is buy again and discover in turn, then the segment's bestsellers, then everybody's, each item once."""
    assert picks(REGULAR, MODELS, Wish(), {"rfm_tiers": "loyal"}) == [
        ("milk", "bought_often", "personalised"),
        ("kiwi", "bought_together_with", "personalised"),
        ("eggs", "bought_often", "personalised"),
        ("rice", "bought_together_with", "personalised"),
        ("tea", "popular_in_segment", "segment"),
        ("jam", "popular", "popular"),
    ]


def test_a_single_purchase_is_not_often():
    """The reason says what the support says."""
    models = champions(buy_again=("milk",), support=1.0)
    assert picks(REGULAR, models, Wish(use="buy_again")) == [("milk", "bought_before", "personalised")]


def test_to_discover_means_never_bought():
    """Neither the models nor the bestsellers bring back what the person knows."""
    models = champions(discover=("milk", "kiwi"), popular=("milk", "jam"))
    assert [pick[0] for pick in picks(REGULAR, models, Wish(use="discover"))] == ["kiwi", "jam"]


def test_what_comes_next_is_bought_again_or_new():
    """One list of both; the reason says which it is."""
    models = champions(next_product=("milk", "kiwi"), popular=("jam",))
    assert picks(REGULAR, models, Wish(use="next")) == [
        ("milk", "bought_often", "personalised"),
        ("kiwi", "bought_together_with", "personalised"),
        ("jam", "popular", "popular"),
    ]


@pytest.mark.parametrize(("use", "kind"), [("mixed", "discover"), ("discover", "discover"), ("next", "next_product")])
def test_a_product_that_follows_from_another_names_it(use, kind):
    """Where the model knows which; products of other rungs, and those bought before, follow from none."""
    given = {kind: ("kiwi", "rice"), "popular": ("jam",)} | ({"buy_again": ("milk",)} if use == "mixed" else {})
    models = champions(**given)
    models.recommenders[kind].because = {"kiwi": "milk", "rice": "never bought", "jam": "milk", "milk": "milk"}
    shop = Shop(*(Item(each) for each in ("kiwi", "rice", "jam", "milk")))
    chosen = decide(willing(state=state(bought={"milk": 40})), CAMPAIGN, shop, models, Wish(use=use), now_ms=NOW)
    told = {each.item_id: each.because_of for each in chosen.products}
    assert told == {"kiwi": "milk", "rice": "", "jam": ""} | ({"milk": ""} if use == "mixed" else {})


def test_a_newcomers_cart_may_be_the_cause():
    """What the model ranked by is what it is asked about."""
    models = champions(discover=("kiwi",))
    models.recommenders["discover"].because = {"kiwi": "rice"}
    person = willing(state=state())
    person.state.cart[item_hash("rice")] = (NOW - DAY_MS) << 16 | 1
    chosen = decide(person, CAMPAIGN, Shop(Item("kiwi")), models, Wish(use="discover"), now_ms=NOW)
    assert [(each.item_id, each.because_of) for each in chosen.products] == [("kiwi", "rice")]


class Asked(ToldRecommender):
    """Remembers the histories that it was asked with."""

    def rank(self, history, **given):
        """Remember and rank."""
        self.asked = dict(history)
        return super().rank(history, **given)


@pytest.mark.parametrize(
    ("bought", "counts"), [({}, True), ({"milk": 1, "eggs": 1}, True), ({"milk": 1, "eggs": 1, "tea": 2}, False)]
)
def test_the_cart_of_a_newcomer_is_a_beginning(bought, counts):
    """Who bought nothing, or little, is judged by the cart, too; from three products on, purchases say more."""
    model, person = Asked(scored("kiwi"), scored("jam")), willing(state=state(bought=bought))
    person.state.cart[item_hash("rice")] = (NOW - 2 * DAY_MS) << 16 | 1
    assert picks(person, Champions({"discover": model}), Wish(use="discover"))[0][0] == "kiwi"
    assert model.asked.get(item_hash("rice")) == (TODAY - 2 if counts else None)
    assert len(model.asked) == len(bought) + counts


def test_low_confidence_falls_to_the_next_rung():
    """What too few observations speak for is not called personal."""
    models = champions(discover=("kiwi",), support=0.4, popular=("jam", "kiwi"))
    assert picks(REGULAR, models, Wish(use="discover")) == [
        ("jam", "popular", "popular"),
        ("kiwi", "popular", "popular"),
    ]


def test_without_live_models_the_last_scoring_run_stands_a_rung_lower():
    """Products prepared at night are for the person, but not fresh."""
    scores = Scores("2024-10-03", candidates={"buy_again": tuple(scored("milk")), "discover": tuple(scored("kiwi"))})
    person = willing(state=state(bought={"milk": 9}), scores=scores)
    assert picks(person, Champions(), Wish()) == [
        ("milk", "scored_earlier", "segment"),
        ("kiwi", "scored_earlier", "segment"),
    ]
    assert picks(person, Champions(), Wish(use="discover")) == [("kiwi", "scored_earlier", "segment")]


@pytest.mark.parametrize(("version", "ago", "first"), [("v", 2, "tea"), ("v", 1, "milk"), ("older", 2, "milk")])
def test_last_nights_list_stands_while_it_is_what_the_model_would_say(version, ago, first):
    """The same model and no purchase since: nothing to compute. Else the model ranks anew."""
    night = Scores("2024-10-02", candidates={"buy_again": tuple(scored("tea"))}, versions={"buy_again": version})
    person = willing(state=state(bought={"milk": ago}), scores=night)
    models = replace(champions(buy_again=("milk",)), versions={"buy_again": "v"})
    assert picks(person, models, Wish(use="buy_again"))[0][0] == first


def test_somebody_never_seen_gets_bestsellers():
    """No history, no segment: the popular rung."""
    assert picks(Person(SUBJECT), MODELS, Wish())[0] == ("jam", "popular", "popular")
    only_segments = champions(segment=("tea",), popular=("jam",))
    assert picks(Person(SUBJECT), only_segments, Wish()) == [("jam", "popular", "popular")]


def test_an_unknown_segment_has_no_bestsellers():
    """A segment of an older model falls through to everybody's bestsellers."""
    assert picks(Person(SUBJECT), champions(segment=("tea",)), Wish(), {"rfm_tiers": "gone"}) == []


def test_exactly_the_products_asked_for_are_ranked():
    """Known ones first, down the ladder; the rest in the caller's order, as editorial choice."""
    wish = Wish(among=("sofa", "jam", "lamp", "kiwi"))
    assert picks(REGULAR, MODELS, wish) == [
        ("kiwi", "bought_together_with", "personalised"),
        ("jam", "popular", "popular"),
        ("sofa", "editorial", "editorial"),
        ("lamp", "editorial", "editorial"),
    ]


@pytest.mark.parametrize(
    ("item", "person", "shown"),
    [
        (None, willing(), False),
        (Item("milk"), willing(), True),
        (Item("milk", in_stock=False), willing(), False),
        (Item("milk", valid_until_ms=NOW), willing(), False),
        (Item("milk", valid_from_ms=NOW + 1), willing(), False),
        (Item("milk"), willing(state=state(cart=("milk",))), False),
        (Item("milk", category="food"), willing(state=state(bought={"milk": 2})), False),
        (Item("milk", category="food"), willing(state=state(bought={"milk": 3})), True),
        (Item("milk", category="sofa"), willing(state=state(bought={"milk": 29})), False),
        (Item("milk", category="sofa"), willing(state=state(bought={"milk": 30})), True),
        (Item("milk", category="food", repurchase_days=0), willing(state=state(bought={"milk": 0})), True),
        (Item("milk", category="food", repurchase_days=90), willing(state=state(bought={"milk": 30})), False),
    ],
)
def test_every_hard_filter_hides(item, person, shown):
    """In the catalogue, in stock, valid, not in the cart, not bought within its window."""
    assert showable(person, CAMPAIGN, now_ms=NOW)(item) is shown


def test_the_answer_is_what_passes_and_its_rung_is_the_firsts():
    """Milk was bought yesterday and eggs are gone: kiwi leads."""
    shop = Shop(Item("eggs", in_stock=False))
    decision = decide(REGULAR, CAMPAIGN, shop, MODELS, Wish(k=3), now_ms=NOW)
    assert [each.item_id for each in decision.products] == ["kiwi", "rice", "tea"]
    assert decision.rung == "personalised"
    assert {each.propensity for each in decision.products} == {1.0}
    assert all(0 <= each.confidence <= 1 for each in decision.products)


def test_few_items_are_read_where_they_suffice_and_the_rest_where_not():
    """Reads cost: twenty-four first, the others only for want of products."""
    names = [f"item-{number}" for number in range(60)]
    models = champions(discover=names)
    shop = Shop()
    assert len(decide(REGULAR, CAMPAIGN, shop, models, Wish(), now_ms=NOW).products) == 12
    assert shop.reads == [24]
    poor = Shop(missing=tuple(names[:20]))
    decision = decide(REGULAR, CAMPAIGN, poor, models, Wish(), now_ms=NOW)
    assert [each.item_id for each in decision.products] == names[20:32]
    assert poor.reads == [24, 36]


def test_nothing_left_is_editorial():
    """Hidden rather than empty: the template shows its own content."""
    decision = decide(REGULAR, CAMPAIGN, Shop(missing=("jam",)), champions(popular=("jam",)), Wish(), now_ms=NOW)
    assert (decision.products, decision.rung) == ((), "editorial")


def test_scores_and_segments_are_live_where_models_are_loaded():
    """The record keeps the propensities and the versions that spoke."""
    decision = decide(REGULAR, CAMPAIGN, Shop(), MODELS, Wish(), now_ms=NOW)
    assert decision.scores == {"buys_in_7_days": 0.25}
    assert decision.models == {"discover": "2024-10-03-abc"}


def test_stored_scores_stand_where_no_model_is_loaded():
    """A propensity of last night is better than none."""
    person = willing(scores=Scores("2024-10-03", scores={"lapses_in_28_days": 0.5}))
    assert decide(person, CAMPAIGN, Shop(), Champions(), Wish(), now_ms=NOW).scores == {"lapses_in_28_days": 0.5}


def test_nightly_lists_reach_the_recommender():
    """Days count since the epoch; a use without list has none."""
    scores = Scores("1970-01-03", candidates={"buy_again": (Scored("milk", 1.0, 2.0),)})
    assert scores.nightly("buy_again") == (2, (Scored("milk", 1.0, 2.0),))
    assert scores.nightly("discover") is None


def test_a_catalogue_that_fails_otherwise_is_not_hidden():
    """Only `Unavailable` costs a rung here; a bug is not taken for an outage."""
    with pytest.raises(TimeoutError):
        decide(REGULAR, CAMPAIGN, Broken(), MODELS, Wish(), now_ms=NOW)
