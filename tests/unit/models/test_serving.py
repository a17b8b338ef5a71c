"""Serving classes on packed arrays made by hand: rules, edges and refusals."""

from array import array

import pytest

from addressee.models.bundle import SERVING_FILE, BundleRefused, seal
from addressee.models.packed import pack
from addressee.models.ranking import Scored
from addressee.models.recommenders import ItemNeighbours, Nightly, PersonalFrequency
from addressee.models.scorers import Logistic, sigmoid
from addressee.models.segmenters import Tiers
from addressee.models.serving import open_recommender, open_scorer
from addressee.profiles.hashing import item_hash

IDS = sorted(("apple", "bread", "cheese", "dates"), key=item_hash)
ROW = {item_id: row for row, item_id in enumerate(IDS)}
TABLE = {
    "item_hash": array("I", [item_hash(item_id) for item_id in IDS]),
    "id_end": array("I", [sum(map(len, IDS[: place + 1])) for place in range(len(IDS))]),
    "ids": array("B", "".join(IDS).encode()),
    "popular": array("I", [ROW["bread"], ROW["apple"]]),
    "popular_buyers": array("I", [9, 4]),
}
FREQUENCY = {**TABLE, "expected": array("f", [2.0 if item_id == "cheese" else 1.0 for item_id in IDS])}
FREQUENCY_SETTINGS = {"half_life_days": 10, "half_support": 1.0}


def neighbours(**pairs):
    """Build a model from item -> {neighbour: (similarity, co-buyers)}."""
    ends, rows, similarities, buyers = array("I"), array("H"), array("f"), array("H")
    for item_id in IDS:
        for other, (similarity, together) in pairs.get(item_id, {}).items():
            rows.append(ROW[other])
            similarities.append(similarity)
            buyers.append(together)
        ends.append(len(rows))
    sections = {**TABLE, "row_end": ends, "neighbour": rows, "similarity": similarities, "co_buyers": buyers}
    return ItemNeighbours(sections, {"max_seeds": 2, "half_support": 20.0})


def bought(**days):
    """Build a history from item -> last day."""
    return {item_hash(item_id): day for item_id, day in days.items()}


def test_without_a_nightly_list_the_last_day_and_the_expectation_rank():
    """Ten days halve a score; cheese is expected twice."""
    model = PersonalFrequency(FREQUENCY, FREQUENCY_SETTINGS)
    ranked = model.rank(bought(apple=100, bread=90, cheese=95, unknown=100), today=100, k=3)
    assert [each.item_id for each in ranked] == ["cheese", "apple", "bread"]
    assert [each.score for each in ranked] == pytest.approx([2 * 0.5**0.5, 1.0, 0.5])
    assert [each.item_id for each in model.rank(bought(apple=100, bread=90), today=100, k=1, candidates=["bread"])] == [
        "bread"
    ]


def test_a_purchase_since_the_night_counts_even_for_a_product_not_on_the_list():
    """The list goes on; days before it are in it already; a product without row is left out."""
    model = PersonalFrequency(FREQUENCY, FREQUENCY_SETTINGS)
    nightly = Nightly(100, [Scored("bread", 4.0, 6.0), Scored("apple", 0.5, 1.0)])
    history = bought(apple=101, bread=90, cheese=101, dates=80, unknown=101)
    ranked = model.rank(history, today=101, k=9, nightly=nightly)
    aged = 0.5**0.1
    assert [each.item_id for each in ranked] == ["bread", "apple", "cheese"]
    assert [each.score for each in ranked] == pytest.approx([4.0 * aged, 0.5 * aged + 1.0, 1.0])
    assert [each.support for each in ranked] == [6.0, 2.0, 1.0]
    assert model.rank(history, today=101, k=9, nightly=nightly, candidates=["cheese"])[0].item_id == "cheese"


def test_neighbours_of_the_latest_purchases_add_up_and_leave_out_what_was_bought():
    """Two seeds; the third, older purchase gives nothing but is not recommended either."""
    model = neighbours(
        apple={"dates": (0.5, 7), "bread": (0.9, 3)},
        bread={"dates": (0.25, 2), "cheese": (0.25, 1)},
        cheese={"dates": (1.0, 99)},
    )
    (only,) = model.rank(bought(apple=10, bread=9, cheese=1), today=10, k=5)
    assert only == Scored("dates", 0.75, 9.0)
    assert model.rank(bought(apple=10), today=10, k=5, candidates=["cheese"]) == []
    assert model.rank({}, today=10, k=5) == model.rank(bought(unknown=3), today=10, k=5) == []
    assert [each.item_id for each in model.rank(bought(apple=10), today=10, k=1)] == ["bread"]


