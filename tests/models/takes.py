"""Generated takes with a known truth: people of a taste take items of that taste, popular ones more."""

import numpy as np
from scipy import sparse

from addressee.models.generators.generator import About, Matrix

TASTES, ITEMS_PER_TASTE = 4, 15
WORDS = ("garden tools", "kitchen pans", "winter sports", "board games")


def takes(seed: int = 0, *, people: int = 240) -> tuple[Matrix, About]:
    """Return [people, items] of 0 and 1; texts are a taste's words and a number, traits each person's taste."""
    rng = np.random.default_rng(seed)
    taste = rng.integers(TASTES, size=people)
    item_taste = np.arange(TASTES * ITEMS_PER_TASTE) // ITEMS_PER_TASTE
    charm = 0.15 + 0.6 * rng.random(len(item_taste)) ** 2
    chance = np.where(taste[:, None] == item_taste[None, :], charm, 0.12 * charm)
    matrix = sparse.csr_matrix((rng.random(chance.shape) < chance).astype(np.float32))
    texts = tuple(f"{WORDS[each]} no{number}" for number, each in enumerate(item_taste))
    traits = sparse.csr_matrix((np.ones(people, np.float32), (np.arange(people), taste)), (people, TASTES))
    return matrix, About(texts=texts, traits=traits)
