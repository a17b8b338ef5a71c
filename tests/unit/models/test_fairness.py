"""How a model treats groups, and what a mitigation does about it."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models.card_fairness import fairness_lines
from addressee.models.fairness import Judged, fairness, group_thresholds, joint_groups, reweighed
from addressee.models.group_tiers import thresholds_of
from addressee.models.judged import reliability
from addressee.models.kinds import kind_of
from addressee.models.metrics import calibration_error
from addressee.models.propensity import RECIPES, threshold
from addressee.models.serving import open_scorer
from addressee.models.train import Run, train
from tests.models.conftest import SEED, tables

RNG = np.random.default_rng


def judged(yes, did, chance=0.5):
    """Judge people asked once: the share of yes and of those who did it, by group a, b and the undeclared."""
    rng = RNG(0)
    group = np.repeat(["a", "b", ""], [400, 400, 200])
    truth = (rng.random(1000) < did).astype(np.float64)
    positive = (rng.random(1000) < np.array([yes.get(each, 0.5) for each in group])).astype(np.float64)
    return group.tolist(), Judged(np.arange(1000, dtype=np.int32), truth, np.full(1000, chance), positive)


def test_rates_and_gaps_come_with_intervals_and_a_verdict():
    """Seven in ten of one group are a yes, two in ten of the other: surely apart."""
    group, answers = judged({"a": 0.7, "b": 0.2}, 0.5)
    told = fairness({"region": group}, answers, rng=RNG(1))["region"]
    assert told["groups"]["a"]["people"] == 400
    assert told["groups"]["a"]["selected"]["value"] == pytest.approx(0.7, abs=0.05)
    assert told["groups"]["b"]["true_positive"]["value"] == pytest.approx(0.2, abs=0.07)
    gap = told["gaps"]["demographic_parity"]
    assert 0.4 < gap["low"] < gap["value"] < gap["high"] < 0.6
    assert told["too_few"] == {"not declared": 200}
    assert told["verdict"].count("surely further apart than 0.1") == 2


def test_alike_groups_are_called_alike():
    """The same share, and enough people to be sure."""
    group, answers = judged({"a": 0.02, "b": 0.02}, 0.9)
    verdict = fairness({"region": group}, answers, rng=RNG(1))["region"]["verdict"]
    assert verdict.startswith("shares of yes: within 0.1")


def test_too_few_people_or_outcomes_tell_nothing():
    """Nobody did it: no true-positive rate; one large group: nothing to compare."""
    group, answers = judged({}, 0.0)
    told = fairness({"region": group}, answers, rng=RNG(1))["region"]
    assert told["groups"]["a"]["true_positive"] == told["gaps"]["equal_opportunity"] == {}
    assert "too few did it to tell" in told["verdict"]
    alone = fairness({"region": ["a"] * 990 + ["b"] * 10}, answers, rng=RNG(1))["region"]
    assert alone["verdict"] == "fewer than two groups are large enough to be compared"
    assert alone["too_few"] == {"b": 10}
    lines = "\n".join(fairness_lines({"fairness": {"region": alone}, "fairness_before": {}, "mitigated": {}}))
    assert "Not compared: b (10)." in lines
    assert list(fairness_lines({"fairness": {}})) == []


def test_reweighed_rows_know_no_tie_between_group_and_label():
    """Kamiran and Calders' weights: the weighted rate is the same in each group, and the whole weighs the same."""
    group = ["a"] * 80 + ["b"] * 20
    label = np.array([True] * 60 + [False] * 20 + [True] * 5 + [False] * 15)
    weights, a = reweighed(group, label), np.array(group) == "a"
    rates = [float(weights[rows & label].sum() / weights[rows].sum()) for rows in (a, ~a)]
    assert rates == pytest.approx([0.65, 0.65])
    assert float(weights.sum()) == pytest.approx(100.0)
    assert reweighed(["a", "a"], np.array([True, True])).tolist() == [1.0, 1.0]
    assert reweighed([], np.empty(0, np.bool_)).tolist() == []


def test_group_thresholds_give_each_group_the_same_true_positive_rate():
    """A group whose probabilities are lower gets a lower threshold; a small one keeps the common one."""
    rng = RNG(2)
    group = ["a"] * 500 + ["b"] * 500 + ["c"] * 5
    label = rng.random(1005) < 0.5
    said = np.clip(rng.normal(0.4, 0.1, 1005) + 0.2 * label - 0.15 * (np.array(group) == "b"), 0.01, 0.99)
    least = group_thresholds(group, said, label, common=0.5)
    at = np.array([least[name] for name in group])
    yes = said >= at
    a, b = (np.array(group) == name for name in ("a", "b"))
    assert float(yes[a & label].mean()) == pytest.approx(float(yes[b & label].mean()), abs=0.01)
    assert least["b"] < 0.5 < least["a"] + 0.1
    assert least["c"] == 0.5


