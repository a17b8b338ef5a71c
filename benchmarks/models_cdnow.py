"""CDNOW: the published parameters of BG/NBD and Gamma-Gamma, and boosted models against them on the holdout.

python -m benchmarks.models_cdnow  # rows `cdnow_bgnbd`, `cdnow_gamma_gamma`, `cdnow_value`
"""

import argparse
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from addressee.models.evaluate import Compared, Interval, compare
from addressee.models.kind import Audience, Exam, Metric
from addressee.models.likelihood import Estimate
from addressee.models.tables import Floats, Interactions, Items
from addressee.models.value_metrics import top_share
from benchmarks.cdnow import CALIBRATED_DAY, FOLDER, PARTS, available, load
from benchmarks.cdnow_contest import SEEDS, Contest, Interpretable, contest
from benchmarks.peers import installed
from benchmarks.rows import Row, row, write

COMMAND = "python -m benchmarks.models_cdnow"
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".build" / "bench-models-venv"
LOCK = ROOT / "requirements" / "bench-models.lock"
PEER = "lifetimes 0.11.3"
PUBLISHED_DAYS = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
"""Fader, Hardie and Lee (2005), table 2; the log-likelihood is there too."""
PUBLISHED_LIKELIHOOD = -9582.4
PUBLISHED_WORTH = {"p": 6.25, "q": 3.74, "v": 15.44}
"""Fader and Hardie (2013)."""
_NORMAL = 1.959964


def rows(options: argparse.Namespace) -> list[Row]:
    """Fit and compare; `options.cdnow` is the folder of the data."""
    folder = Path(getattr(options, "cdnow", FOLDER))
    if not available(folder):
        print(f"CDNOW is not in {folder} (make data): its rows are left out")  # noqa: T201  # a command's output
        return []
    contests = {part: contest(load(part, folder)) for part in PARTS}
    sample = contests["sample"]
    peer = _peer(sample.model)
    return [*_of_parameters(sample.model, peer), *(each for part in PARTS for each in _of_value(part, contests[part]))]


def _of_parameters(model: Interpretable, peer: Mapping[str, Any]) -> Iterator[Row]:
    """Yield a row for each parameter: the 95 % interval is Wald's, from the observed information."""
    for case, estimate, published in (
        ("cdnow_bgnbd", model.days, PUBLISHED_DAYS),
        ("cdnow_gamma_gamma", model.worth, PUBLISHED_WORTH),
    ):
        theirs = peer.get({"cdnow_bgnbd": "bg_nbd"}.get(case, "gamma_gamma"), [None] * len(published))
        yield from (
            _parameter(case, name, interval, peer_value=other, published=published[name])
            for (name, interval), other in zip(_intervals(estimate, list(published)), theirs, strict=True)
        )
    yield row(
        "cdnow_bgnbd",
        "log_likelihood",
        "",
        [model.days.log_likelihood],
        published=PUBLISHED_LIKELIHOOD,
        command=COMMAND,
    )


def _intervals(estimate: Estimate, names: Sequence[str]) -> Iterator[tuple[str, Interval]]:
    for name, value, error in zip(names, estimate.parameters, estimate.errors, strict=True):
        yield name, Interval(value, value - _NORMAL * error, value + _NORMAL * error)


def _parameter(case: str, name: str, interval: Interval, **given: object) -> Row:
    figures = {"low": interval.low, "high": interval.high, "peer": PEER if given["peer_value"] else None}
    return row(case, name, "", [interval.value], **figures, **given, command=COMMAND)


def _of_value(part: str, outcome: Contest) -> Iterator[Row]:
    """Yield the boosted model beside BG/NBD x Gamma-Gamma: mean over seeds, paired 95 % intervals over customers."""
    exam, seeds = _exam(outcome.truth), f"{len(SEEDS)} seeds of {outcome.recipe}"
    plain = np.column_stack([outcome.plain] * len(SEEDS))
    metrics = (
        Metric("mae", _mean_of(_mae), lower_is_better=True),
        Metric("revenue_in_top_decile", _mean_of(top_share)),
    )
    found = compare(metrics, exam, model=outcome.boosted, rival=plain, rng=np.random.default_rng(0))
    for metric, each in zip(metrics, found, strict=True):
        unit = "dollars" if metric.name == "mae" else "share"
        name = f"{metric.name}, {part}, holdout: {seeds}"
        yield _compared(name, unit, each)
    served = all(_surely_better(metric, each) for metric, each in zip(metrics, found, strict=True))
    winner = "the boosted model" if served else "BG/NBD x Gamma-Gamma"
    print(f"cdnow, {part}: {winner} would be served; in calibration's last quarter the errors were")  # noqa: T201
    print("  " + ", ".join(f"{name} {error:.3f}" for name, error in outcome.inner.items()))  # noqa: T201


def _surely_better(metric: Metric, compared: Compared) -> bool:
    gap = compared.difference
    return gap.high < 0 if metric.lower_is_better else gap.low > 0


def _compared(name: str, unit: str, each: Compared) -> Row:
    gap = each.difference
    beside = f"BG/NBD x Gamma-Gamma; difference {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
    figures = {"low": each.model.low, "high": each.model.high, "peer": beside, "peer_value": each.rival.value}
    return row("cdnow_value", name, unit, [each.model.value], **figures, command=COMMAND)


def _exam(truth: Floats) -> Exam:
    none, whole = np.empty(0, np.int32), np.empty(0, np.int64)
    nothing = Interactions(none, none, none, none, none, whole, whole)
    audience = Audience(len(truth), CALIBRATED_DAY, np.empty((len(truth), 0)), nothing, Items((), ()))
    return Exam(audience, truth, np.arange(len(truth), dtype=np.int32))


def _mean_of(figure: Any) -> Any:  # noqa: ANN401  # of two columns to a number, the second with a column a seed
    return lambda truth, marks: float(np.mean([figure(truth, column) for column in marks.T]))


def _mae(truth: Floats, said: Floats) -> float:
    return float(np.abs(truth - said).mean())


def _peer(model: Interpretable) -> Mapping[str, Any]:
    """Return the peer's parameters, and say how far its values are from ours; nothing where it cannot be installed."""
    columns = {**vars(model.told.customers), "amount": model.told.amount}
    given = json.dumps({name: values.tolist() for name, values in columns.items()})
    try:
        command = [str(installed(LOCK, VENV)), str(Path(__file__).with_name("lifetimes_peer.py"))]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    except (OSError, subprocess.CalledProcessError) as trouble:
        print(f"{PEER} does not run here, its figures are left out: {trouble}")  # noqa: T201
        return {}
    said: Mapping[str, Any] = json.loads(done.stdout)
    ours = model.orders(39 * 7) * model.amount()
    gap = np.abs(ours / np.array(said["value"]) - 1.0).max()
    print(f"{PEER}: values in 39 weeks differ from ours by at most {gap:.1e} of each")  # noqa: T201
    return said


def main() -> None:
    """Run this part alone."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cdnow", type=Path, default=FOLDER, help="folder of CDNOW_{master,sample}.txt")
    write("models_cdnow", rows(options.parse_args()))


if __name__ == "__main__":
    main()
