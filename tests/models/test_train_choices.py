"""What a run may choose besides: a budget for tuning, an installation's tiers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from addressee.models.kind import Answers
from addressee.models.kinds import kind_of
from addressee.models.kinds.discover import BLEND, PLAIN, STACK, Discover
from addressee.models.propensity import RECIPES, threshold
from addressee.models.scorers import THRESHOLDS
from addressee.models.tables import no_sends
from addressee.models.train import Run, train
from addressee.models.tuning import Budget, Choice, Found, Space, Span, search
from tests.models.conftest import EMBEDDING, SEED, quick, tables, trained, year
from tests.models.generated import FEATURES

KIND = replace(kind_of("buys_in_7_days"), candidates=RECIPES[:1])
TUNED = {"model": "logistic", "c": 0.03, "impute": "median"}


class Tuned(type(KIND)):
    """Tunes without searching: what a search costs is for other tests."""

    def tuned(self, tables, *, until, budget, seed):  # noqa: ARG002  # the interface's arguments
        """Return one recipe, and what was asked."""
        return Found([TUNED], f"{budget.trials} trials until {until}, seed {seed}")


def test_what_tuning_finds_is_compared_with_the_candidates():
    """On the validation window, beside floor and candidates; the card says what tuning said of itself."""
    kind = Tuned(**vars(KIND))
    bundle = train(Run(kind, tables(), seed=SEED, budget=Budget(trials=4))).bundle
    rows = bundle.meta["candidates"]
    assert [row["recipe"] for row in rows] == [{}, RECIPES[0], TUNED]
    assert all(0.5 < row["validation"]["roc_auc"] < 1.0 for row in rows)
    until = kind.cuts(tables()).validation.first
    assert bundle.meta["tuning"] == f"4 trials until {until}, seed {SEED}"
    card = bundle.files["card.md"].decode()
    assert "## Candidates in the validation window" in card
    assert "- floor: roc_auc" in card
    assert bundle.meta["tuning"] in card


def test_without_a_budget_nothing_is_tuned():
    """The default keeps a run short."""
    bundle = train(Run(Tuned(**vars(KIND)), tables(), seed=SEED)).bundle
    assert (bundle.meta["candidates"], bundle.meta["tuning"]) == ([], "")


def test_a_kind_searches_what_was_known_when_validation_opens():
    """Rows of later days change nothing that tuning finds."""
    rows, until = tables().people, KIND.cuts(tables()).validation.first
    later = rows.cut_day > until
    labels = {name: np.where(later, ~label, label) for name, label in rows.labels.items()}
    other = replace(tables(), people=replace(rows, labels=labels))
    budget = Budget(trials=1)
    found = KIND.tuned(tables(), until=until, budget=budget, seed=1)
    assert found == KIND.tuned(other, until=until, budget=budget, seed=1)
    assert len(found.recipes) == 3


def test_a_search_follows_its_seed():
    """Other seeds sample otherwise; the start is tried first, so that nothing worse is returned."""
    space = Space({"model": "x"}, {"depth": Span(1, 9), "way": Choice(("a", "b"))}, [{"depth": 5, "way": "a"}])

    def value(recipe):
        return -abs(recipe["depth"] - 5) - (recipe["way"] == "b")

    best = search(space, value, budget=Budget(trials=3), seed=1)
    assert best == search(space, value, budget=Budget(trials=3), seed=1)
    assert (best.recipe, best.value, best.tried, best.finished) == (
        {"model": "x", "depth": 5, "way": "a"},
        0.0,
        3,
        True,
    )


class Silent(Discover):
    """Its models of one family of recipes find nothing for anybody, whatever else they are."""

    silent = ""

    def fit(self, tables, *, until, recipe, rng):
        """Fit the cosine under another name."""
        fitted = super().fit(tables, until=until, recipe={**recipe, "model": PLAIN}, rng=rng)
        return replace(fitted, recipe=recipe, settings={**fitted.settings, **recipe})

    def predict(self, fitted, audience, *, k):
        """Say nothing where this model is to lose."""
        said = super().predict(fitted, audience, k=k)
        return Answers(candidates=[[] for _ in said.candidates]) if fitted.recipe["model"] == self.silent else said


def silent(model):
    """Return what training says of its candidates where the models of one recipe find nothing."""
    recipes = [{"model": each, "trend": 0.5, "cold": 0.0} for each in (PLAIN, BLEND, STACK)]
    kind = Silent(candidates=recipes)
    kind.__class__.silent = model
    bundle = train(Run(kind, tables(), seed=SEED)).bundle
    return [row["recipe"].get("model", "") for row in bundle.meta["candidates"]], bundle.files["card.md"].decode()


def test_an_order_over_candidates_that_surely_lose_is_not_tried():
    """Fitting it costs more than everything before it; the card says that it was left out, and why."""
    compared, card = silent(BLEND)
    assert compared == ["", PLAIN, BLEND]
    assert "- model stack, trend 0.5, cold 0.0: what it builds on surely does worse than the chosen one" in card
    compared, card = silent("")
    assert compared == ["", PLAIN, BLEND, STACK]
    assert "surely does worse" not in card


def test_an_embedding_is_not_tried_where_no_category_has_many_levels():
    """It would fit what target rates fit; the card says so. With sixty countries it is compared like the others."""
    kind = replace(KIND, candidates=(RECIPES[0], EMBEDDING))
    few = tables().people.features.copy()
    few[:, FEATURES.index("country_code")] %= 30
    for people, tried in ((tables().people, True), (replace(tables().people, features=few), False)):
        bundle = train(Run(kind, replace(tables(), people=people), seed=SEED)).bundle
        assert (EMBEDDING in [row["recipe"] for row in bundle.meta["candidates"]]) is tried
        card = bundle.files["card.md"].decode()
        assert ("embed 8: no category has more than 30 levels with rows enough" in card) is not tried


def test_an_installation_may_have_tiers_of_its_own():
    """In settings, which serving reads; others have three quarters and two fifths."""
    tiers = {"high": 0.6, "medium": 0.2}
    made = train(Run(KIND, tables(), seed=SEED, tiers=tiers)).bundle
    assert made.meta["settings"]["thresholds"] == tiers
    assert trained(KIND.name).bundle.meta["settings"]["thresholds"] == THRESHOLDS
    assert json.loads(made.files["card.json"])["details"]["tiers from"] == tiers


def test_thresholds_are_kept_in_the_bundle():
    """By three rules; the one that decides tells what counts as a yes, one half where it found none."""
    settings = trained("lapses_in_28_days").bundle.meta["settings"]
    assert {"youden", "best_f1"} <= set(settings["tuned"])
    assert 0.0 < threshold(settings) == settings["tuned"]["best_f1"]["at"] < 1.0
    assert threshold({"tuned": {}, "decides": "precision"}) == 0.5


@pytest.mark.parametrize("name", ["buys_in_7_days", "clicks_in_24_hours", "rfm_tiers", "behaviour_segments"])
def test_exams_tell_people_apart(name):
    """Who got a mail in the week before, and when they ordered last."""
    kind, sends = quick(kind_of(name)), tables().sends
    some = np.random.default_rng(0).random(len(sends.subject)) < 0.5
    labels = {
        column: {key: each[some] for key, each in getattr(sends, column).items()} for column in ("labels", "known")
    }
    columns = {column: getattr(sends, column)[some] for column in ("features", "subject", "sent_ms", "hour_of_week")}
    fewer = replace(tables(), sends=replace(sends, **columns, **labels))
    exam = kind.exam(fewer, kind.cuts(fewer).test)
    assert set(exam.groups["exposed"]) == {"yes", "no"}
    assert {"ordered in 28 days", "ordered before"} <= set(exam.groups["activity"])
    assert {len(labels) for labels in exam.groups.values()} == {len(exam.truth)}


def test_a_shop_without_mails_has_no_exposed_slice():
    """Nothing is known of exposure there."""
    nobody = replace(tables(), sends=no_sends(len(FEATURES)))
    assert "exposed" not in KIND.exam(nobody, KIND.cuts(nobody).test).groups
    assert kind_of("clicks_in_24_hours").cuts(nobody) is None


def test_details_tell_what_a_reader_asks():
    """The planted features lead; thresholds, balance and the map are said."""
    details = json.loads(trained("buys_in_7_days").bundle.files["card.json"])["details"]
    importance = next(values for title, values in details.items() if title.startswith("importance"))
    assert {"mood", "recency_days"} <= set(sorted(importance, key=importance.get)[-3:])
    assert details["correlation with the label"]["mood"] > 0.2
    assert 0.0 < details["class balance"]["share of yes"] < 1.0
    assert details["calibration"]["map"] in {"none", "platt", "isotonic"}
    assert details["thresholds"]["decides"] == "best_f1"


@pytest.mark.parametrize("name", ["clicks_in_24_hours", "value_in_90_days"])
def test_many_rows_of_few_people_are_no_exam(name):
    """Intervals are over people, and parts hold people: three of them teach nothing, however often they are seen."""
    kind, of = kind_of(name), year() if name == "value_in_90_days" else tables()
    assert kind.cuts(of) is not None
    sends, people = (replace(each, subject=each.subject % 3) for each in (of.sends, of.people))
    assert kind.cuts(replace(of, sends=sends, people=people)) is None