def test_traits_are_joined_and_small_groups_pooled():
    """Nobody can be found by being the only one of a kind."""
    some = replace(tables(), groups={"gender": ("f",) * 300 + ("m",) * 180 + ("x",) * 20, "age": ("19",) * 500})
    joint = joint_groups(some)
    assert {*joint} == {"19 / f", "19 / m", "\n"}
    assert joint.count("\n") == 20
    assert set(joint_groups(replace(tables(), groups={}))) <= {"", "\n"}
    nothing = replace(tables(), groups={"gender": ("",) * 300 + ("m",) * 200, "age": ("",) * 500})
    assert {*joint_groups(nothing)} == {"", " / m"}


def test_the_tier_that_is_served_is_the_groups():
    """Whoever is asked by what they declared gets the thresholds by which training let a yes begin for their group."""
    kind, tiers = kind_of("clicks_in_24_hours"), {"high": 0.3, "medium": 0.1}
    quick = replace(kind, candidates=RECIPES[:1])
    bundle = train(Run(quick, tables(), seed=SEED, tiers=tiers, mitigation="thresholds")).bundle
    settings = bundle.meta["settings"]
    assert settings["thresholds"] == tiers
    opened = open_scorer(kind.name, bundle.files, feature_hash=bundle.meta["feature_hash"])
    joint, names = joint_groups(tables()), settings["group_traits"]
    for subject, group in enumerate(joint):
        declared = {name: tables().groups[name][subject] for name in names}
        told = {name: value for name, value in declared.items() if value}
        assert thresholds_of(opened.thresholds, told) == settings["group_tiers"].get(group, tiers)
    assert {*settings["group_tiers"]} == {*joint} - {"", "\n"}
    moved = [own for own in settings["group_tiers"].values() if own != tiers]
    assert moved
    assert all(own["high"] >= own["medium"] for own in moved)


def test_each_tier_holds_as_many_of_each_group_that_did_it():
    """At a tier's threshold a group has everybody's true-positive rate, as it has at that of a yes."""
    rng = RNG(4)
    group = np.array(["a", "b"])[rng.integers(0, 2, 2_000)]
    label = rng.random(2_000) < 0.5
    said = np.clip(rng.normal(0.4, 0.1, 2_000) + 0.2 * label - 0.15 * (group == "b"), 0.01, 0.99)
    for common in (0.45, 0.6):
        least = group_thresholds(group.tolist(), said, label, common=common)
        wanted = float((said[label] >= common).mean())
        for name, at in least.items():
            assert float((said[label & (group == name)] >= at).mean()) == pytest.approx(wanted, abs=0.01)


def test_a_mitigation_is_a_recipe():
    """Weights move the model a little; thresholds leave it, and ask each group by its own."""
    kind = kind_of("clicks_in_24_hours")
    cut = {"until": tables().metadata.as_of_day, "rng": RNG(1)}
    plain, weighed, parted = (
        kind.fit(tables(), recipe={**RECIPES[0], **more}, **cut)
        for more in ({}, {"mitigate": "reweigh"}, {"mitigate": "thresholds"})
    )
    assert plain.sections["weight"] != weighed.sections["weight"]
    assert plain.sections["weight"] == parted.sections["weight"]
    least = parted.settings["group_thresholds"]
    assert len({*least.values(), threshold(parted.settings)}) > 2
    assert not {"", "\n"} & {*least}
    exam = kind.exam(tables(), kind.cuts(tables()).test)
    answers = kind.predict(parted, exam.audience, k=1)
    at = np.array([least.get(name, threshold(parted.settings)) for name in exam.audience.group])
    assert answers.positive.tolist() == (answers.scores >= at).tolist()
    unknown = kind.predict(parted, replace(exam.audience, group=()), k=1)
    assert unknown.positive.tolist() == kind.predict(plain, exam.audience, k=1).positive.tolist()


def test_reliability_bins_hold_what_was_foretold_and_what_happened():
    """Ten bins of equally many; their gaps are the expected calibration error."""
    rng = RNG(3)
    chance = rng.random(2_000)
    truth = (rng.random(2_000) < chance).astype(np.float64)
    bins = reliability(truth, chance)
    assert [each["rows"] for each in bins] == [200] * 10
    assert all(each["low"] <= each["actual"] <= each["high"] for each in bins)
    gaps = sum(abs(each["predicted"] - each["actual"]) for each in bins) / 10
    assert gaps == pytest.approx(calibration_error(truth, chance), abs=1e-5)
    assert len(reliability(np.ones(3), np.ones(3))) == 3
