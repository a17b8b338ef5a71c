"""Recommenders in all their recipes: blends, rankers, products that nobody bought yet."""

import json
from array import array
from dataclasses import replace

import numpy as np
import pytest

from addressee.models import product_blends, product_fits, product_parts, trees
from addressee.models.item_sections import hash_items
from addressee.models.judged import LEAST_ROWS
from addressee.models.kind import REASONS, Window
from addressee.models.kinds.buy_again import KIND as BUY_AGAIN
from addressee.models.kinds.discover import BLEND, HORIZON_DAYS, PLAIN, RECIPES, STACK
from addressee.models.kinds.discover import KIND as DISCOVER
from addressee.models.kinds.next_product import KIND as NEXT_PRODUCT
from addressee.models.neighbour_rows import last_days, latest_first
from addressee.models.packed import pack
from addressee.models.product_blends import TEXT_SUPPORT
from addressee.models.product_exams import list_details, new_products
from addressee.models.serving import RECOMMENDERS
from addressee.models.tables import Interactions, no_sends
from addressee.models.train import Run, train
from addressee.profiles.hashing import item_hash
from tests.models.conftest import SEED, tables
from tests.models.generated import AS_OF_DAY
from tests.models.product_models import RECIPE, K, audience, discovering, fit, history, opened


def test_latest_purchases_come_first_and_every_pair_once():
    """Ordered by last day, then by hash, both descending, whatever the order of the rows; as a loop would find it."""
    rng, items = np.random.default_rng(3), tables().items
    columns = {"subject": 4, "item": 9, "basket": 1, "day": 5, "received_day": 1, "quantity": 1}
    drawn = {name: rng.integers(0, most, 60).astype(np.int32) for name, most in columns.items()}
    drawn["day"] -= 2
    purchases = Interactions(**drawn, amount_minor_units=np.ones(60, np.int64))
    expected = {}
    for subject, item, day in zip(drawn["subject"], drawn["item"], drawn["day"], strict=True):
        expected[subject, item] = max(day, expected.get((subject, item), day))
    subject, item, last = last_days(purchases, 9)
    assert dict(zip(zip(subject, item, strict=True), last, strict=True)) == expected
    assert list(zip(subject, item, strict=True)) == sorted(expected)
    hashes = hash_items(items)[item]
    order = latest_first(subject, last, hashes)
    assert order.tolist() == np.lexsort((-hashes, -last, subject)).tolist()
    nothing = last_days(purchases.where(slice(0, 0)), 9)
    assert [len(column) for column in (*nothing, latest_first(*nothing))] == [0, 0, 0, 0]


