"""What is particular to values and uplift: their tables, their floors, both families of each."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models.boosted_amounts import Spent, boost_amounts
from addressee.models.kind import audience_at
from addressee.models.kinds import kind_of
from addressee.models.metrics_uplift import qini
from addressee.models.packed import pack, unpack
from addressee.models.scorers import SCORER_FAMILIES
from addressee.models.spending import spending
from addressee.models.tables import TRIAL_DAYS, no_trials
from addressee.models.uplift import RECIPES, TrialExam
from addressee.models.uplift_details import uplift_details
from addressee.models.uplift_learners import Trial, learn_uplift, uplift_rows
from tests.models.conftest import SEED, tables, trained, year
from tests.models.generated import AS_OF_DAY, FEATURES
from tests.models.generated_mails import uplift

VALUE, UPLIFT = kind_of("value_in_90_days"), kind_of("uplift_in_14_days")
TREES = {"model": "revenue_trees", "power": 1.3, "rate": 0.1, "leaves": 5, "least": 30, "rounds": 15}
TOLD = {"gains": {"high": 0.1, "medium": 0.0}, "names": ["one", "other"]}
"""What a kind adds to a learner's settings."""


def people(table, count=30):
    """Return the first people of tables as they are now."""
    return audience_at(table, np.arange(count, dtype=np.int32), table.now.features[:count], AS_OF_DAY)


class TestValue:
    """Amounts of a quarter."""

    def test_amounts_are_those_of_the_quarter_after_the_cut_off(self):
        """Summed by hand for a few people; refunds do not make anybody owe the shop."""
        rows, amounts = spending(year(), 90)
        bought = year().interactions
        for at in range(0, len(amounts), 401):
            mine = (bought.subject == rows.subject[at]) & (bought.day > rows.asked[at])
            within = mine & (bought.day <= rows.asked[at] + 90)
            assert amounts[at] == bought.amount_minor_units[within].sum()
        refunds = replace(bought, amount_minor_units=-bought.amount_minor_units)
        assert spending(replace(year(), interactions=refunds), 90)[1].max() == 0.0

    def test_what_was_not_known_by_then_is_not_learned(self):
        """A model of an early day is the same whatever came later."""
        until = AS_OF_DAY - 182
        early = year().interactions.until(until)
        for recipe in (VALUE.recipes()[0], TREES):
            models = [
                VALUE.fit(table, until=until, recipe=recipe, rng=np.random.default_rng(SEED))
                for table in (year(), replace(year(), interactions=early))
            ]
            assert pack(models[0].sections) == pack(models[1].sections)

    def test_boosted_amounts_are_served_as_they_are_scored_and_explained_in_the_same_unit(self):
        """The other family than the one that was published."""
        fitted = VALUE.fit(year(), until=AS_OF_DAY, recipe=TREES, rng=np.random.default_rng(SEED))
        model, audience = SCORER_FAMILIES[fitted.family](unpack(pack(fitted.sections)), fitted.settings), people(year())
        scores = VALUE.predict(fitted, audience, k=1).scores
        assert [model.score(row) for row in audience.features.tolist()] == pytest.approx(scores.tolist(), rel=1e-9)
        for row, score in zip(audience.features.tolist(), scores.tolist(), strict=True):
            assert model.expected + sum(model.explain(row)) == pytest.approx(score)
        assert all(reasons for reasons in VALUE.explain(fitted, audience))
        assert VALUE.details(year(), fitted)["importance (mean absolute contribution, minor units)"]

    def test_what_lies_between_the_parts_does_not_say_when_to_stop(self):
        """Windows that reach into those of the held rows are left out, until all rows teach."""
        rng = np.random.default_rng(3)
        features, luck = rng.normal(size=(900, 4)), rng.gamma(1.0, 1.0, 900)
        amounts = np.exp(features[:, 0]) * luck * 1_000.0
        part = np.arange(900) // 300
        recipe = {name: value for name, value in TREES.items() if name != "rounds"}
        twisted = amounts.copy()
        twisted[part == 1] = twisted[part == 1][::-1]
        told = [
            boost_amounts(recipe, Spent(features, each), parts=(part == 0, part == 2), seed=1)[1]["rounds"]
            for each in (amounts, twisted)
        ]
        assert told[0] == told[1] > 1

    def test_people_without_an_order_are_worth_what_such_people_were(self):
        """The mean of theirs, in the training days."""
        nobody = year().people.features.copy()
        strangers = np.arange(len(nobody)) % 10 == 0
        nobody[strangers, FEATURES.index("orders_total")] = 0.0
        table = replace(year(), people=replace(year().people, features=nobody))
        fitted = VALUE.fit(table, until=AS_OF_DAY, recipe={"model": "bg_nbd"}, rng=np.random.default_rng(SEED))
        rows, amounts = spending(table, 90)
        expected = amounts[(nobody[:, FEATURES.index("orders_total")] < 1) & rows.usable(AS_OF_DAY)].mean()
        assert fitted.sections["stranger"][0] == pytest.approx(expected, abs=1e-3)

    def test_customers_of_whom_something_is_missing_spoil_nothing(self):
        """They teach nothing, and are worth what a typical customer's number makes them."""
        gaps = year().people.features.copy()
        gaps[::3, FEATURES.index("basket_mean")] = np.nan
        table = replace(year(), people=replace(year().people, features=gaps))
        fitted = VALUE.fit(table, until=AS_OF_DAY, recipe={"model": "bg_nbd"}, rng=np.random.default_rng(SEED))
        assert np.isfinite(fitted.sections["typical"]).all()
        exam = VALUE.exam(table, VALUE.cuts(table).test)
        assert np.isfinite(VALUE.predict(fitted.served(), exam.audience, k=1).scores).all()

    def test_the_card_tells_parameters_and_deciles(self):
        """With standard errors, and how many are thought to be customers still."""
        text = trained(VALUE.name).bundle.files["card.md"].decode()
        for words in ("## Parameters (BG/NBD, Gamma-Gamma)", "alpha (days)", "standard error", "mean chance", "10.: "):
            assert words in text


