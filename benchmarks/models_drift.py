"""How often drift alarms where nothing moved, and how often it finds what did; all people are simulated.

python -m benchmarks.models_drift  # rows `drift_false_alarms` and `drift_power`, about five minutes
"""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import beta

from addressee.models.drift import DriftSettings, Shift, drifted, shift_of
from addressee.models.histograms import counted_as, histogram_of
from addressee.models.reference import Column
from addressee.models.tables import Floats
from benchmarks.rows import row, write

COMMAND = "python -m benchmarks.models_drift"
STABLE_RUNS = 2_000
PLANTED_RUNS = 200
SIZES = ((300, 300), (1_000, 400), (400, 1_000), (2_000, 1_000))
"""People at training and now, of the stable runs, in turn."""
POWER_SIZES = (300, 1_000, 5_000)
RATES = (0.01, 0.05)
FACTORS, FEATURES = 5, 30
NEVER = 3_650.0
SEGMENTS = ("champions", "loyal", "at_risk", "new", "hibernating")
SHARES = (0.1, 0.2, 0.25, 0.15, 0.3)
MISSING = 0.03


class Plant(NamedTuple):
    """A change of one column: which, how strong, in words."""

    column: str
    strength: float
    words: str


PLANTS = {
    "mean": Plant("mean", 0.3, "mean of a log-normal feature + 0.3 standard deviations"),
    "mean_large": Plant("mean", 0.6, "mean of a log-normal feature + 0.6 standard deviations"),
    "variance": Plant("variance", 1.3, "standard deviation of a log-normal feature x 1.3"),
    "variance_large": Plant("variance", 2.0, "standard deviation of a log-normal feature x 2"),
    "missing": Plant("missing", 0.08, "missing values 3 % -> 8 %"),
    "missing_large": Plant("missing", 0.2, "missing values 3 % -> 20 %"),
    "category": Plant("category", 0.07, "one segment 25 % -> 32 %, another 30 % -> 23 %"),
    "category_large": Plant("category", 0.2, "one segment 25 % -> 45 %, another 30 % -> 10 %"),
}
NOTHING = Plant("", 0.0, "")


class World(NamedTuple):
    """Loadings of correlated features on hidden factors, drawn once."""

    loadings: Floats


def world(rng: np.random.Generator) -> World:
    """Draw a world whose features share factors, as counts and sums over several half-lives do."""
    return World(rng.normal(0.0, 0.6, size=(FACTORS, FEATURES)))


def people(about: World, size: int, rng: np.random.Generator) -> dict[str, Column]:
    """Draw people: counts with zeros, amounts with many zeros, recencies with nevers, missing values, segments."""
    hidden = rng.normal(size=(size, FACTORS)) @ about.loadings + rng.normal(size=(size, FEATURES))
    values = np.exp(hidden)
    values[:, :8] = np.floor(values[:, :8])
    values[:, 8:14][hidden[:, 8:14] < 1.0] = 0.0
    values[:, 14:20][hidden[:, 14:20] > 1.0] = NEVER
    values[:, 20:24][rng.random((size, 4)) < MISSING] = np.nan
    values[:, 24:26] = hidden[:, 24:26] > 2.0  # noqa: PLR2004  # a rare flag
    columns: dict[str, Column] = {str(place): values[:, place] for place in range(FEATURES)}
    return {**columns, **_planted(size, rng, NOTHING)}


def _planted(size: int, rng: np.random.Generator, plant: Plant) -> dict[str, Column]:
    """Draw the four columns in which something may be planted; with nothing planted they are as at training."""
    strength = {plant.column: plant.strength}
    moved = strength.get("category", 0.0)
    gone = rng.random(size) < strength.get("missing", MISSING)
    return {
        "mean": np.exp(rng.normal(size=size) + strength.get("mean", 0.0)),
        "variance": np.exp(rng.normal(size=size) * strength.get("variance", 1.0)),
        "missing": np.where(gone, np.nan, np.exp(rng.normal(size=size))),
        "category": rng.choice(SEGMENTS, size=size, p=np.add(SHARES, [0, 0, moved, 0, -moved])).tolist(),
    }


