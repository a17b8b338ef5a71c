"""A ranker over a blend's candidates: boosted trees read what each generator says, and who asks for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from addressee.models.generators.blend import Blend, FittedBlend
from addressee.models.generators.generator import BLOCK, NOTHING, About, Matrix, Scores
from addressee.models.generators.hidden import Hidden, hide
from addressee.models.generators.lists import NONE, top_items
from addressee.models.list_metrics import hits_of
from addressee.models.tables import Flags, Floats, Indices

Objective = Literal["lambdarank", "binary"]
_SEEDS = 2**31


@dataclass(frozen=True)
class Stack:
    """LightGBM over the `width` best candidates of a blend: LambdaRank (Burges 2010), or each one's chance (`binary`).

    The ranker learns from hidden parts: generators are fitted on what is kept, the ranker on what is hidden. By default
    `folds` times a random `share` of each row is hidden; `fit_on` takes parts cut by time instead. `again` says whether
    what a person took may be recommended again. Of a person's candidates, ranker and blend are both standardised;
    `lean` is the blend's weight in their sum: rankers learned from little gain by leaning on it.
    """

    blend: Blend
    objective: Objective = "lambdarank"
    lean: float = 0.5
    rounds: int = 100
    leaves: int = 7
    learning_rate: float = 0.05
    least_in_leaf: int = 200
    folds: int = 4
    share: float = 0.1
    width: int = 60
    again: bool = False
    name: str = "stack"

    def fit(self, matrix: Matrix, *, rng: np.random.Generator, about: About = NOTHING) -> "FittedStack":
        """Learn the ranker on random hidden parts, then fit the blend on everything."""
        parts = [hide(matrix, share=self.share, rng=rng, about=about) for _ in range(self.folds)]
        return self.fit_on(matrix, parts, rng=rng, about=about)

    def fit_on(
        self, matrix: Matrix, parts: Sequence[Hidden], *, rng: np.random.Generator, about: About = NOTHING
    ) -> "FittedStack":
        """Learn the ranker on the given parts, then fit the blend on `matrix`."""
        seed = int(rng.integers(_SEEDS))
        examples = [self.examples(part, seed=seed) for part in parts]
        model = self.learn(examples, seed=seed)
        return self.ranked(self.blend.fit(matrix, rng=np.random.default_rng(seed), about=about), matrix, model)

    def ranked(self, fitted: FittedBlend, matrix: Matrix, model: str) -> "FittedStack":
        """Put a learned ranker over a blend that was fitted on `matrix`."""
        return FittedStack(fitted, _popularity(matrix), model, self)

    def examples(self, part: Hidden, *, seed: int) -> "Examples":
        """Fit the blend on what is kept and lay out its candidates for those who are asked."""
        fitted = self.blend.fit(part.kept, rng=np.random.default_rng(seed), about=part.about)
        traits = part.about.traits[part.asked] if part.about.traits.shape[0] else None
        table = candidates(fitted, part.rows, _popularity(part.kept), traits=traits, stack=self)
        return Examples(table, hits_of(table.items, part.hidden[part.asked]))

    def learn(self, examples: Sequence["Examples"], *, seed: int) -> str:
        """Return the ranker as LightGBM's text."""
        import lightgbm  # noqa: PLC0415  # training only

        real = [each.table.items != NONE for each in examples]
        features = np.concatenate([each.table.features[rows] for each, rows in zip(examples, real, strict=True)])
        hits = np.concatenate([each.hits[rows] for each, rows in zip(examples, real, strict=True)])
        sizes = np.concatenate([rows.sum(axis=1) for rows in real])
        data = lightgbm.Dataset(features, hits.astype(np.int32), group=sizes[sizes > 0])
        return str(lightgbm.train(self._parameters(seed), data, self.rounds).model_to_string())

    def _parameters(self, seed: int) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "num_leaves": self.leaves,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.least_in_leaf,
            "feature_fraction": 0.5,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambdarank_truncation_level": 50,
            "lambdarank_norm": False,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
        }


@dataclass(frozen=True)
class Candidates:
    """n people's m candidates, best by the blend first: `items` [n, m] (`NONE` at the end), `features` [n, m, F]."""

    items: Indices
    features: Floats


@dataclass(frozen=True)
class Examples:
    """Candidates and which of them were hidden: `hits` [n, m]."""

    table: Candidates
    hits: Flags


