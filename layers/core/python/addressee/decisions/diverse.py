"""Not all of one kind: products of an answer, chosen by place and by how many of their category are there already."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from addressee.decisions.ladder import Pick

RERANKED = 24
"""So many of the first products may change places; one place is worth 1 / `RERANKED`."""


def diverse(shown: Sequence[tuple[Pick, str]], k: int, *, weight: float) -> list[Pick]:
    """Choose `k` of the products, each with its category, by maximal marginal relevance (Carbonell and Goldstein 1998).

    Each step takes the largest (1 - weight) * (1 - place / `RERANKED`) - weight * (share of those chosen before that
    are of its category); ties go by place, an empty category is like no other. The first product stays first, no
    product passes one of a higher rung, and what the caller named for want of a rung keeps its order. With weight 0
    nothing changes.
    """
    if weight <= 0.0:
        return [pick for pick, _ in shown[:k]]
    chosen: list[Pick] = []
    taken: Counter[str] = Counter()
    for rung, group in groupby(shown, key=lambda each: each[0].rung):
        rest = list(group)
        while rest and len(chosen) < k:
            at = 0 if rung == "editorial" else _best(rest, taken, len(chosen), weight)
            pick, category = rest.pop(at)
            chosen.append(pick)
            taken[category] += 1
    return chosen


def _best(rest: Sequence[tuple[Pick, str]], taken: Counter[str], chosen: int, weight: float) -> int:
    """Return the place of the best of the rest; further places, which lose more by place alone, are not looked at."""
    best, least, step = 0, weight + 1.0, (1.0 - weight) / RERANKED
    for place, (_, category) in enumerate(rest[:RERANKED]):
        if step * place >= least:
            break
        alike = taken[category] / chosen if category and chosen else 0.0
        lost = step * place + weight * alike
        if lost < least:
            best, least = place, lost
    return best
