"""Fits of item neighbours: plain, blended, with a ranker on top; training only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from addressee.models.generators.generator import Matrix, dense
from addressee.models.item_sections import Rows, item_table
from addressee.models.kind import Fitted, audience_at
from addressee.models.neighbour_rows import MAX_SEEDS
from addressee.models.product_blends import (
    Pairs,
    asked_people,
    blend_pairs,
    neighbour_sections,
    new_takes,
    part_factors,
    served_rows,
    with_cold,
)
from addressee.models.product_parts import Known, digest_of, known_at
from addressee.models.product_stack import learn_ranker, stack_sections
from addressee.models.ranking import Sections
from addressee.models.tables import Interactions, Tables

TREND = 0.5
SAMPLE = 1_000
Sums = Mapping[str, float]
"""What to multiply the weights of each part with."""


def fit_neighbours(tables: Tables, until: int, factors: Sums, *, trend: float, cold: float) -> Sections:
    """Return the sections of `ItemNeighbours`: the sum of some parts, and cold products by their texts."""
    known, pairs = _pairs(tables, until, factors, trend=trend, cold=cold)
    rows, plain = served_rows(known, pairs), Pairs(pairs.left, pairs.right, pairs.weight, pairs.co_buyers)
    table = item_table(tables.items, rows, tables.interactions.until(until), day=until)
    return {**table, **neighbour_sections(plain, rows)}


def fit_beside(tables: Tables, until: int, rows: Rows, *, wanted: bool) -> Sections:
    """Return neighbours of given rows, with the trend, scaled so that people's best one counts 1 in the middle."""
    known, pairs = _pairs(tables, until, {"cosine": 1.0} if wanted else {}, trend=TREND, cold=0.0)
    people = known.seeds[:: -(-known.seeds.shape[0] // SAMPLE) or 1]
    best = np.asarray(dense(people @ _square(known, pairs)).max(axis=1, initial=0.0))
    unit = float(np.median(best[best > 0])) if (best > 0).any() else 1.0
    return neighbour_sections(Pairs(pairs.left, pairs.right, pairs.weight / unit, pairs.co_buyers), rows)


def _square(known: Known, pairs: Pairs) -> Matrix:
    place = (known.rows.row[pairs.left], known.rows.row[pairs.right])
    return sparse.csr_matrix((pairs.weight.astype(np.float32), place), (len(known.rows.item),) * 2)


def learned_factors(tables: Tables, until: int, *, trend: float, days: int) -> dict[str, float]:
    """Return the factors of a blend that would have been best in the `days` days before the end of `until`."""
    inner, later = _inner(tables, until, days)
    return dict(_factors(inner, later, trend))


@dataclass(frozen=True)
class _Later:
    """Purchases that are equal where their `digest` is."""

    digest: bytes
    purchases: Interactions = field(compare=False, repr=False)


@lru_cache(maxsize=2)
def _factors(inner: Known, later: _Later, trend: float) -> tuple[tuple[str, float], ...]:
    return tuple(part_factors(inner, later.purchases, trend).items())


def fit_stack(  # noqa: PLR0913  # what a blend takes, and what its ranker learns from
    tables: Tables,
    until: int,
    factors: Sums,
    *,
    trend: float,
    cold: float,
    days: int,
    rng: np.random.Generator,
) -> tuple[Sections, dict[str, Any]] | None:
    """Return sections and settings of `StackedNeighbours`; None where too few people bought anything new.

    The ranker learns from the `days` days before the end of `until`, over neighbours that knew nothing of them; the
    factors were chosen on the same days.
    """
    inner = _laid_out(tables, until - days, factors, trend=trend, cold=0.0)
    ranker = learn_ranker(*_asked(tables, until, days, inner), rng)
    if ranker is None:
        return None
    outer = _laid_out(tables, until, factors, trend=trend, cold=cold)
    trees, said = ranker
    return {**outer.sections, **trees}, {**outer.settings, "factors": dict(factors), "objective": said["objective"]}


def _asked(tables: Tables, until: int, days: int, inner: Fitted) -> tuple[Fitted, Any, Interactions]:
    known, later = _inner(tables, until, days)
    people = asked_people(known, new_takes(known, later.purchases))
    audience = audience_at(tables, people, np.empty((len(people), 0)), until - days)
    place = np.full(len(tables.subjects) + 1, -1, np.int32)
    place[people] = np.arange(len(people), dtype=np.int32)
    bought = later.purchases.where(place[later.purchases.subject] >= 0)
    return inner, audience, Interactions(**{**vars(bought), "subject": place[bought.subject]})


def _laid_out(tables: Tables, until: int, factors: Sums, *, trend: float, cold: float) -> Fitted:
    """Return a blend with its parts side by side, not yet with trees."""
    known, pairs = _pairs(tables, until, factors, trend=trend, cold=cold)
    rows = served_rows(known, pairs)
    table = item_table(tables.items, rows, tables.interactions.until(until), day=until)
    settings = {"parts": sorted(pairs.parts), "max_seeds": MAX_SEEDS}
    return Fitted({}, settings, {**table, **stack_sections(known, pairs, rows)}, "stacked")


def _pairs(tables: Tables, until: int, factors: Sums, *, trend: float, cold: float) -> tuple[Known, Pairs]:
    known = known_at(tables.interactions.until(until), tables.items, until)
    return known, with_cold(known, blend_pairs(known, factors, trend), cold)


def _inner(tables: Tables, until: int, days: int) -> tuple[Known, _Later]:
    """Return what was known `days` days before, and what was bought since and known at the end of `until`."""
    purchases = tables.interactions.until(until)
    known = known_at(purchases.until(until - days), tables.items, until - days)
    later = purchases.after(until - days, days=days)
    return known, _Later(digest_of(later, until), later)
