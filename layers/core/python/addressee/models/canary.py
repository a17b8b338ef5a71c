"""The verdict on a canary: keep it running, promote the challenger, or roll it back, from counts of both arms.

It may be asked every day, or every hour: both bounds hold at all looks together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import erfc, inf, log, log1p, sqrt
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """What happened to the people of one arm since the canary began.

    `mails` were sent at least 72 hours ago, `clicks` of them were clicked by a human within 72 hours. `decisions` asked
    the kind's model, `faults` of them met one that failed or could not be loaded. `design` is the factor by which the
    click rate's variance is greater than that of as many mails to different people (`arm_of`).
    """

    mails: int = 0
    clicks: int = 0
    decisions: int = 0
    faults: int = 0
    design: float = 1.0


@dataclass(frozen=True, slots=True)
class CanarySettings:
    """When a canary ends.

    `canary_days` it runs at least before a promotion; with fewer than `least_mails` in either arm it goes on up to
    `longest_days`. The challenger's click rate may lie below the champion's by `margin` of it, its fault rate above the
    champion's by `fault_margin`. `alpha` is the chance that one which keeps to a bound is ever rolled back by it.
    """

    canary_days: float = 7.0
    longest_days: float = 28.0
    least_mails: int = 1_000
    margin: float = 0.1
    fault_margin: float = 0.01
    alpha: float = 0.01


class Verdict(NamedTuple):
    """What to do with the challenger, and why, in words."""

    action: Literal["keep", "promote", "roll back"]
    reason: str


FAULTY = 5.0
"""The fault bound is a test against a rate so many times as high."""
SCALE = 0.25
"""The loss that the click bound finds soonest, as a share of the click rate."""


def arm_of(people: Iterable[tuple[int, int]], *, decisions: int, faults: int) -> ArmCounts:
    """Count an arm from (mails, clicks) of each of its people.

    A person's mails are alike, and people are what the hash drew: the variance of clicks / mails is that of a ratio of
    sums over people (delta method: Deng, Knoblich, Lu, "Applying the Delta Method in Metric Analytics", KDD 2018, 3.2),
    here given as its ratio to the binomial one, at least 1.
    """
    rows = list(people)
    mails, clicks = sum(each for each, _ in rows), sum(each for _, each in rows)
    binomial = clicks * (mails - clicks) / mails if mails else 0.0
    robust = sum((clicked - clicks / mails * mailed) ** 2 for mailed, clicked in rows) if mails else 0.0
    return ArmCounts(mails, clicks, decisions, faults, max(1.0, robust / binomial) if binomial else 1.0)


def judge_canary(champion: ArmCounts, challenger: ArmCounts, *, days: float, settings: CanarySettings) -> Verdict:
    """Judge a challenger that has had its share for `days`: faults first, then clicks, then time."""
    if (reason := _too_faulty(champion, challenger, settings)) or (
        reason := _clicked_less(champion, challenger, settings)
    ):
        return Verdict("roll back", reason)
    rates = f"clicks {_rate(challenger.clicks, challenger.mails)}, champion {_rate(champion.clicks, champion.mails)}"
    if days < settings.canary_days:
        return Verdict("keep", f"{days:.1f} of {settings.canary_days:g} days; {rates}")
    fewest = min(champion.mails, challenger.mails)
    if fewest >= settings.least_mails:
        return Verdict("promote", f"{days:.1f} days without a sure loss; {rates}")
    if days < settings.longest_days:
        return Verdict("keep", f"{fewest} of {settings.least_mails} mails that an arm needs; {rates}")
    return Verdict("promote", f"{days:.1f} days, too few mails to see a loss: the gate's test stands; {rates}")


def _too_faulty(champion: ArmCounts, challenger: ArmCounts, settings: CanarySettings) -> str:
    """Say that the challenger fails more often than it may, or nothing.

    Wald's sequential probability ratio test of the bound q against `FAULTY` q: under any rate up to q the ratio is a
    supermartingale, so that it ever reaches 1 / alpha with a chance of at most alpha (Ville's inequality).
    """
    own = champion.faults / champion.decisions if champion.decisions else 0.0
    bound = min(settings.fault_margin + own, 0.5)
    high = min(FAULTY * bound, (1.0 + bound) / 2)
    good = challenger.decisions - challenger.faults
    evidence = challenger.faults * log(high / bound) + good * (log1p(-high) - log1p(-bound))
    if evidence < -log(settings.alpha):
        return ""
    found = _rate(challenger.faults, challenger.decisions)
    return f"its model failed in {found} decisions, bound {bound:.2%} (SPRT, alpha {settings.alpha:g})"


def _clicked_less(champion: ArmCounts, challenger: ArmCounts, settings: CanarySettings) -> str:
    """Say that people click surely less than the margin allows, or nothing; not before both arms have `least_mails`."""
    if min(champion.mails, challenger.mails) < settings.least_mails:
        return ""
    evidence = loss_evidence(champion, challenger, margin=settings.margin)
    if evidence < -log(settings.alpha):
        return ""
    rates = f"{_rate(challenger.clicks, challenger.mails)} against {_rate(champion.clicks, champion.mails)}"
    allowed = f"more than {settings.margin:.0%} lower (mixture SPRT, alpha {settings.alpha:g})"
    return f"people click surely less: {rates}, {allowed}"


def loss_evidence(champion: ArmCounts, challenger: ArmCounts, *, margin: float) -> float:
    """Return the logarithm of the evidence that the challenger's click rate lies below (1 - margin) x the champion's.

    x = (1 - margin) p0 - p1 is taken as normal with the variance V that it has at the edge of the margin (the pooled
    rate, times each arm's `design`). The evidence is the likelihood ratio of x mixed over losses d > 0, from a
    half-normal of scale tau, against d = 0:

        2 sqrt(V / (V + tau^2)) exp(tau^2 x^2 / (2 V (V + tau^2))) Phi(tau x / sqrt(V (V + tau^2)))

    For every d <= 0 it is a supermartingale as mails come in, so its chance of ever reaching 1 / alpha is at most
    alpha: the one-sided normal mixture of Robbins (1970), as in Howard et al., "Time-uniform, nonparametric,
    nonasymptotic confidence sequences" (Annals of Statistics 2021, 3.2); Johari et al., "Always Valid Inference"
    (Operations Research 2022), have the two-sided one.
    """
    kept = 1.0 - margin
    pooled = (champion.clicks + challenger.clicks) / (champion.mails + kept * challenger.mails)
    if not 0.0 < pooled < 1.0:
        return -inf
    shares = (
        kept**2 * pooled * (1 - pooled) * champion.design / champion.mails,
        kept * pooled * (1 - kept * pooled) * challenger.design / challenger.mails,
    )
    variance, scale = sum(shares), (SCALE * pooled) ** 2
    x = kept * champion.clicks / champion.mails - challenger.clicks / challenger.mails
    spread = variance * (variance + scale)
    below = erfc(-sqrt(scale) * x / sqrt(2 * spread))  # 2 Phi(...)
    if below <= 0.0:
        return -inf
    return 0.5 * log(variance / (variance + scale)) + scale * x * x / (2 * spread) + log(below)


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.2%} of {whole}" if whole else "0 of 0"
