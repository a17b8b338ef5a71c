"""MovieLens-100K as matrices; the files are put by `make data` into `.data/ml-100k/` and never redistributed."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from addressee.models.generators.generator import About, Matrix
from addressee.models.tables import Floats, Ints

FOLDER = Path(".data/ml-100k")
_AGES = (18, 25, 35, 45, 50, 56)
_DECADE = 10
_COLUMNS_SEED = 100


@dataclass(frozen=True)
class MovieLens:
    """Who rated what, [users, items]: `rated` holds 1, `at` the time in seconds, `about` texts and traits.

    Columns are shuffled: the data's own numbers begin with the best known films, and ties go by column.
    """

    rated: Matrix
    at: Matrix
    about: About


def available(folder: Path = FOLDER) -> bool:
    """Tell whether the files are there."""
    return all((folder / f"ml-100k.{part}").exists() for part in ("inter", "item", "user"))


def load(folder: Path = FOLDER) -> MovieLens:
    """Read ratings (every one a take), films (title, year, genres) and people (age band, gender, occupation)."""
    ratings, films, people = (_lines(folder / f"ml-100k.{part}") for part in ("inter", "item", "user"))
    column = np.random.default_rng(_COLUMNS_SEED).permutation(len(films))
    user = np.array([int(each[0]) - 1 for each in ratings])
    item = column[[int(each[1]) - 1 for each in ratings]]
    at = np.array([float(each[3]) for each in ratings])
    shape = (len(people), len(films))
    texts = dict(zip(column.tolist(), (_text(each) for each in films), strict=True))
    about = About(texts=tuple(texts[each] for each in range(len(films))), traits=_traits(people))
    return MovieLens(_matrix(np.ones(len(user)), user, item, shape), _matrix(at, user, item, shape, np.float64), about)


def _lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def _matrix(values: Floats, user: Ints, item: Ints, shape: tuple[int, int], dtype: type = np.float32) -> Matrix:
    matrix = sparse.csr_matrix((values.astype(dtype), (user, item)), shape)
    matrix.sort_indices()
    return matrix


def _text(film: list[str]) -> str:
    _, title, year, genres = film
    decade = f"{int(year) // _DECADE}0s" if year.isdigit() else ""
    return " ".join(each for each in (title, year, decade, genres) if each)


def _traits(people: list[list[str]]) -> Matrix:
    """Return [users, traits] of 0 and 1: one age band, one gender, one occupation each."""
    told = {int(number) - 1: (f"age {_band(int(age))}", gender, work) for number, age, gender, work, _ in people}
    names = {name: at for at, name in enumerate(sorted({each for three in told.values() for each in three}))}
    rows = np.repeat(np.arange(len(told)), 3)
    columns = np.array([names[each] for user in range(len(told)) for each in told[user]])
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(told), len(names)))


def _band(age: int) -> int:
    return sum(age >= each for each in _AGES)