def test_a_product_is_there_because_of_the_seed_that_adds_the_most():
    """Of equal ones the latest; what follows from no seed, and what a model of frequency ranks, has no cause."""
    model = neighbours(
        apple={"dates": (0.5, 7), "bread": (0.5, 3)},
        bread={"dates": (0.75, 2), "cheese": (0.25, 1)},
        cheese={"dates": (1.0, 99)},
    )
    past = bought(apple=10, bread=9, cheese=1, unknown=11)
    assert model.causes(["dates", "bread", "unknown"], past) == {"dates": "apple", "bread": "apple"}
    past = bought(apple=10, bread=9, cheese=1)
    assert model.causes(["dates", "cheese"], past) == {"dates": "bread", "cheese": "bread"}
    assert model.causes(["dates"], {}) == model.causes([], past) == {}
    equal = neighbours(apple={"dates": (0.5, 7)}, bread={"dates": (0.5, 2)})
    assert equal.causes(["dates"], bought(apple=9, bread=10)) == {"dates": "bread"}
    assert PersonalFrequency(FREQUENCY, FREQUENCY_SETTINGS).causes(["apple"], past) == {}


def test_popular_and_confidence_say_how_many_stand_behind():
    """Buyers are the score; half-support observations give one half."""
    model = neighbours()
    assert model.popular(1) == [Scored("bread", 9.0, 9.0)]
    assert [each.item_id for each in model.popular(9)] == ["bread", "apple"]
    assert model.confidence(20.0) == 0.5
    assert PersonalFrequency(FREQUENCY, FREQUENCY_SETTINGS).popular(1) == model.popular(1)
    assert PersonalFrequency(FREQUENCY, FREQUENCY_SETTINGS).confidence(1.0) == 0.5


def test_segments_have_names_and_their_own_popular_products():
    """A value on an edge belongs to the upper tier; an unknown segment has nothing."""
    sections = {
        **TABLE,
        "column": array("I", [1]),
        "edges": array("d", [5.0]),
        "edges_end": array("I", [1]),
        "segment": array("B", [1, 0]),
        "top": array("I", [ROW["dates"], ROW["apple"], ROW["bread"]]),
        "top_buyers": array("I", [3, 2, 8]),
        "top_end": array("I", [2, 3]),
    }
    model = Tiers(sections, {"segments": ["high", "low"], "features": 2, "half_support": 10.0})
    assert [model.segment([0.0, value]) for value in (4.9, 5.0, 6.0)] == ["low", "high", "high"]
    assert [each.item_id for each in model.popular("high", 5)] == ["dates", "apple"]
    assert model.popular("high", 1) == [Scored("dates", 3.0, 3.0)]
    assert model.popular("low", 5) == [Scored("bread", 8.0, 8.0)]
    assert model.popular("other", 5) == []
    assert model.popular_overall(1) == [Scored("bread", 9.0, 9.0)]
    assert model.confidence(10.0) == 0.5


def test_a_chance_never_overflows():
    """Huge logits end at 0 and 1; opposite logits add up to 1."""
    assert (sigmoid(-800.0), sigmoid(800.0)) == (0.0, 1.0)
    assert sigmoid(-2.0) + sigmoid(2.0) == pytest.approx(1.0)
    one = {"weight": array("d", [1.0]), "mean": array("d", [0.0]), "scale": array("d", [1.0]), "bias": array("d", [0])}
    model = Logistic(one, {"features": 1})
    assert model.score([-3.0]) == pytest.approx(1.0 - model.score([3.0]))


@pytest.mark.parametrize(
    ("family", "settings", "reason"),
    [
        ("tiers", {}, "family tiers is none of personal_frequency, item_neighbours"),
        ("item_neighbours", {}, "does not hold what item_neighbours needs"),
        ("personal_frequency", {"half_life_days": "x", "half_support": 1}, "does not hold what"),
    ],
)
def test_a_bundle_that_is_something_else_is_refused(family, settings, reason):
    """A scorer is no recommender, and a family finds its own arrays or none."""
    about = {"family": family, "settings": settings, "feature_hash": ""}
    bundle = seal("discover", "2026-03-31", {SERVING_FILE: pack(FREQUENCY)}, about)
    with pytest.raises(BundleRefused, match=reason):
        open_recommender("discover", bundle.files, feature_hash="")


def test_arrays_that_are_none_are_refused_though_their_hash_fits():
    """The hash says that the file is the one that was sealed, not that it is packed arrays; lengths must agree, too."""
    about = {"family": "logistic", "settings": {"features": 2}, "feature_hash": ""}
    with pytest.raises(BundleRefused, match="magic"):
        open_scorer("k", seal("k", "2026-03-31", {SERVING_FILE: b"x"}, about).files, feature_hash="")
    body = pack({name: array("d", [1.0]) for name in ("weight", "mean", "scale", "bias")})
    with pytest.raises(BundleRefused, match="1 weights for 2 features"):
        open_scorer("k", seal("k", "2026-03-31", {SERVING_FILE: body}, about).files, feature_hash="")