def shifts(before: Mapping[str, Column], after: Mapping[str, Column]) -> dict[str, Shift]:
    """Compare every column."""
    references = {name: histogram_of(values) for name, values in before.items()}
    return {name: shift_of(each, counted_as(each, after[name])) for name, each in references.items()}


def false_alarms(runs: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the share of stable runs with an alarm, at each nominal rate; the practical floor is left out."""
    rng = np.random.default_rng(seed)
    about, alarms = world(rng), dict.fromkeys((*RATES, "default"), 0)
    for run in range(runs):
        trained, now = SIZES[run % len(SIZES)]
        found = shifts(people(about, trained, rng), people(about, now, rng))
        for rate in RATES:
            alarms[rate] += bool(drifted(found, DriftSettings(rate, floor=0.0)))
        alarms["default"] += bool(drifted(found, DriftSettings()))
    for rate in RATES:
        low, high = clopper_pearson(alarms[rate], runs)
        given = {"low": low, "high": high, "peer": "nominal rate", "peer_value": rate, "command": COMMAND}
        yield row("drift_false_alarms", f"runs_with_alarm_at_{rate:g}", "share", [alarms[rate] / runs], **given)
    low, high = clopper_pearson(alarms["default"], runs)
    given = {"low": low, "high": high, "peer": "nominal rate", "peer_value": DriftSettings().rate, "command": COMMAND}
    yield row("drift_false_alarms", "runs_with_alarm_default_floor", "share", [alarms["default"] / runs], **given)


def power(runs: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the share of runs in which what was planted is named, one plant at a time among all other columns."""
    rng = np.random.default_rng(seed)
    about = world(rng)
    for size in POWER_SIZES:
        found = {name: [0, 0] for name in PLANTS}
        for _ in range(runs):
            before = people(about, size, rng)
            still = shifts(before, people(about, size, rng))
            for name, plant in PLANTS.items():
                moved = {plant.column: _planted(size, rng, plant)[plant.column]}
                named = _named({**still, **shifts({plant.column: before[plant.column]}, moved)})
                found[name] = [had + (plant.column in each) for had, each in zip(found[name], named, strict=True)]
        for name, counts in found.items():
            for kind, count in zip(("found", "found_above_floor"), counts, strict=True):
                low, high = clopper_pearson(count, runs)
                given = {"low": low, "high": high, "peer": PLANTS[name].words, "command": COMMAND}
                yield row("drift_power", f"{name}_{kind}_{size}", "share", [count / runs], **given)


def _named(found: Mapping[str, Shift]) -> list[set[str]]:
    """Return which columns are named without the practical floor, and with it."""
    return [{each.column for each in drifted(found, limits)} for limits in (DriftSettings(floor=0.0), DriftSettings())]


def clopper_pearson(count: int, of: int, *, confidence: float = 0.99) -> tuple[float, float]:
    """Return the exact binomial interval (Clopper and Pearson, Biometrika 1934)."""
    tail = (1.0 - confidence) / 2
    low = float(beta.ppf(tail, count, of - count + 1)) if count else 0.0
    return low, float(beta.ppf(1.0 - tail, count + 1, of - count)) if count < of else 1.0


def rows(options: argparse.Namespace | None = None) -> list[dict[str, Any]]:
    """Return all rows; `options.drift_runs` is how many stable runs, default 2,000."""
    runs = getattr(options, "drift_runs", STABLE_RUNS)
    return [*false_alarms(runs, seed=1), *power(max(runs * PLANTED_RUNS // STABLE_RUNS, 1), seed=2)]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drift-runs", type=int, default=STABLE_RUNS, help="how many stable runs")
    write("models_drift", rows(parser.parse_args()))


if __name__ == "__main__":
    main()
