"""Embeddings of categories: what they are learned from, who is near whom, and where they win; simulated."""

import numpy as np
import pytest

from addressee.models.candidates import Lesson, learn
from addressee.models.category_levels import MANY_LEVELS, looked_up, many_levels
from addressee.models.packed import pack, unpack
from addressee.models.preparation import Choices, prepare
from addressee.models.prepared import EMBEDDED
from addressee.models.prepared_columns import prepared_matrix
from addressee.models.recipe_search import search_recipes
from addressee.models.scored_rows import answer_rows
from addressee.models.serving import SCORERS
from addressee.models.tuning import Budget
from benchmarks.models_categories import CATEGORICAL, OURS, World, told_apart

LANGUAGE, COUNTRY = CATEGORICAL
EMBED = Choices(embed=8)
RECIPE = {"model": "logistic", "c": 0.1, "embed": 8}


def world_and_lesson(people=2_000):
    """Return a planted world and people of it."""
    rng = np.random.default_rng(0)
    planted = World(1.0, rng)
    return planted, planted.lesson(people, rng)


def embedded(sections, rows):
    """Return where rows lie in the embedding of their country."""
    return prepared_matrix(sections, rows)[:, np.array(sections["step"]) == EMBEDDED]


def of_countries(row, countries):
    """Return the row with each of the countries."""
    rows = np.repeat(row[None, :], len(countries), axis=0)
    rows[:, COUNTRY] = countries
    return rows


def test_labels_are_not_looked_at():
    """Other labels, the same arrays to the last byte: nothing of what is to be predicted can leak."""
    _, given = world_and_lesson()
    mine, other = (
        prepare(given.features, labels, EMBED, categorical=CATEGORICAL, seed=3).sections
        for labels in (given.labels, ~given.labels)
    )
    assert pack(mine) == pack(other)
    assert EMBEDDED in mine["step"]


def test_countries_whose_people_are_alike_are_near():
    """Of most of the larger countries the nearest other one is of the planted group; by chance an eighth would be."""
    planted, given = world_and_lesson()
    sections = prepare(given.features, given.labels, EMBED, categorical=CATEGORICAL, seed=3).sections
    places = embedded(sections, of_countries(given.features[0], np.arange(1.0, 51.0)))
    unit = places / np.linalg.norm(places, axis=1, keepdims=True)
    likeness = unit @ unit.T - 2.0 * np.eye(50)
    same = planted.group[likeness.argmax(axis=1)] == planted.group[:50]
    assert same.mean() > 0.7


def test_rare_and_unknown_levels_are_the_overall_mean():
    """Zero in each dimension; a missing country, where many lack one, is a level with people of its own."""
    _, given = world_and_lesson()
    given.features[:4, COUNTRY], given.features[4:30, COUNTRY] = 200.0, np.nan
    sections = prepare(given.features, given.labels, EMBED, categorical=CATEGORICAL, seed=3).sections
    rare, unknown, missing, common = embedded(sections, of_countries(given.features[0], [200.0, 201.0, np.nan, 1.0]))
    assert not rare.any()
    assert not unknown.any()
    assert missing.any()
    assert common.any()


def test_dimensions_are_alike_in_size():
    """A mean square of 1 over the rows of what is embedded, so that a penalty weighs them alike."""
    _, given = world_and_lesson()
    sections = prepare(given.features, given.labels, EMBED, categorical=CATEGORICAL, seed=3).sections
    places = embedded(sections, given.features)
    told = places[places.any(axis=1)]
    assert (told**2).mean(axis=0) == pytest.approx(np.ones(8), abs=1e-6)


def test_only_columns_with_many_levels_are_embedded():
    """Thirty levels are left to one-hot or rates: nothing is added; rare levels do not count."""
    _, given = world_and_lesson()
    assert many_levels(given.features, CATEGORICAL) == [COUNTRY]
    given.features[:, COUNTRY] %= MANY_LEVELS
    given.features[:4, COUNTRY] = 200.0
    assert many_levels(given.features, CATEGORICAL) == []
    mine, other = (
        prepare(given.features, given.labels, each, categorical=CATEGORICAL, seed=3).sections
        for each in (EMBED, Choices())
    )
    assert pack(mine) == pack(other)