class TestDiscover:
    """Three ways to one sum, and what is new in the catalogue."""

    @pytest.mark.parametrize("model", [PLAIN, BLEND, STACK])
    def test_serving_equals_scoring_to_the_last_digit(self, model):
        """The same products, scores and support, one by one and all at once, also among few candidates."""
        fitted = discovering(model)
        served = opened(fitted)
        for person, expected in enumerate(DISCOVER.predict(fitted, audience(), k=K).candidates):
            assert served.rank(history(person), today=AS_OF_DAY, k=K) == expected
            named = [each.item_id for each in expected[2:4]]
            ranked = served.rank(history(person), today=AS_OF_DAY, candidates=named, k=K)
            assert sorted(each.item_id for each in ranked) == sorted(named)
        assert served.rank({}, today=AS_OF_DAY, k=K) == served.rank({1: AS_OF_DAY}, today=AS_OF_DAY, k=K) == []

    @pytest.mark.parametrize("model", [BLEND, STACK])
    def test_the_same_tables_give_the_same_bytes(self, model):
        """Nothing hangs on what was worked out before."""
        for remembered in (
            product_parts._known,
            product_parts._vectors_of,
            product_blends._cold_pairs,
            product_fits._factors,
        ):
            remembered.cache_clear()
        assert pack(fit(DISCOVER, RECIPE[model]).sections) == pack(discovering(model).sections)

    def test_what_was_worked_out_before_is_not_taken_for_other_tables(self):
        """Other purchases of the last weeks have other weights, another category another number."""
        bought = tables().interactions
        late = bought.day > AS_OF_DAY - HORIZON_DAYS
        other = replace(tables(), interactions=replace(bought, item=np.where(late, bought.item[::-1], bought.item)))
        learned = [fit(DISCOVER, RECIPE[BLEND], of).settings["factors"] for of in (tables(), other)]
        assert learned[0] != learned[1]
        categories = ("all",) * len(tables().items.ids)
        named = replace(tables(), items=replace(tables().items, categories=categories))
        numbers = [set(fit(DISCOVER, RECIPE[STACK], of).sections["category"]) for of in (tables(), named)]
        assert numbers == [{0}, {1}], "0 is a product without a category"

    def test_python_walks_as_the_library_does(self, monkeypatch):
        """Where there is no native library the ranker's order is the same."""
        native = opened(discovering(STACK)).rank(history(3), today=AS_OF_DAY, k=K)
        monkeypatch.setattr(trees, "library", lambda: None)
        assert opened(discovering(STACK)).rank(history(3), today=AS_OF_DAY, k=K) == native

    @pytest.mark.parametrize("model", [PLAIN, BLEND, STACK])
    def test_a_product_that_nobody_bought_is_found_by_its_words(self, model):
        """It stands beside those of its taste, sure enough for an answer, and is a seed itself."""
        served = opened(discovering(model))
        ranked = served.rank(history(3), today=AS_OF_DAY, k=100)
        taste = ranked[0].item_id[6]
        unsold = [each for each in ranked if each.item_id.startswith("unsold")]
        assert {each.item_id[7] for each in unsold} == {taste}
        assert all(served.confidence(each.support) >= 0.2 for each in unsold)
        of_one = served.rank({item_hash(f"unsold-{taste}-0"): AS_OF_DAY}, today=AS_OF_DAY, k=3)
        assert [each.item_id[6] for each in of_one] == [taste] * 3
        assert 0 < of_one[0].support <= TEXT_SUPPORT

    def test_without_words_or_wish_there_is_nothing_cold(self):
        """No catalogue, or `cold` 0 as in recipes of before: only what was bought."""
        silent = replace(tables(), items=replace(tables().items, texts=()))
        wordless = replace(tables(), items=replace(tables().items, texts=("",) * len(tables().items.ids)))
        for fitted in (
            fit(DISCOVER, RECIPE[PLAIN], silent),
            fit(DISCOVER, RECIPE[PLAIN], wordless),
            fit(DISCOVER, {"trend": 0.5}),
        ):
            assert b"unsold" not in fitted.sections["ids"].tobytes()

    def test_a_blends_weights_are_learned_and_told(self):
        """The card says them; parts without weight are gone; likeness finds tastes, too."""
        factors = discovering(BLEND).settings["factors"]
        assert set(factors) <= {"cosine", "ease", "walks", "likeness"}
        assert min(factors.values()) > 0
        assert DISCOVER.details(tables(), discovering(BLEND))["weights of the parts"] == factors

    def test_too_little_for_a_ranker_stays_a_blend(self):
        """Few people: nobody would believe what trees learn from them."""
        own = tables().interactions.of_subjects(0, 30)
        few = replace(tables(), subjects=tables().subjects[:30], interactions=own, sends=no_sends())
        assert fit(DISCOVER, RECIPE[STACK], few).family == "item_neighbours"

    def test_nothing_bought_is_no_reason_to_fail(self):
        """A shop that has not sold anything has a model that says nothing."""
        none = replace(tables(), interactions=tables().interactions.of_subjects(0, 0))
        for recipe in RECIPES:
            fitted = fit(DISCOVER, recipe, none)
            assert opened(fitted).rank({item_hash("taste-0-item-00"): 1}, today=AS_OF_DAY, k=K) == []
            assert [list(each) for each in DISCOVER.predict(fitted, audience(0), k=K).candidates] == []

    @pytest.mark.parametrize("model", [PLAIN, STACK])
    def test_reasons_are_products_that_were_bought(self, model):
        """Because you bought these: of the same taste, the strongest first."""
        told = DISCOVER.explain(discovering(model), audience(5))
        for person, reasons in enumerate(told):
            assert 0 < len(reasons) <= REASONS
            assert {item_hash(each.name) for each in reasons} <= set(history(person))
            assert [each.contribution for each in reasons] == sorted(
                (each.contribution for each in reasons), reverse=True
            )

    @pytest.mark.parametrize("model", [PLAIN, STACK])
    def test_the_cause_that_is_served_is_the_first_reason(self, model):
        """For the first product `explain` has reasons: the product named with a decision is the strongest of them."""
        fitted, served = discovering(model), opened(discovering(model))
        told = DISCOVER.explain(fitted, audience(20))
        for person, reasons in enumerate(told):
            first = served.rank(history(person), today=AS_OF_DAY, k=1)[0].item_id
            strongest = {each.name for each in reasons if each.contribution == reasons[0].contribution}
            assert served.causes([first], history(person))[first] in strongest

    def test_the_exam_tells_apart_newcomers_and_what_nobody_had(self):
        """Slices of the card: how much was bought before, and whether something new to all is to be found."""
        exam = new_products(tables(), AS_OF_DAY - 240, days=28)
        assert set(exam.groups["history"]) == {"1 to 2 products", "3 products or more"}
        assert set(exam.groups["cold_products"]) <= {"all were known", "some are new"}
        assert len(exam.groups["history"]) == exam.audience.size == len(exam.groups["cold_products"])

    def test_people_without_a_purchase_are_asked_apart(self):
        """Nobody of them is in the figures that decide; the card tells what bestsellers find for them, as served."""
        cut = BUY_AGAIN.cuts(tables()).test.first
        bought = tables().interactions
        fresh = replace(tables(), interactions=bought.where((bought.subject >= 150) | (bought.day > cut)))
        exam = BUY_AGAIN.exam(fresh, Window(cut, cut))
        assert exam.person.min() >= 150
        assert exam.newcomers.person.max() < 150
        assert len(exam.newcomers.audience.interactions.item) == 0
        assert set(exam.newcomers.groups["history"]) == {"no purchase yet"}
        made = train(Run(BUY_AGAIN, fresh, seed=SEED)).bundle
        assert made.meta["tested"]["people"] == len(exam.person)
        card = json.loads(made.files["card.json"])
        (cold,) = [each for each in card["slices"] if each["group"] == "no purchase yet"]
        assert cold["people"] == len(exam.newcomers.person) >= LEAST_ROWS
        model, floor = cold["model"]["value"], cold["rival"]["value"]
        assert 0.0 < model == pytest.approx(floor, abs=0.02)  # products with as many buyers stand in another order
        assert "history: no purchase yet" in made.files["card.md"].decode()

    def test_the_card_tells_who_was_mailed_apart(self):
        """Everybody of the generated tables is, in each week; where no mail is known there is no such slice."""
        cut, once = AS_OF_DAY - 28, tables().sends
        some = once.subject % 2 == 0
        columns = {name: getattr(once, name)[some] for name in ("features", "subject", "sent_ms", "hour_of_week")}
        half = replace(tables(), sends=replace(once, **columns, labels={}, known={}))
        exam = new_products(half, cut, days=28)
        even = [("yes" if person % 2 == 0 else "no") for person in exam.person]
        assert exam.groups["exposed"] == even
        assert "exposed" not in new_products(replace(tables(), sends=no_sends()), cut, days=28).groups

    def test_the_card_tells_coverage_and_diversity(self):
        """Two products of a category are alike: tastes as categories leave lists with no variety at all."""
        tastes = tuple(item_id[:7] for item_id in tables().items.ids)
        known = replace(tables(), items=replace(tables().items, categories=tastes))
        figures = list_details(known, discovering(PLAIN), DISCOVER.predict)["lists of ten"]
        assert 0.5 < figures["coverage of the catalogue"] <= 1.0
        assert figures["diversity within a list"] < 0.5
        assert "diversity within a list" not in DISCOVER.details(tables(), discovering(PLAIN))["lists of ten"]