class TestUplift:
    """Differences that a mail makes."""

    def test_the_exam_says_who_was_mailed_and_its_truth_is_the_uplift_on_average(self):
        """The transformed outcome: its mean is that of the campaigns' differences of both groups' rates."""
        cuts, trials = UPLIFT.cuts(tables()), tables().trials
        exam = UPLIFT.exam(tables(), cuts.test)
        effects = []
        for day in np.unique(trials.day[(trials.day >= cuts.test.first) & (trials.day <= cuts.test.last)]):
            mailed, held = ((trials.day == day) & arm for arm in (trials.mailed, ~trials.mailed))
            effects += [trials.bought[mailed].mean() - trials.bought[held].mean()] * int((mailed | held).sum())
        assert exam.truth.mean() == pytest.approx(np.mean(effects))
        assert cuts.validation.last + TRIAL_DAYS <= cuts.test.first

    def test_scores_find_the_planted_uplift(self):
        """Those who are in the mood, of people as they are now."""
        audience = people(tables(), 400)
        fitted = UPLIFT.fit(tables(), until=AS_OF_DAY, recipe=RECIPES[0], rng=np.random.default_rng(SEED))
        scores = UPLIFT.predict(fitted, audience, k=1).scores
        planted = uplift(audience.features[:, FEATURES.index("mood")])
        assert np.corrcoef(scores, planted)[0, 1] > 0.7

    @pytest.mark.parametrize("learner", ["two_models", "transformed"])
    def test_campaigns_that_held_out_different_shares_are_compared_each_with_itself(self, learner):
        """Eager people, of whom a half was held out, and idle ones, of whom few were: no mail moved anybody."""
        rng = np.random.default_rng(5)
        eager = np.arange(20_000) % 2 == 0
        share = np.where(eager, 0.5, 0.95)
        mailed, bought = rng.random(20_000) < share, rng.random(20_000) < np.where(eager, 0.5, 0.1)
        assert bought[mailed].mean() - bought[~mailed].mean() < -0.1, "mails seem to do harm"
        trial = Trial(rng.normal(size=(20_000, 2)), mailed, bought, share)
        fitted = learn_uplift({"learner": learner, "model": "logistic", "c": 0.1}, trial, seed=1)
        assert abs(uplift_rows(fitted, trial.features).mean()) < 0.02
        told = uplift_details(replace(fitted, settings={**fitted.settings, **TOLD}), trial)
        assert abs(float(told["groups"]["mean effect"].split()[0])) < 0.02

    @pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe['learner']}-{recipe['model']}")
    def test_each_learner_is_served_as_it_is_scored(self, recipe):
        """After a trip through `serving.bin`, and above a random order on what it did not see."""
        cuts = UPLIFT.cuts(tables())
        fitted = UPLIFT.fit(tables(), until=cuts.test.first, recipe=recipe, rng=np.random.default_rng(SEED)).served()
        model, audience = SCORER_FAMILIES[fitted.family](fitted.sections, fitted.settings), people(tables())
        scores = UPLIFT.predict(fitted, audience, k=1).scores
        assert [model.score(row) for row in audience.features.tolist()] == pytest.approx(scores.tolist(), abs=1e-9)
        exam = UPLIFT.exam(tables(), cuts.test)
        found = UPLIFT.predict(fitted, exam.audience, k=1).scores
        assert qini((exam.truth != 0).astype(float), exam.mailed, found) > 0.0

    def test_the_floor_is_the_better_of_chance_and_who_buys_anyway(self):
        """Both are judged on the exam; one that is worse than chance is no bar."""
        exam = UPLIFT.exam(tables(), UPLIFT.cuts(tables()).test)
        floor = UPLIFT.floor(tables(), exam, until=AS_OF_DAY - 40)
        assert UPLIFT.metrics[0].of(exam.truth, floor) >= 0.0
        backwards = TrialExam(**{**vars(exam), "truth": -exam.truth, "mailed": 1.0 - exam.mailed})
        turned = UPLIFT.floor(tables(), backwards, until=AS_OF_DAY - 40)
        assert UPLIFT.metrics[0].of(backwards.truth, turned) >= 0.0

    def test_without_holdouts_there_is_no_exam(self):
        """Nothing to learn from, and nobody to compare with."""
        assert UPLIFT.cuts(replace(tables(), trials=no_trials(len(FEATURES)))) is None
        everybody = replace(tables().trials, mailed=np.ones(len(tables().trials.mailed), np.bool_))
        assert UPLIFT.cuts(replace(tables(), trials=everybody)) is None

    def test_marks_need_to_know_who_was_mailed(self):
        """An exam of another kind is a mistake, not a zero."""
        exam = VALUE.exam(year(), VALUE.cuts(year()).test)
        with pytest.raises(TypeError, match="who was mailed"):
            UPLIFT.floor(tables(), exam, until=AS_OF_DAY)
