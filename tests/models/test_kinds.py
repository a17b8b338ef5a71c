"""The contract of every model kind, on generated data with a known truth."""

import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from addressee.models.bundle import META_FILE, SERVING_FILE, BundleRefused, open_bundle
from addressee.models.kinds import kind_of
from addressee.models.kinds.buy_again import BuyAgain
from addressee.models.tables import no_sends, no_trials
from addressee.models.train import Run, train
from addressee.profiles.hashing import item_hash
from tests.models.conftest import EMBEDDING, REVISION, SEED, remembering, tables, tables_of, trained
from tests.models.generated import AS_OF_DAY, COUNTRIES, FEATURE_HASH, FEATURES, RELUCTANT
from tests.models.served_kinds import OPEN, PEOPLE, K, answers, everybody, history, served


class TestEveryKind:
    """What holds for all kinds."""

    def test_beats_its_floor_on_data_with_a_known_truth(self, kind):
        """The planted tastes, favourites and chances are found."""
        result = trained(kind.name)
        assert result.verdict.published, result.verdict.reason
        assert result.metrics[kind.metrics[0].name]["difference"]["low"] > 0

    def test_a_second_training_gives_the_same_bytes(self, kind):
        """Same tables, same seed: same files, same version."""
        again = train(Run(kind, tables_of(kind), seed=SEED, revision=REVISION))
        assert again.bundle.version == trained(kind.name).bundle.version
        assert dict(again.bundle.files) == dict(trained(kind.name).bundle.files)

    def test_a_round_trip_changes_no_answer(self, kind):
        """What was fitted and what was loaded from its files answer alike."""
        bundle = trained(kind.name).bundle
        fitted = kind.fit(
            tables_of(kind), until=AS_OF_DAY, recipe=bundle.meta["recipe"], rng=np.random.default_rng(SEED)
        )
        before, after = kind.predict(fitted, everybody(), k=K), answers(kind, everybody())
        assert before.candidates == after.candidates
        assert list(before.segments) == list(after.segments)
        assert before.scores.tolist() == after.scores.tolist()

    def test_the_folder_is_checked_file_by_file(self, kind):
        """Every file is listed with its sha256, and all of them pass."""
        bundle = trained(kind.name).bundle
        assert set(bundle.meta["sha256"]) == set(bundle.files) - {META_FILE}
        assert {SERVING_FILE, "card.json", "card.md"} <= set(bundle.files)
        assert open_bundle(kind.name, bundle.files, feature_hash=FEATURE_HASH).version == bundle.version
        assert bundle.version.startswith("2024-10-04-")

    def test_nobody_and_a_single_person_are_answered(self, kind):
        """An empty audience gives an empty answer, one person the same as among many."""
        assert len(answers(kind, everybody(0)).candidates) == len(answers(kind, everybody(0)).scores) == 0
        one, many = answers(kind, everybody(1)), answers(kind, everybody())
        assert list(one.candidates) == list(many.candidates[:1])
        assert list(one.segments) == list(many.segments[:1])
        assert one.scores.tolist() == pytest.approx(many.scores[:1].tolist(), abs=1e-12)

    def test_the_card_says_what_a_reader_needs(self, kind):
        """Days, split, intervals, baseline, refit and limits are on the card."""
        files = trained(kind.name).bundle.files
        card, text = json.loads(files["card.json"]), files["card.md"].decode()
        assert card["data"]["fitted_until"] == "2024-10-04"
        assert card["data"]["validation_after"] < card["data"]["test_after"] < card["as_of"]
        assert set(card["metrics"][kind.metrics[0].name]) == {"model", "rival", "difference"}
        assert (card["decides"], f"What decides is {kind.metrics[0].name}" in text) == (kind.metrics[0].name, True)
        assert ("log_loss (lower is better)" in text) is (kind.name in PEOPLE)
        assert card["tested"]["questions"] >= card["tested"]["people"] > 100
        for words in (kind.floor_title, "refitted on all days", *kind.limits, "Tested once"):
            assert words in text
        assert card["features"]["names"] == (list(FEATURES) if kind.uses_features else [])

    @pytest.mark.parametrize("name", [META_FILE, SERVING_FILE])
    def test_a_truncated_file_is_refused(self, kind, name):
        """Half a file is no model."""
        files = dict(trained(kind.name).bundle.files)
        files[name] = files[name][: len(files[name]) // 2]
        with pytest.raises(BundleRefused, match=name):
            OPEN[kind.role](kind.name, files, feature_hash=FEATURE_HASH)

    def test_other_features_are_refused(self, kind):
        """A model of features with another name, order or meaning is not served; models without features are."""
        if not kind.uses_features:
            return
        files = trained(kind.name).bundle.files
        with pytest.raises(BundleRefused, match="was trained on features"):
            OPEN[kind.role](kind.name, files, feature_hash="0" * 64)

    def test_shuffled_features_are_refused(self, kind):
        """The same names in another order have another hash: the reason says which the model was trained on."""
        if not kind.uses_features:
            return
        files = trained(kind.name).bundle.files
        shuffled = sha256(json.dumps(FEATURES[::-1]).encode()).hexdigest()
        assert open_bundle(kind.name, files, feature_hash=FEATURE_HASH).meta["features"] == list(FEATURES)
        with pytest.raises(BundleRefused, match=f"was trained on features {FEATURE_HASH}, not {shuffled}"):
            open_bundle(kind.name, files, feature_hash=shuffled)

    def test_too_little_data_is_said_and_nothing_is_published(self, kind):
        """A shop in its first weeks gets no model, and the reason."""
        young = replace(tables().metadata, first_day=AS_OF_DAY - 20)
        few = replace(tables().people, cut_day=np.full(len(tables().people.cut_day), AS_OF_DAY - 7, np.int32))
        result = train(
            Run(kind, replace(tables(), metadata=young, people=few, sends=no_sends(), trials=no_trials()), seed=SEED)
        )
        assert result.bundle is None
        assert "too little" in result.verdict.reason

    def test_a_champion_with_another_recipe_is_met_on_the_same_days(self, kind):
        """Where the champion was made otherwise, both are fitted on the same days and compared."""
        others = [recipe for recipe in kind.recipes() if recipe != trained(kind.name).bundle.meta["recipe"]]
        result = train(Run(remembering(kind.name), tables_of(kind), seed=SEED, champion=others[0]))
        assert result.verdict.published or "champion" in result.verdict.reason

    def test_the_best_champion_of_a_year_is_met_too(self, kind):
        """Each recipe that a year's champions had is refitted once; repeats of the one on trial are the same model."""
        recipe = trained(kind.name).bundle.meta["recipe"]
        run = Run(remembering(kind.name), tables_of(kind), seed=SEED, revision=REVISION)
        result = train(replace(run, former=[recipe, recipe]))
        assert result.bundle.version == trained(kind.name).bundle.version
        result = train(replace(run, former=[*kind.recipes(), *kind.recipes()]))
        assert result.verdict.published or "best champion of a year" in result.verdict.reason

    def test_the_codes_revision_is_in_bundle_and_card(self, kind):
        """Which code made a model can be told."""
        made = trained(kind.name).bundle
        assert made.meta["revision"] == json.loads(made.files["card.json"])["revision"] == REVISION


def test_the_same_model_of_another_revision_is_another_version():
    """A version tells the code, too."""
    made = train(Run(remembering("buy_again"), tables(), seed=SEED, revision="4567def")).bundle
    assert made.files[SERVING_FILE] == trained("buy_again").bundle.files[SERVING_FILE]
    assert made.version != trained("buy_again").bundle.version


class Forgetful(BuyAgain):
    """Prefers to look at the latest orders alone."""

    def recipes(self):
        """Return half a day, then a quarter of a year."""
        return [{"half_life_days": 0.5}, {"half_life_days": 90}]


def test_a_preferred_recipe_gives_way_to_one_that_is_surely_better():
    """Who has favourites buys them again, also those that the latest order left out; 90 days find them."""
    bundle = train(Run(Forgetful(), tables(), seed=SEED)).bundle
    assert bundle.meta["recipe"] == {"half_life_days": 90}


class TestDirection:
    """Answers move the way the planted truth says, and stay where it says nothing."""

    def test_a_better_mood_and_a_fresher_visit_raise_the_chance_to_buy(self):
        """Both planted effects have their sign, in both propensities."""
        row = tables().now.features[5].tolist()
        mood, recency = FEATURES.index("mood"), FEATURES.index("recency_days")
        for name, sign in (("buys_in_7_days", 1), ("lapses_in_28_days", -1)):
            model = served(kind_of(name))
            happier, staler = list(row), list(row)
            happier[mood] += 1.0
            staler[recency] += 30.0
            assert sign * (model.score(happier) - model.score(row)) > 0
            assert sign * (model.score(staler) - model.score(row)) < 0

    @pytest.mark.parametrize("name", PEOPLE)
    def test_a_missing_value_neither_fails_nor_decides(self, name):
        """NaN, and a value that no training row had, give a chance all the same, scored and served alike."""
        kind, row = kind_of(name), [float("nan")] * len(FEATURES)
        strange = [1e12, *row[1:]]
        scores = answers(kind, replace(everybody(2), features=np.array([row, strange]))).scores
        assert [served(kind).score(row), served(kind).score(strange)] == pytest.approx(scores.tolist(), abs=1e-9)
        assert ((scores > 0.0) & (scores < 1.0)).all()

    @pytest.mark.parametrize("name", PEOPLE)
    @pytest.mark.parametrize("category", ["category_code", "country_code"])
    def test_a_category_that_nobody_had_is_none_of_those_that_are_known(self, name, category):
        """A level of tomorrow, a missing one, a broken one: scored and served alike, and each of them as the others."""
        kind, code = kind_of(name), FEATURES.index(category)
        rows = np.repeat(everybody(1).features, 4, axis=0)
        rows[:, code] = [77.0, -1.0, 1e12, float("nan")]
        scores = answers(kind, replace(everybody(4), features=rows)).scores
        assert [served(kind).score(row) for row in rows.tolist()] == pytest.approx(scores.tolist(), abs=1e-9)
        assert len(set(scores.tolist())) == 1

    def test_the_favourite_category_is_told_apart_and_served(self):
        """The planted one lowers the chance, its neighbours in number do not; levels go to the serving path."""
        model, code = served(kind_of("buys_in_7_days")), FEATURES.index("category_code")
        row = tables().now.features[5].tolist()
        said = {level: model.score([*row[:code], float(level), *row[code + 1 :]]) for level in range(1, 7)}
        assert min(said, key=said.__getitem__) == RELUCTANT
        meta = trained("buys_in_7_days").bundle.meta
        assert meta["family"] in {"prepared_logistic", "trees"}
        weights = json.loads(trained("buys_in_7_days").bundle.files["card.json"])["details"].get("weights", {})
        assert not weights or f"category_code: group {RELUCTANT}" in weights

    def test_a_category_with_many_levels_is_embedded_and_served(self):
        """Countries of a region, whose people speak alike, are near; the dimensions go to the serving path and card."""
        bundle, code = trained("opens_in_24_hours").bundle, FEATURES.index("country_code")
        assert (bundle.meta["family"], bundle.meta["recipe"]) == ("prepared_logistic", EMBEDDING)
        details = json.loads(bundle.files["card.json"])["details"]
        assert details["categories embedded without the label"] == {"country_code": "60 levels in 8 dimensions"}
        assert "country_code: dimension 1 of its embedding" in details["weights"]
        row, model = everybody(1).features[0].tolist(), served(kind_of("opens_in_24_hours"))
        said = {model.score([*row[:code], float(country), *row[code + 1 :]]) for country in range(1, COUNTRIES + 1)}
        assert len(said) == COUNTRIES

    def test_a_mail_moves_those_who_are_in_the_mood(self):
        """Nobody else is moved: below the middle the uplift is smaller; a missing value neither fails nor decides."""
        model, mood = served(kind_of("uplift_in_14_days")), FEATURES.index("mood")
        row = tables().now.features[5].tolist()
        moody, gloomy = ([*row[:mood], value, *row[mood + 1 :]] for value in (1.0, -1.0))
        assert model.score(moody) > 0.1 > model.score(gloomy)
        assert -1.0 < model.score([float("nan")] * len(FEATURES)) < 1.0
        assert set(model.thresholds) == {"high", "medium"}

    def test_a_customer_who_ordered_lately_is_worth_more_than_one_who_fell_silent(self):
        """Of two who ordered as often for as much, and who both began a year ago; and no order is worth little."""
        model, row = served(kind_of("value_in_90_days")), [0.0] * len(FEATURES)
        said = {"orders_total": 12.0, "customer_days": 300.0, "basket_mean": 3_000.0, "revenue_90d": 9_000.0}
        for name, value in said.items():
            row[FEATURES.index(name)] = value
        recency = FEATURES.index("recency_days")
        fresh, silent = ([*row[:recency], days, *row[recency + 1 :]] for days in (5.0, 200.0))
        assert model.score(fresh) > model.score(silent) >= 0.0
        assert model.score([float("nan")] * len(FEATURES)) >= 0.0

    def test_another_purchase_of_a_taste_keeps_to_the_taste(self):
        """Neighbours recommend within the taste that was bought."""
        model = served(kind_of("discover"))
        ranked = model.rank({item_hash("taste-2-item-03"): AS_OF_DAY}, today=AS_OF_DAY, k=5)
        assert [each.item_id[:7] for each in ranked] == ["taste-2"] * 5
        assert all(each.support > 0 for each in ranked)

    def test_the_order_in_which_a_history_is_told_does_not_matter(self):
        """The same purchases give the same answer."""
        model, past = served(kind_of("discover")), history(everybody(), 3)
        backwards = dict(reversed(past.items()))
        assert model.rank(past, today=AS_OF_DAY, k=K) == model.rank(backwards, today=AS_OF_DAY, k=K)
