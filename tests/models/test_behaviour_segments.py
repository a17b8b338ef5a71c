"""`behaviour_segments` on generated people: served as scored, explained, and stable from model to model."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from addressee.decisions.campaign import Campaign
from addressee.emails.campaign_request import Defaults, read_email_campaign
from addressee.models.bundle import META_FILE, SERVING_FILE
from addressee.models.kind import REASONS, Audience, fitted_of
from addressee.models.kinds import kind_of
from addressee.models.kinds.behaviour_segments import defining_of
from addressee.models.scorers import WrongFeatures
from addressee.models.segment_names import PACE, TRAIT
from addressee.models.serving import open_segmenter
from addressee.models.train import Run, train
from tests.models.conftest import SEED, tables, trained
from tests.models.generated import AS_OF_DAY, FEATURE_HASH, FEATURES

NAME = "behaviour_segments"
MOOD = FEATURES.index("mood")


def served(bundle):
    """Open it as `decide_content` does."""
    files = {name: bundle.files[name] for name in (META_FILE, SERVING_FILE)}
    return open_segmenter(NAME, files, feature_hash=FEATURE_HASH)


def audience(features):
    """Return people with these features."""
    return Audience(len(features), AS_OF_DAY, features, tables().interactions.of_subjects(0, 0), tables().items)


def week_later():
    """Return the tables as they may be a week on: everybody has moved a little, and one in five is new."""
    rng = np.random.default_rng(5)
    features = tables().now.features.copy()
    features[:, :7] *= np.exp(0.1 * rng.normal(size=(len(features), 7)))
    features[::5] = features[rng.permutation(len(features))[: len(features[::5])]]
    return replace(tables(), now=replace(tables().now, features=features))


@cache
def retrained():
    """Return the model of a week later, made from the one before."""
    return train(Run(kind_of(NAME), week_later(), seed=SEED + 7, previous=fitted_of(trained(NAME).bundle))).bundle


class TestServing:
    """A person who comes today is in a segment at once."""

    def test_live_and_scored_segments_are_the_same(self):
        """Everybody, and people whose values are missing or strange."""
        bundle = trained(NAME).bundle
        features = tables().now.features.copy()
        features[0], features[1, MOOD], features[2, MOOD] = np.nan, np.inf, -1e12
        scored = kind_of(NAME).predict(fitted_of(bundle), audience(features), k=1).segments
        assert [served(bundle).segment(row) for row in features.tolist()] == list(scored)
        assert set(scored) <= set(served(bundle).names)

    def test_a_new_user_is_assigned_online(self):
        """Somebody whom no model has seen gets the segment of those who are like them."""
        row = tables().now.features[11].tolist()
        expected = served(trained(NAME).bundle).segment(row)
        assert served(trained(NAME).bundle).segment([value * 1.01 for value in row]) == expected

    def test_a_vector_of_another_length_is_refused(self):
        """A feature too few is an error, not a guess."""
        with pytest.raises(WrongFeatures, match=f"{len(FEATURES) - 1} features"):
            served(trained(NAME).bundle).segment([1.0] * (len(FEATURES) - 1))

    def test_each_segment_has_its_bestsellers(self):
        """Those of the segment's own people, at most as many as are asked for; none for a name nobody has."""
        model = served(trained(NAME).bundle)
        for name in model.names:
            best = model.popular(name, 5)
            assert len(best) == 5
            assert best[0].support >= best[-1].support >= 1
        assert model.popular("nobody", 5) == []
        assert model.popular_overall(3)[0].support >= model.popular(model.names[0], 1)[0].support