def test_what_is_bought_again_explains_itself():
    """A personal frequency has one reason: the product."""
    fitted = fit(BUY_AGAIN, BUY_AGAIN.recipes()[0])
    best = BUY_AGAIN.predict(fitted, audience(3), k=1).candidates
    told = BUY_AGAIN.explain(fitted, audience(3))
    assert [[(each.name, each.contribution) for each in reasons] for reasons in told] == [
        [(ranked[0].item_id, ranked[0].score)] for ranked in best
    ]


def test_popular_products_of_categories_that_one_spends_on_come_first():
    """Buyers count by the share of spending; without categories in the bundle, or spending, nothing moves."""
    tastes = tuple(item_id[:7] for item_id in tables().items.ids)
    known = replace(tables(), items=replace(tables().items, categories=tastes))
    fitted = fit(BUY_AGAIN, BUY_AGAIN.recipes()[0], known)
    served = opened(fitted)
    spend = [0.0] * 24
    buckets = fitted.sections["popular_bucket"]
    spend[buckets[-1]] = 100.0
    wanted = {
        item for item, taste in zip(known.items.ids, tastes, strict=True) if taste == served.popular(200)[-1][0][:7]
    }
    assert {each.item_id for each in served.popular(5, spend)} & wanted
    assert served.popular(5, [0.0] * 24) == served.popular(5)
    old = dict(fitted.sections)
    del old["popular_bucket"]
    assert RECOMMENDERS[fitted.family](old, fitted.settings).popular(5, spend) == served.popular(5)
    assert isinstance(buckets, array)


@pytest.mark.parametrize("kind", [BUY_AGAIN, DISCOVER, NEXT_PRODUCT], ids=lambda kind: kind.name)
def test_a_shop_that_sold_nothing_lately_has_no_exam(kind):
    """Nobody can be asked, or one person alone: the run says so, and publishes nothing."""
    bought = tables().interactions
    for known in (bought.where(bought.day <= AS_OF_DAY - 60), bought.of_subjects(0, 1)):
        result = train(Run(kind, replace(tables(), interactions=known), seed=SEED))
        assert (result.bundle, result.verdict.published) == (None, False)
        assert result.verdict.reason == "the tables hold too little for an honest test"
