"""Sums over kept neighbours: C and Python say the same, to the last bit, and nothing is followed outside."""

from array import array
from random import Random

import pytest

from addressee.models import native_neighbours
from addressee.models.neighbours import Neighbours

ROWS, KEPT = 400, 30


def kept(typecode, seed=1):
    """Keep random neighbours of every row, none of some, and draw two kinds of values for the pairs."""
    rng = Random(seed)
    ends, rows = array("I"), array(typecode)
    for row in range(ROWS):
        rows.extend(rng.sample(range(ROWS), 0 if row % 7 == 0 else rng.randrange(KEPT)))
        ends.append(len(rows))
    similarity = array("f", [rng.choice((0.0, 0.25, rng.random())) for _ in rows])
    co_buyers = array("H", [rng.randrange(1 << 16) for _ in rows])
    return {"row_end": ends, "neighbour": rows}, similarity, co_buyers


def told(sections, similarity, co_buyers, seeds, asked):
    """Ask everything."""
    of = Neighbours(sections)
    found, led = of.led_to(seeds)
    return (
        found,
        list(led),
        list(of.totals(seeds, similarity)),
        list(of.totals(seeds, co_buyers)),
        of.leading(seeds, similarity, asked),
    )


@pytest.mark.parametrize("typecode", ["H", "I"])
@pytest.mark.parametrize("count", [0, 1, 2, 32])
def test_c_and_python_say_the_same(monkeypatch, typecode, count):
    """Narrow and wide rows, no seed and many, ties and pairs of no value."""
    sections, *values = kept(typecode)
    rng = Random(2)
    seeds, asked = rng.sample(range(ROWS), count), rng.sample(range(ROWS), 12)
    in_c = told(sections, *values, seeds, asked)
    assert native_neighbours.library_functions() is not None
    monkeypatch.setattr(native_neighbours, "library_functions", lambda: None)
    assert told(sections, *values, seeds, asked) == in_c
    assert in_c[0] == [row for row, led in enumerate(in_c[1]) if led]


def test_values_of_another_type_are_added_in_python():
    """A bundle that keeps its similarities as float64 is served all the same."""
    sections, similarity, co_buyers = kept("H")
    wide = array("d", similarity)
    assert told(sections, wide, co_buyers, [3, 5], [8]) == told(sections, similarity, co_buyers, [3, 5], [8])


@pytest.mark.parametrize(("name", "place", "value"), [("neighbour", 5, ROWS), ("row_end", 9, 0), ("row_end", -1, 3)])
def test_neighbours_outside_are_refused(name, place, value):
    """When a bundle is opened, before anything is read or written."""
    sections, *_ = kept("H")
    sections[name][place] = value
    with pytest.raises(ValueError, match="no row"):
        Neighbours(sections)


def test_counts_lead_in_python():
    """C compares similarities alone; values of 16 bits are not read as if they had 32."""
    sections, _, co_buyers = kept("H")
    of, seeds, asked = Neighbours(sections), [3, 5, 8], list(range(ROWS))
    assert of.leading(seeds, co_buyers, asked) == of.leading(seeds, array("d", co_buyers), asked)
