"""Every kind, served to one person, answers as it was scored for all."""

from dataclasses import replace

import pytest

from addressee.models.kind import REASONS, fitted_of
from addressee.models.kinds import kind_of
from addressee.models.recommenders import Nightly
from addressee.models.scorers import WrongFeatures
from addressee.profiles.hashing import item_hash
from tests.models.conftest import trained
from tests.models.generated import AS_OF_DAY, FEATURES
from tests.models.served_kinds import EXPLAINED, K, answers, everybody, history, served


class TestServingEqualsTraining:
    """What `decide_content` answers for one person is what scoring answered for all."""

    def test_neighbours_rank_alike(self):
        """The same products, scores and support, to the last digit."""
        kind, audience = kind_of("discover"), everybody()
        model = served(kind)
        for person, expected in enumerate(answers(kind, audience).candidates):
            assert model.rank(history(audience, person), today=AS_OF_DAY, k=K) == expected

    def test_frequency_goes_on_from_the_nightly_list(self):
        """Nothing new bought: the list as it was; a purchase today counts one more."""
        kind, audience = kind_of("buy_again"), everybody()
        model = served(kind)
        for person, expected in enumerate(answers(kind, audience, k=50).candidates):
            nightly = Nightly(AS_OF_DAY, expected)
            past = history(audience, person)
            assert model.rank(past, today=AS_OF_DAY, k=50, nightly=nightly) == list(expected)
            again = model.rank(
                {**past, item_hash(expected[-1].item_id): AS_OF_DAY + 1}, today=AS_OF_DAY + 1, k=50, nightly=nightly
            )
            bought = next(each for each in again if each.item_id == expected[-1].item_id)
            half_life = trained("buy_again").bundle.meta["settings"]["half_life_days"]
            assert bought.score == pytest.approx(expected[-1].score * 0.5 ** (1 / half_life) + 1.0)
            assert bought.support == expected[-1].support + 1

    @pytest.mark.parametrize("name", EXPLAINED)
    def test_chances_are_equal(self, name):
        """One by one and all at once differ by less than a millionth."""
        kind, audience = kind_of(name), everybody()
        model = served(kind)
        one_by_one = [model.score(row) for row in audience.features.tolist()]
        assert one_by_one == pytest.approx(answers(kind, audience).scores.tolist(), abs=1e-6)

    @pytest.mark.parametrize("name", EXPLAINED)
    def test_reasons_are_those_that_serving_gives(self, name):
        """The features that moved a chance most, by name, with the SHAP values that `/scores?explain=true` tells."""
        kind, audience = kind_of(name), everybody(5)
        model, told = served(kind), kind.explain(fitted_of(trained(name).bundle), audience)
        for row, reasons in zip(audience.features.tolist(), told, strict=True):
            given = dict(zip(FEATURES, model.explain(row), strict=True))
            assert 0 < len(reasons) <= REASONS
            assert [reason.contribution for reason in reasons] == pytest.approx([given[name] for name, _ in reasons])
            assert abs(reasons[0].contribution) == max(map(abs, given.values()))

    def test_segments_are_equal(self):
        """Everybody is in the same segment both ways, edges included."""
        kind, audience = kind_of("rfm_tiers"), everybody(300)
        model = served(kind)
        edges = trained("rfm_tiers").bundle
        features = audience.features.copy()
        features[0, FEATURES.index("recency_days")] = fitted_of(edges).sections["edges"][0]
        asked = replace(audience, features=features)
        assert [model.segment(row) for row in features.tolist()] == list(answers(kind, asked).segments)

    @pytest.mark.parametrize("name", ["buys_in_7_days", "rfm_tiers"])
    def test_a_vector_of_another_length_is_refused(self, name):
        """A feature too few is an error, not a guess."""
        model = served(kind_of(name))
        ask = model.score if name != "rfm_tiers" else model.segment
        with pytest.raises(WrongFeatures, match=f"{len(FEATURES) - 1} features"):
            ask([1.0] * (len(FEATURES) - 1))
