"""What embedding categories with many levels gains over target rates and one-hot: planted groups; simulated.

python -m benchmarks.models_categories  # rows `category_embedding`, half a minute
"""

import argparse
from collections.abc import Iterator, Mapping
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from scipy.stats import t as student

from addressee.models.candidates import Lesson, learn
from addressee.models.kind import Recipe
from addressee.models.metrics import roc_auc
from addressee.models.packed import pack
from addressee.models.scored_rows import answer_rows
from addressee.models.serving import SCORERS
from addressee.models.tables import Floats, Ints
from benchmarks.rows import row, write

COMMAND = "python -m benchmarks.models_categories"
SEEDS, ASKED = 10, 10_000
COUNTRIES, GROUPS, LANGUAGES = 150, 8, 12
NUMBERS, ACTIVITIES = 4, 20
SHIFT, STRENGTH = 0.6, 1.2
"""Standard deviations by which groups differ in each number, and what their effects are, in log-odds."""
ROWS, REPEATS = 30_000, 5
PEOPLE = (1_000, 2_000, 5_000)
SHARES = (1.0, 0.5, 0.0)
"""How much of the variance of countries' effects is their group's: all, half, nothing (each has its own)."""
_PLAIN = {"model": "logistic", "c": 0.1}
RATES, OURS = "target rates", "target rates and embedding"
RECIPES: Mapping[str, Recipe] = {
    "one-hot": _PLAIN,
    "one-hot and embedding": {**_PLAIN, "embed": 8},
    RATES: {**_PLAIN, "categories": "target"},
    OURS: {**_PLAIN, "categories": "target", "embed": 8},
}
CATEGORICAL = (NUMBERS + ACTIVITIES, NUMBERS + ACTIVITIES + 1)
"""Columns: language, country."""


class World:
    """Countries in groups: `group` [countries], its mean of each number, `effect` [countries] on the outcome.

    Half of the people of a group speak its language. Countries differ in size, as the root of their rank.
    """

    def __init__(self, share: float, rng: np.random.Generator) -> None:
        """Draw the countries; `share` of the variance of their effects is their group's."""
        size = 1.0 / np.sqrt(np.arange(1.0, COUNTRIES + 1))
        self.size = size / size.sum()
        self.group = rng.integers(0, GROUPS, COUNTRIES)
        self.mean = SHIFT * rng.normal(size=(GROUPS, NUMBERS))
        of_group, own = rng.normal(size=GROUPS), rng.normal(size=COUNTRIES)
        self.effect = share**0.5 * of_group[self.group] + (1.0 - share) ** 0.5 * own

    def lesson(self, people: int, rng: np.random.Generator) -> Lesson:
        """Draw people: numbers of their group, twenty measures of one activity, a language, a country; an outcome."""
        country = rng.choice(COUNTRIES, people, p=self.size)
        group, activity = self.group[country], rng.normal(size=people)
        measures = activity[:, None] + 0.5 * rng.normal(size=(people, ACTIVITIES))
        numbers = rng.normal(size=(people, NUMBERS)) + self.mean[group]
        features = np.column_stack([numbers, measures, _language(group, rng), country + 1.0])
        logit = STRENGTH * self.effect[country] + 0.5 * activity - 1.0
        labels = rng.random(people) < 1.0 / (1.0 + np.exp(-logit))
        return Lesson(features, labels, np.ones(people), CATEGORICAL)


def _language(group: Ints, rng: np.random.Generator) -> Ints:
    any_language = rng.integers(0, LANGUAGES, len(group))
    return 1 + np.where(rng.random(len(group)) < 0.5, group, any_language)  # noqa: PLR2004  # half of them


def told_apart(people: int, share: float, seed: int) -> dict[str, float]:
    """Return the ROC-AUC of each recipe, learned from `people`, on `ASKED` others of the same world."""
    rng = np.random.default_rng([seed, people, int(100 * share)])
    world = World(share, rng)
    given, asked = world.lesson(people, rng), world.lesson(ASKED, rng)
    labels = asked.labels.astype(np.float64)
    fitted = {name: learn(recipe, given, seed=seed) for name, recipe in RECIPES.items()}
    return {name: roc_auc(labels, answer_rows(each, asked.features)) for name, each in fitted.items()}


def recovery(seeds: int) -> Iterator[tuple[str, Mapping[str, Floats]]]:
    """Give for each number of people and share what each recipe reached, by world."""
    for share in SHARES:
        for people in PEOPLE:
            found = [told_apart(people, share, seed) for seed in range(seeds)]
            told = f"ROC-AUC, {people:,} people, {share:.0%} of the effect is the group's (simulated)"
            yield told, {name: np.array([each[name] for each in found]) for name in RECIPES}


def rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows: target rates with the embedding, against all others, over worlds; then what it costs."""
    gains = [
        _row(metric, found[OURS], peer, found[peer])
        for metric, found in recovery(getattr(options, "seeds", None) or SEEDS)
        for peer in RECIPES
        if peer != OURS
    ]
    return [*gains, *_costs()]


def _row(metric: str, ours: Floats, peer: str, theirs: Floats) -> dict[str, Any]:
    """Return a row with the means and the paired difference's 95 % interval (Student's t) over worlds."""
    gaps, worlds = ours - theirs, len(ours)
    half = float(student.ppf(0.975, worlds - 1)) * float(gaps.std(ddof=1)) / worlds**0.5 if worlds > 1 else 0.0
    gain = f"{peer}; difference {gaps.mean():.4f} [{gaps.mean() - half:.4f}, {gaps.mean() + half:.4f}]"
    figures = {"ours": float(ours.mean()), "peer_value": float(theirs.mean())}
    told = row("category_embedding", metric, "", ours.tolist(), peer=gain, command=COMMAND)
    return {**told, **figures, "ratio": figures["ours"] / figures["peer_value"]}


def _costs() -> list[dict[str, Any]]:
    """Return what the embedding adds to a fit, to a bundle and to a score, beside target rates alone; in CPU time."""
    rng = np.random.default_rng(0)
    given = World(1.0, rng).lesson(ROWS, rng)
    ours, theirs = (_cost(RECIPES[name], given) for name in (OURS, RATES))
    return [
        row("category_embedding_cost", metric, unit, ours[unit], peer=RATES, peer_value=value, command=COMMAND)
        | {"ratio": median(ours[unit]) / value}
        for metric, unit in (("CPU of a fit, 30,000 rows", "s"), ("arrays of a bundle", "KB"), ("a score", "us"))
        for value in [median(theirs[unit])]
    ]


def _cost(recipe: Recipe, given: Lesson) -> dict[str, list[float]]:
    """Return seconds of fits, kilobytes of the arrays, microseconds of a score, by unit."""
    cost: dict[str, list[float]] = {"s": [], "KB": [], "us": []}
    asked = given.features[:2_000].tolist()
    for _ in range(REPEATS + 1):
        started = process_time()
        fitted = learn(recipe, given, seed=1)
        cost["s"].append(process_time() - started)
        cost["KB"].append(len(pack(fitted.sections)) / 1_000)
        model = SCORERS[fitted.family](fitted.sections, fitted.settings)
        started = process_time()
        for person in asked:
            model.score(person)
        cost["us"].append((process_time() - started) / len(asked) * 1e6)
    return {unit: values[1:] for unit, values in cost.items()}


def main() -> None:
    """Print and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="simulated worlds")
    write("models_categories", rows(parser.parse_args()))


if __name__ == "__main__":
    main()
