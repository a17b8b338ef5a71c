"""Products of different categories, without giving up much."""

from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.campaign import Campaign
from addressee.decisions.decide import decide
from addressee.decisions.diverse import RERANKED, diverse
from addressee.decisions.ladder import Pick, Wish
from addressee.profiles.items import Item
from tests.unit.decisions.people import NOW, Shop, champions, state, willing

RUNGS = ("personalised", "segment", "popular", "editorial")


def shown(categories, *, rung="personalised"):
    """Show a product of each category, one letter each, on one rung."""
    return [
        (Pick(f"{category}{place}", "popular", rung, 0.5), category.strip())
        for place, category in enumerate(categories)
    ]


def ids(picks):
    """Return the products alone."""
    return [pick.item_id for pick in picks]


def test_a_second_category_comes_up_by_a_place_or_two():
    """Three of a kind, then another: it passes two at the default, the first product stays."""
    assert ids(diverse(shown("aaaab"), 5, weight=0.1)) == ["a0", "a1", "b4", "a2", "a3"]
    assert ids(diverse(shown("aaaaab"), 4, weight=0.1)) == ["a0", "a1", "a2", "b5"]


def test_without_weight_or_with_one_category_nothing_moves():
    """Weight 0 is the ladder's order; where all are alike there is nothing to spread."""
    assert ids(diverse(shown("abab"), 3, weight=0.0)) == ["a0", "b1", "a2"]
    assert ids(diverse(shown("aaaa"), 3, weight=1.0)) == ["a0", "a1", "a2"]
    assert diverse([], 3, weight=0.1) == []


def test_an_unknown_category_is_like_no_other():
    """Products without a category are not held against each other."""
    assert ids(diverse(shown("   "), 3, weight=1.0)) == [" 0", " 1", " 2"]


def test_what_the_caller_named_keeps_its_order():
    """Editorial products are in the caller's order."""
    assert ids(diverse(shown("aaab", rung="editorial"), 4, weight=1.0)) == ["a0", "a1", "a2", "b3"]


@given(
    st.lists(st.tuples(st.sampled_from("abc "), st.sampled_from(RUNGS)), max_size=40),
    st.integers(1, 30),
    st.floats(0.0, 1.0),
)
def test_rungs_stay_apart_and_the_best_product_stays_first(pairs, k, weight):
    """No product passes one of a higher rung, none is lost or doubled; as many as can be are chosen."""
    pool = [
        (Pick(str(place), "popular", rung, 0.5), category.strip())
        for place, (category, rung) in enumerate(sorted(pairs, key=lambda pair: RUNGS.index(pair[1])))
    ]
    chosen = diverse(pool, k, weight=weight)
    assert len(chosen) == min(k, len(pool)) == len(set(ids(chosen)))
    assert [each.rung for each in chosen] == [pick.rung for pick, _ in pool][: len(chosen)]
    assert ids(chosen)[:1] == ids(pick for pick, _ in pool)[:1]
    if weight <= 1 / RERANKED / 2:
        far = (int(item) - place for place, item in enumerate(ids(chosen)))
        assert max(far, default=0) <= 1


def test_a_decision_spreads_over_categories_and_repeat_safety_stays():
    """The campaign says how much; a product bought within its window comes back for no variety."""
    names = tuple(f"milk-{number}" for number in range(6))
    shop = Shop(*(Item(name, category="dairy") for name in names), Item("saw", category="tools"))
    models, person = champions(discover=(*names, "saw")), willing(state=state(bought={"hammer": 1, "milk-0": 1}))

    def chosen(diversity):
        campaign = Campaign("spring", repurchase_days={"*": 30}, diversity=diversity)
        decision = decide(person, campaign, shop, models, Wish(use="discover", k=4), now_ms=NOW)
        return [each.item_id for each in decision.products]

    assert chosen(0.5) == ["milk-1", "saw", "milk-2", "milk-3"]
    assert chosen(0.0) == ["milk-1", "milk-2", "milk-3", "milk-4"]