class TestTold:
    """What the model says of itself and of people."""

    def test_reasons_are_distances_on_the_segments_side(self):
        """In standard deviations, the farthest first, of features in which segment and person lie the same way."""
        bundle, people = trained(NAME).bundle, audience(tables().now.features[:30])
        fitted = fitted_of(bundle)
        for row, reasons in zip(people.features, kind_of(NAME).explain(fitted, people), strict=True):
            told = {reason.name: reason.contribution for reason in reasons}
            assert len(told) <= REASONS
            assert list(told.values()) == sorted(told.values(), key=lambda value: -abs(value))
            assert set(told) <= set(FEATURES)
            assert all(np.isfinite(value) for value in told.values())
            own = dict(defining_of(fitted)[fitted.settings["segments"].index(served(bundle).segment(row.tolist()))])
            assert all(value * own[name] > 0 for name, value in told.items() if name in own)

    def test_tiers_explain_themselves_by_levels(self):
        """`rfm_tiers` says how many tiers somebody is above the middle; a prospect has none."""
        features = tables().now.features[:20].copy()
        features[0, FEATURES.index("recency_days")] = 3650.0
        told = kind_of("rfm_tiers").explain(fitted_of(trained("rfm_tiers").bundle), audience(features))
        assert told[0] == []
        assert all(abs(reason.contribution) <= 2 for reasons in told for reason in reasons)
        assert {reason.name for reason in told[1]} == {"recency_days", "orders_90d", "revenue_90d"}

    def test_the_card_holds_the_checks(self):
        """Sizes, defining features, number of segments, overlap, movement, warnings."""
        text = trained(NAME).bundle.files["card.md"].decode()
        for words in (
            "## People",
            "## Defining features",
            "elbow",
            "## Overlap",
            "no model of the same features",
            "## Warnings",
        ):
            assert words in text
        said = trained(NAME).bundle.meta["settings"]["quality"]
        assert sum(said["people"].values()) == len(tables().subjects)
        assert min(said["people"].values()) >= 0.02 * len(tables().subjects)


class TestRetraining:
    """Labels stay where people stay."""

    def test_names_follow_their_segments(self):
        """The same names for the same kind of people, and few people with another one."""
        said = retrained().meta["settings"]["quality"]["movement"]
        before = trained(NAME).bundle.meta["settings"]["segments"]
        assert set(said["kept"]) | set(said["gone"]) == set(before)
        assert len(said["kept"]) >= len(before) - 1
        assert said["moved"] < 0.2

    def test_a_person_who_did_not_move_keeps_the_name(self):
        """Those whose features stayed are nearly all where they were."""
        rows = tables().now.features.tolist()
        old, new = served(trained(NAME).bundle), served(retrained())
        assert np.mean([old.segment(row) == new.segment(row) for row in rows]) > 0.8

    def test_it_is_repeatable_from_the_same_model(self):
        """Same tables, same model before: same bytes."""
        run = Run(kind_of(NAME), week_later(), seed=SEED + 7, previous=fitted_of(trained(NAME).bundle))
        assert train(run).bundle.version == retrained().version

    def test_the_test_figures_do_not_know_the_model_before(self):
        """It has seen the days of the test: only what is served goes on from it."""
        alone = train(Run(kind_of(NAME), week_later(), seed=SEED + 7)).bundle
        assert alone.meta["metrics"] == retrained().meta["metrics"]
        assert alone.version != retrained().version

    def test_a_model_of_other_features_is_gone_on_from_by_name(self):
        """A feature came and one went: the common ones tell who is who."""
        fitted = fitted_of(trained(NAME).bundle)
        columns = ["something_else" if name == "mood" else name for name in fitted.settings["columns"]]
        other = replace(fitted, settings={**fitted.settings, "columns": columns})
        kind = kind_of(NAME).following(other)
        again = kind.fit(
            tables(), until=AS_OF_DAY, recipe=trained(NAME).bundle.meta["recipe"], rng=np.random.default_rng(SEED)
        )
        assert len(set(again.settings["segments"]) & set(fitted.settings["segments"])) >= 3
        assert "movement" not in json.loads(json.dumps(again.settings))["quality"]


def test_a_campaign_can_be_for_any_segment_that_may_be_named():
    """Every name that segments can get passes the API."""
    rules, paces = Campaign("default"), [*(each.word for each in PACE), "prospective", "steady"]
    for name in (f"{pace}_{trait}_2" for pace in paces for trait in (*(each.word for each in TRAIT), "shoppers")):
        audience = {"segment": {"kind": NAME, "name": name}}
        body = {"campaign": "autumn", "audience": audience, "template": "digest"}
        read = read_email_campaign(body, Defaults(rules, {}, 0.1), template_version="0123456789abcdef", now_ms=0)
        assert read.segment == (NAME, name)