def test_levels_that_do_not_differ_have_no_dimensions():
    """Where nothing else is known of anybody there is nothing to embed by."""
    features = np.column_stack([np.ones(400), np.arange(400) % 40])
    labels = np.arange(400) % 3 == 0
    sections = prepare(features, labels, EMBED, categorical=[1], seed=3).sections
    assert EMBEDDED not in sections["step"]


def test_levels_are_looked_up_as_they_are():
    """Between two levels, above all, missing where none is: unknown; a missing one is found where it is a level."""
    levels, becomes = np.array([1.0, 3.0, np.nan]), np.array([0.1, 0.3, 0.9])
    asked = np.array([3.0, 2.0, 700.0, np.nan, -1.0])
    assert looked_up(levels, becomes, asked, unknown=0.0).tolist() == [0.3, 0.0, 0.0, 0.9, 0.0]
    assert looked_up(levels[:2], becomes[:2], asked, unknown=0.0).tolist() == [0.3, 0.0, 0.0, 0.0, 0.0]
    assert looked_up(levels[:0], becomes[:0], asked, unknown=0.5).tolist() == [0.5] * 5


def test_a_model_with_an_embedding_is_served_as_it_scores():
    """From its bytes, unknown and missing countries included; a second fit gives the same bytes."""
    planted, given = world_and_lesson()
    fitted = learn(RECIPE, given, seed=3)
    assert pack(learn(RECIPE, given, seed=3).sections) == pack(fitted.sections)
    asked = planted.lesson(100, np.random.default_rng(1)).features
    asked[:20, COUNTRY], asked[20:40, COUNTRY] = np.nan, 700.0
    model = SCORERS[fitted.family](unpack(pack(fitted.sections)), fitted.settings)
    said = [model.score(row) for row in asked.tolist()]
    assert said == pytest.approx(answer_rows(fitted, asked).tolist(), abs=1e-9)


def test_the_dimensions_are_explained_as_one_feature():
    """Contributions are as long as the vector and add up to the log-odds; the country's differ as its scores do."""
    _, given = world_and_lesson()
    fitted = learn(RECIPE, given, seed=3)
    model = SCORERS[fitted.family](fitted.sections, fitted.settings)
    rows = of_countries(given.features[0], np.arange(1.0, 51.0))
    told, said = np.array([model.explain(row) for row in rows.tolist()]), answer_rows(fitted, rows)
    odds = np.log(said / (1.0 - said))
    assert told.shape == rows.shape
    assert model.expected + told.sum(axis=1) == pytest.approx(odds, abs=1e-9)
    assert told[:, COUNTRY] - told[0, COUNTRY] == pytest.approx(odds - odds[0], abs=1e-9)


def test_tuning_varies_the_dimensions_where_there_is_something_to_embed():
    """Else the axis is left out: trials along it would change nothing."""
    planted, given = world_and_lesson(600)
    held = planted.lesson(300, np.random.default_rng(1))
    few = Lesson(given.features[:, :COUNTRY], given.labels, given.weights, [LANGUAGE])
    less = Lesson(held.features[:, :COUNTRY], held.labels, held.weights, [LANGUAGE])
    for early, late, there in ((given, held, True), (few, less, False)):
        found = search_recipes(early, late, budget=Budget(trials=1), seed=5)
        assert ("embed" in found.recipes[0]) is there


def test_it_wins_where_a_group_tells_and_loses_little_where_none_does():
    """Simulated: 13 people a country; above target rates and one-hot where groups of countries differ in it."""
    tied, own = ([told_apart(2_000, share, seed) for seed in range(4)] for share in (1.0, 0.0))
    gain = {name: np.mean([each[OURS] - each[name] for each in tied]) for name in ("target rates", "one-hot")}
    assert gain["target rates"] > 0.004
    assert gain["one-hot"] > 0.02
    assert np.mean([each[OURS] - each["target rates"] for each in own]) > -0.01
