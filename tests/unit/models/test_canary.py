"""The verdict on a canary: a bad challenger goes soon, a good one is promoted, and looking often harms nobody."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models.canary import ArmCounts, CanarySettings, arm_of, judge_canary, loss_evidence

SETTINGS = CanarySettings()
CHAMPION = ArmCounts(mails=18_000, clicks=900, decisions=18_000)
CHALLENGER = ArmCounts(mails=2_000, clicks=100, decisions=2_000)


@pytest.mark.parametrize(
    ("champion", "challenger", "days", "action", "reason"),
    [
        (CHAMPION, CHALLENGER, 1.0, "keep", "1.0 of 7 days"),
        (CHAMPION, CHALLENGER, 7.0, "promote", "without a sure loss"),
        (CHAMPION, replace(CHALLENGER, clicks=300), 1.0, "keep", "of 7 days"),
        (
            CHAMPION,
            replace(CHALLENGER, clicks=40),
            1.0,
            "roll back",
            "surely less: 2.00% of 2000 against 5.00% of 18000",
        ),
        (CHAMPION, replace(CHALLENGER, clicks=40, design=9.0), 1.0, "keep", "of 7 days"),
        (CHAMPION, replace(CHALLENGER, clicks=85), 30.0, "promote", "without a sure loss"),
        (CHAMPION, replace(CHALLENGER, mails=999, clicks=0), 8.0, "keep", "999 of 1000 mails"),
        (CHAMPION, replace(CHALLENGER, mails=999, clicks=0), 28.0, "promote", "too few mails"),
        (CHAMPION, replace(CHALLENGER, faults=100), 1.0, "roll back", "failed in 5.00% of 2000 decisions, bound 1.00%"),
        (CHAMPION, replace(CHALLENGER, faults=20), 1.0, "keep", "of 7 days"),
        (replace(CHAMPION, faults=900), replace(CHALLENGER, faults=100), 1.0, "keep", "of 7 days"),
        (ArmCounts(), ArmCounts(decisions=3, faults=3), 0.1, "roll back", "100.00% of 3"),
        (ArmCounts(), ArmCounts(decisions=2, faults=2), 0.1, "keep", "of 7 days"),
        (ArmCounts(), ArmCounts(), 27.0, "keep", "0 of 1000 mails"),
        (ArmCounts(decisions=4, faults=4), ArmCounts(decisions=90, faults=90), 1.0, "roll back", "bound 50.00%"),
        (replace(CHAMPION, clicks=0), replace(CHALLENGER, clicks=0), 8.0, "promote", "0.00% of 2000"),
    ],
)
def test_verdicts(champion, challenger, days, action, reason):
    """Faults first, then clicks, then time; the reason names the figures."""
    verdict = judge_canary(champion, challenger, days=days, settings=SETTINGS)
    assert verdict.action == action, verdict
    assert reason in verdict.reason


def test_evidence_of_a_loss_grows_with_the_loss_and_with_the_mails():
    """Fewer clicks are worse; the same rates of more mails are surer; a gain is no evidence, however large."""
    by_clicks = [
        loss_evidence(CHAMPION, replace(CHALLENGER, clicks=clicks), margin=0.1) for clicks in range(0, 2_001, 40)
    ]
    assert by_clicks == sorted(by_clicks, reverse=True)
    more = replace(CHALLENGER, mails=20_000, clicks=700), replace(CHAMPION, mails=180_000, clicks=9_000)
    assert loss_evidence(more[1], more[0], margin=0.1) > loss_evidence(
        CHAMPION, replace(CHALLENGER, clicks=70), margin=0.1
    )
    assert loss_evidence(CHAMPION, replace(CHALLENGER, clicks=1_900), margin=0.1) < -100


def test_an_arm_counts_people_not_mails():
    """Who clicks everything weighs as one person: the rate is as sure as the people are many."""
    alone = arm_of([(1, clicked) for clicked in (1, 0, 0, 0) * 50], decisions=7, faults=1)
    assert (alone.mails, alone.clicks, alone.decisions, alone.faults, alone.design) == (200, 50, 7, 1, 1.0)
    alike = arm_of([(4, 4 * clicked) for clicked in (1, 0, 0, 0) * 50], decisions=0, faults=0)
    assert (alike.mails, alike.clicks, alike.design) == (800, 200, pytest.approx(4.0))
    assert arm_of([], decisions=0, faults=0) == ArmCounts()
    assert arm_of([(3, 3)], decisions=0, faults=0).design == 1.0


def arm(mailed, clicked):
    """Count an arm as `arm_of` does, from arrays over people."""
    mails, clicks = mailed.sum(), clicked.sum()
    robust = np.square(clicked - clicks / mails * mailed).sum()
    return ArmCounts(int(mails), int(clicks), design=max(1.0, robust / (clicks * (mails - clicks) / mails)))


def rolled_back_within(days, *, loss, runs, seed):
    """Simulate canaries looked at daily: people with click rates of their own, a mail to each every third day."""
    rng = np.random.default_rng(seed)
    settings, rolled = replace(SETTINGS, alpha=0.05), 0
    for _ in range(runs):
        sizes = ((5_000, 1.0), (1_000, 1.0 - loss))
        rates = [rng.beta(0.5, 9.5, size) * factor for size, factor in sizes]
        counts = np.zeros((2, 2, max(size for size, _ in sizes)))
        for _ in range(days):
            for (mailed, clicked), rate in zip(counts, rates, strict=True):
                sent = rng.random(len(rate)) < 1 / 3
                mailed[: len(rate)] += sent
                clicked[: len(rate)] += sent & (rng.random(len(rate)) < rate)
            if judge_canary(*(arm(*each) for each in counts), days=1, settings=settings).action == "roll back":
                rolled += 1
                break
    return rolled


def test_the_simulation_counts_as_the_product_does():
    """Arrays or pairs, the same counts."""
    rng = np.random.default_rng(3)
    mailed = rng.integers(1, 5, 300)
    clicked = rng.binomial(mailed, rng.beta(0.5, 9.5, 300))
    expected = arm_of(zip(mailed.tolist(), clicked.tolist(), strict=True), decisions=0, faults=0)
    found = arm(mailed, clicked)
    assert (found.mails, found.clicks, found.design) == (
        expected.mails,
        expected.clicks,
        pytest.approx(expected.design),
    )


def test_looking_every_day_rolls_back_few_good_challengers():
    """At the very edge of the margin, 21 looks: no more than alpha 0.05 allows (exact 99 % binomial of 150 runs)."""
    assert rolled_back_within(21, loss=0.1, runs=150, seed=1) <= 14


def test_a_bad_challenger_is_found():
    """Half of the clicks gone: found within three weeks."""
    assert rolled_back_within(21, loss=0.5, runs=30, seed=2) >= 27