def feature_names(stack: Stack, traits: int = 0) -> list[str]:
    """Return the names of the ranker's features, in order."""
    of_parts = [f"{each}_{part.name}" for part in stack.blend.used for each in ("score", "place")]
    of_people = ["items_taken", "mean_popularity_taken", *(f"trait_{number}" for number in range(traits))]
    return ["score_blend", "place_blend", *of_parts, "popularity", *of_people]


def candidates(
    fitted: FittedBlend, rows: Matrix, popularity: Scores, *, traits: Matrix | None, stack: Stack
) -> Candidates:
    """Let the blend choose `stack.width` candidates for each row, and lay out what is known of each."""
    answers = fitted.part_scores(rows, traits=traits)
    blend = answers.sum(axis=0)
    items = top_items(blend, k=min(stack.width, blend.shape[1]), seen=None if stack.again else rows)
    at = np.maximum(items, 0)
    columns = [np.take_along_axis(blend, at, axis=1), np.broadcast_to(np.arange(items.shape[1]), items.shape)]
    for answer in answers:
        said = np.take_along_axis(answer, at, axis=1)
        columns += [said, _places(said)]
    of_person = [np.broadcast_to(each[:, None], items.shape) for each in _about_people(rows, popularity, traits)]
    return Candidates(items, np.stack([*columns, popularity[at], *of_person], axis=-1).astype(np.float64))


def _about_people(rows: Matrix, popularity: Scores, traits: Matrix | None) -> list[Floats]:
    sizes = np.diff(rows.indptr).astype(np.float64)
    taken = rows.copy()
    taken.data = np.ones_like(taken.data)
    mean = np.asarray(taken @ popularity.astype(np.float64)) / np.maximum(sizes, 1.0)
    told = [] if traits is None or not traits.shape[0] else list(traits.toarray().T)
    return [sizes, mean, *told]


def _places(said: Scores) -> Indices:
    """Return each candidate's place by a generator's score, from 0; ties by place in the blend."""
    order = np.argsort(-said, axis=1, kind="stable")
    places = np.empty(order.shape, np.int32)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(order.shape[1], dtype=np.int32), order.shape), axis=1)
    return places


def _popularity(matrix: Matrix) -> Scores:
    """Return each item's share of all takes, so that it means the same on a part and on the whole."""
    counts = np.asarray(matrix.sum(axis=0), np.float64).ravel()
    return (counts / max(float(counts.sum()), 1.0)).astype(np.float32)


@dataclass(frozen=True)
class FittedStack:
    """The fitted blend, what it needs to lay out candidates, and the ranker as LightGBM's text."""

    blend: FittedBlend
    popularity: Scores
    model: str
    recipe: Stack

    def scores(self, rows: Matrix, *, traits: Matrix | None = None) -> Scores:
        """Score the candidates by the ranker; all other items stay below them, in the order of the blend."""
        import lightgbm  # noqa: PLC0415  # training only

        ranker = lightgbm.Booster(model_str=self.model)
        out = np.empty(rows.shape, np.float32)
        for start in range(0, rows.shape[0], BLOCK):
            asked = slice(start, start + BLOCK)
            known = traits[asked] if traits is not None and traits.shape[0] else None
            out[asked] = self._block(ranker, rows[asked], known)
        return out

    def _block(self, ranker: Any, rows: Matrix, traits: Matrix | None) -> Scores:  # noqa: ANN401  # lightgbm has no types
        table = candidates(self.blend, rows, self.popularity, traits=traits, stack=self.recipe)
        n, m, told = table.features.shape
        features = np.zeros((n, m, ranker.num_feature()))  # without traits: people who have none
        features[:, :, :told] = table.features
        said = ranker.predict(features.reshape(n * m, -1), num_threads=1).reshape(n, m)
        mixed = (1.0 - self.recipe.lean) * _standard(said) + self.recipe.lean * _standard(table.features[:, :, 0])
        rest = self.blend.scores(rows, traits=traits)
        out = np.asarray(rest - rest.max(axis=1, keepdims=True) + mixed.min(axis=1, keepdims=True) - 1.0, np.float32)
        row, column = np.nonzero(table.items != NONE)
        out[row, table.items[row, column]] = mixed[row, column]
        return out


def _standard(values: Floats) -> Floats:
    """Return each row with mean 0 and deviation 1, all 0 where it is constant."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    return np.asarray(np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0), np.float64)
