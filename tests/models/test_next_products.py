"""`next_product`: what is bought again and what is new, in one list."""

from dataclasses import replace

import pytest

from addressee.models.kind import REASONS
from addressee.models.kinds.next_product import KIND as NEXT_PRODUCT
from addressee.models.kinds.next_product import MAX_LISTED
from addressee.models.recommenders import Nightly
from addressee.profiles.hashing import item_hash
from tests.models.generated import AS_OF_DAY
from tests.models.product_models import audience, fit, history, opened


class TestNextProduct:
    """Bought before or new, in one list."""

    @pytest.mark.parametrize("recipe", NEXT_PRODUCT.recipes())
    def test_serving_goes_on_from_the_nightly_list(self, recipe):
        """Nothing new bought: the list as it was; a purchase today counts one more, and brings its neighbours."""
        fitted = fit(NEXT_PRODUCT, recipe)
        served = opened(fitted)
        for person, expected in enumerate(NEXT_PRODUCT.predict(fitted, audience(), k=50).candidates):
            nightly = Nightly(AS_OF_DAY, expected)
            past = history(person)
            assert len(expected) <= MAX_LISTED
            assert served.rank(past, today=AS_OF_DAY, k=50, nightly=nightly) == list(expected)
            last = expected[-1]
            bought = {**past, item_hash(last.item_id): AS_OF_DAY + 1}
            after = served.rank(bought, today=AS_OF_DAY + 1, k=50, nightly=nightly)
            again = next(each for each in after if each.item_id == last.item_id)
            assert again.score >= last.score + 1.0 - 1e-9
            assert again.support >= last.support + 1.0
            assert (len(after) > len(expected)) >= (recipe["discover"] > 0 and len(expected) < MAX_LISTED - 10)

    def test_neighbours_are_causes_where_they_count(self):
        """Products bought together; personal frequency alone names none."""
        alone, beside = (fit(NEXT_PRODUCT, NEXT_PRODUCT.recipes()[at]) for at in (0, 1))
        new = [
            each.item_id
            for each in opened(beside).rank(history(3), today=AS_OF_DAY, k=40)
            if item_hash(each.item_id) not in history(3)
        ]
        causes = opened(beside).causes(new, history(3))
        assert causes.keys() == set(new)
        assert {item_hash(each) for each in causes.values()} <= history(3).keys()
        assert opened(alone).causes(new, history(3)) == {}

    def test_without_a_nightly_list_old_and_new_products_are_ranked(self):
        """What the state tells is enough for most of it; what is unknown says nothing."""
        fitted = fit(NEXT_PRODUCT, NEXT_PRODUCT.recipes()[1])
        served = opened(fitted)
        ranked = served.rank(history(3), today=AS_OF_DAY, k=40)
        bought = [item_hash(each.item_id) in history(3) for each in ranked]
        assert bought[0]
        assert not all(bought)
        named = [ranked[5].item_id]
        assert [each.item_id for each in served.rank(history(3), today=AS_OF_DAY, candidates=named, k=9)] == named
        assert served.rank({1: AS_OF_DAY}, today=AS_OF_DAY, k=9) == []
        nothing = Nightly(AS_OF_DAY - 1, [])
        assert served.rank({1: AS_OF_DAY}, today=AS_OF_DAY, k=9, nightly=nothing) == []

    def test_reasons_are_the_product_itself_and_what_goes_with_it(self):
        """The parts of the first product's score, the strongest first; nobody without purchases has any."""
        with_neighbours, alone = (fit(NEXT_PRODUCT, recipe) for recipe in NEXT_PRODUCT.recipes()[1::-1])
        first = [ranked[0].item_id for ranked in NEXT_PRODUCT.predict(alone, audience(5), k=1).candidates]
        assert [[each.name for each in reasons] for reasons in NEXT_PRODUCT.explain(alone, audience(5))] == [
            [item_id] for item_id in first
        ]
        assert all(1 < len(reasons) <= REASONS for reasons in NEXT_PRODUCT.explain(with_neighbours, audience(5)))
        nobody = replace(audience(1), interactions=audience(1).interactions.of_subjects(5, 5))
        assert NEXT_PRODUCT.explain(alone, nobody) == [[]]
        assert [list(each) for each in NEXT_PRODUCT.predict(with_neighbours, nobody, k=3).candidates] == [[]]
