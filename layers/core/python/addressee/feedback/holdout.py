"""Mailed against held out, as they were assigned: what the campaign added, and whether that can be said at all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from addressee.feedback.intervals import Estimate, Sample, Share, newcombe, sample_ratio, skewness_of_difference, welch

LEAST_PEOPLE = 100
"""A group with fewer people concludes nothing."""
LEAST_BUYERS = 10
"""Nor do two groups with fewer buyers together; for revenue each group needs as many."""
MOST_SKEWNESS = 0.2
"""Beyond it the interval for revenue is not trusted: without this, up to an eighth of simulated campaigns without any
effect, with a tenth held out and a few large orders, were said to bring more; with it, about a twenty-fifth."""
MISMATCH = 0.001
"""Below this p-value the groups are not what the draw should have given (Kohavi, Tang, Xu 2020, chapter 21)."""

Finding = Literal["more", "less", "no_conclusion"]
Why = Literal["", "interval_spans_zero", "too_few_people", "too_few_buyers", "too_skewed", "sample_ratio_mismatch"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an interval allows to say; `why` there is no conclusion, else empty."""

    finding: Finding
    why: Why = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One side: how many people, how many of them bought, and what the others' zeros included they spent."""

    people: int
    buyers: int
    spend: Sample

    @property
    def bought(self) -> Share:
        """The share of the people who bought."""
        return Share(self.buyers, self.people)

    @classmethod
    def of(cls, people: Collection[str], spend: Mapping[str, int]) -> "Group":
        """Sum up a group; `spend` holds minor units by subject, for everybody who bought anything."""
        amounts = [spend[subject] for subject in people if subject in spend]
        return cls(len(people), len(amounts), Sample.of(amounts, len(people)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everybody assigned to mail, skipped or not, against everybody held out (intention to treat).

    `conversion` is the difference in the share of buyers, `revenue` the one in minor units a person, `incremental` that
    times the people assigned. None where there is nothing to compare. `skewness` is that of the difference in
    revenue.
    """

    assigned: Group
    held_out: Group
    ratio_p: float
    conversion: Estimate | None
    revenue: Estimate | None
    incremental: Estimate | None
    skewness: float
    conversion_verdict: Verdict
    revenue_verdict: Verdict


def compare(
    assigned: Collection[str], held_out: Collection[str], spend: Mapping[str, int], *, share: float
) -> Comparison:
    """Compare what two groups spent; `share` of both together was to be held out."""
    one, other = Group.of(assigned, spend), Group.of(held_out, spend)
    ratio_p = sample_ratio(other.people, one.people, share=share)
    conversion, revenue = newcombe(one.bought, other.bought), welch(one.spend, other.spend)
    skewness = skewness_of_difference(one.spend, other.spend)
    broken = _broken(one, other, ratio_p)
    return Comparison(
        assigned=one,
        held_out=other,
        ratio_p=ratio_p,
        conversion=conversion,
        revenue=revenue,
        incremental=revenue.scaled(one.people) if revenue else None,
        skewness=skewness,
        conversion_verdict=_verdict(conversion, broken or _few(one.buyers + other.buyers)),
        revenue_verdict=_verdict(revenue, broken or _few(min(one.buyers, other.buyers)) or _skewed(skewness)),
    )


def _broken(one: Group, other: Group, ratio_p: float) -> Why:
    """Name what forbids every conclusion: groups that the draw cannot have given, or hardly anybody in one."""
    if ratio_p < MISMATCH:
        return "sample_ratio_mismatch"
    return "too_few_people" if min(one.people, other.people) < LEAST_PEOPLE else ""


def _few(buyers: int) -> Why:
    return "too_few_buyers" if buyers < LEAST_BUYERS else ""


def _skewed(skewness: float) -> Why:
    return "too_skewed" if abs(skewness) > MOST_SKEWNESS else ""


def _verdict(estimate: Estimate | None, forbidden: Why) -> Verdict:
    """Conclude from an interval, unless something forbids it; without an estimate something always does."""
    if estimate is None or forbidden:
        return Verdict("no_conclusion", forbidden or "too_few_people")
    if estimate.spans_zero:
        return Verdict("no_conclusion", "interval_spans_zero")
    return Verdict("more" if estimate.value > 0 else "less")
