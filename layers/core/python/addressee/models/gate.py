"""The gate: which candidate is chosen, and whether it may be published."""

from dataclasses import dataclass

from addressee.models.evaluate import Compared

MARGIN = 0.01
"""Share of the metric by which a less preferred candidate must win, and by which a champion may be undercut."""


@dataclass(frozen=True)
class Verdict:
    """Whether a model is published, and why or why not, in words for the run's log and the card."""

    published: bool
    reason: str


def leads(value: float, rival: float, *, margin: float = MARGIN) -> bool:
    """Tell whether a figure is better than a rival's by more than `margin` of it; higher is better."""
    return value - rival > margin * abs(rival)


def outdoes(compared: Compared, *, margin: float = MARGIN) -> bool:
    """Tell whether a candidate takes the place of a preferred rival: better by more than `margin`, and surely better.

    Sure means that the lower end of the paired interval is above 0: a lead that chance explains is no reason to give
    up the plainer candidate, and costs the test.
    """
    return compared.difference.low > 0 and leads(compared.model.value, compared.rival.value, margin=margin)


def judge(
    against_floor: Compared,
    against_champion: Compared | None,
    against_best: Compared | None = None,
    *,
    margin: float = MARGIN,
) -> Verdict:
    """Publish what surely beats its floor, and surely is not worse than champions by more than the margin.

    Sure means: the lower end of the paired interval of the difference. The champion may be undercut by `margin` of its
    figure, the best champion of the last year (`against_best`) by twice that, so that many small steps down do not add
    up. All comparisons are on the same test people.
    """
    if not against_floor.difference.low > 0:  # no number is no proof either
        return Verdict(published=False, reason=f"does not beat its floor: {_said(against_floor)}")
    rivals = (("its champion", against_champion, margin), ("the best champion of a year", against_best, 2 * margin))
    for name, compared, share in rivals:
        if compared is not None and not compared.difference.low >= -share * abs(compared.rival.value):
            allowed = share * abs(compared.rival.value)
            reason = f"may be worse than {name} by more than {allowed:.4f}: {_said(compared)}"
            return Verdict(published=False, reason=reason)
    return Verdict(published=True, reason=f"beats its floor: {_said(against_floor)}")


def _said(compared: Compared) -> str:
    gap = compared.difference
    return (
        f"{compared.metric} {compared.model.value:.4f} against {compared.rival.value:.4f}, "
        f"difference {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
    )
