"""The ranker over a blend's candidates: LightGBM's LambdaRank, learned on what people bought next; training only."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from addressee.models.item_sections import Rows, packed, rows_of
from addressee.models.kind import Audience, Fitted
from addressee.models.neighbour_rows import StackedRows, askers
from addressee.models.pack_trees import Packed, pack_trees
from addressee.models.product_blends import Pairs, category_numbers, neighbour_sections
from addressee.models.product_parts import Known
from addressee.models.tables import Floats, Interactions

ROUNDS = 60
LEAST_PEOPLE = 50
_PARAMETERS: Mapping[str, Any] = {
    "objective": "lambdarank",
    "num_leaves": 7,
    "learning_rate": 0.05,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 50,
    "lambdarank_norm": False,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


def stack_sections(known: Known, pairs: Pairs, rows: Rows) -> dict[str, Any]:
    """Return the sections of neighbours with their parts, and what the ranker's features need of each row."""
    place = known.rows.row[rows.item]
    there = place >= 0
    lately, trend = np.zeros(len(rows.item)), np.zeros(len(rows.item))
    lately[there], trend[there] = known.lately[place[there]], known.trend[place[there]]
    return {
        **neighbour_sections(pairs, rows),
        "buyers_lately": packed("f", lately),
        "trend": packed("f", trend),
        "category": packed("H", category_numbers(known, rows)),
    }


def learn_ranker(inner: Fitted, audience: Audience, later: Interactions, rng: np.random.Generator) -> Packed | None:
    """Learn from an audience, whom `inner` gives candidates, which of them were bought `later`; None of too few.

    `later.subject` counts as the audience does.
    """
    features, hits, sizes = _examples(inner, audience, later)
    if len(sizes) < LEAST_PEOPLE:
        return None
    import lightgbm  # noqa: PLC0415  # training only

    data = lightgbm.Dataset(np.concatenate(features), np.concatenate(hits).astype(np.int32), group=sizes)
    seed = int(rng.integers(2**31))
    return pack_trees(str(lightgbm.train({**_PARAMETERS, "seed": seed}, data, ROUNDS).model_to_string()))


def _examples(
    inner: Fitted, audience: Audience, later: Interactions
) -> tuple[Sequence[Floats], Sequence[Floats], Sequence[int]]:
    """Return candidates' features, whether each was bought, and their number, of people who bought one of them."""
    row = rows_of(inner.sections, audience.items)
    starts = np.searchsorted(later.subject, np.arange(audience.size + 1))
    model = StackedRows(inner.sections, inner.settings["parts"])
    features, hits, sizes = [], [], list[int]()
    for person, asker in enumerate(askers(inner, audience)):
        rows, table, _ = model.table(asker)
        wanted = np.isin(rows, row[later.item[starts[person] : starts[person + 1]]])
        if wanted.any():
            features.append(table)
            hits.append(wanted.astype(np.float64))
            sizes.append(len(rows))
    return features, hits, sizes
