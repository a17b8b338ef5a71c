"""`addressee models watch`: the newest report of `watch_models`, in words."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.watch_reports import newest_report
from cli.deployment import find_deployment
from cli.trouble import trouble

console = Console(emoji=False)
FIGURES = ("People", "RocAuc", "FalsePositiveRate", "LiftTopDecile", "Predicted", "Actual", "HitRateAt10")
Report = Mapping[str, Any]


def models_watch(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as it is stored.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Print what the last watch found: drift, how the served models did, canaries, retraining."""
    with trouble():
        report = newest_report(S3Bucket(find_deployment(context.obj).models_bucket))
    if not report:
        console.print("nobody has watched yet: watch_models runs daily, and needs tables that Learn has prepared")
        raise typer.Exit(1)
    if as_json:
        console.print_json(json.dumps(report))
        return
    _say(f"watched on {date.fromisoformat(report['day'])}, people of {report['asOf']}")
    _drift(report["drift"])
    _performance(report["performance"])
    for kind, each in report["canaries"].items():
        _say(f"canary of {kind}, {each['challenger']}: {each['action']}: {each['reason']}")
    retrain = report["retrain"]
    if retrain["why"]:
        begun = "started" if retrain["started"] else f"not again so soon (last {retrain['last'] or 'never'})"
        _say(f"retraining {begun}: {retrain['why']}")


def _drift(drift: Report) -> None:
    compared = ", ".join(f"{kind} of {each['asOf']}" for kind, each in drift["compared"].items())
    if not compared:
        _say("drift: every champion has seen these people, and none was served before")
        return
    rule = f"of {drift['columns']} columns, PSI from {drift['floor']:g} on, {drift['rate']:.1%} false alarms"
    _say(f"drift since {compared}: {len(drift['moved'])} moved ({rule})")
    for each in drift["moved"]:
        _say(f"  {each['said']}")
    if drift["moved"]:
        _say(f"  {drift['do']}")
    else:
        nearest = ", ".join(f"{each['column']} {each['psi']:.3f}" for each in drift["calm"][:3])
        _say(f"  largest PSI: {nearest}")


def _performance(performance: Report) -> None:
    if not performance:
        _say("performance: no snapshot of scores is old enough yet")
        return
    table = Table("kind", "scored on", *FIGURES, title="what models said, and what people did since")
    for kind, each in performance.items():
        table.add_row(kind, each["day"], *(_figure(each.get(name)) for name in FIGURES))
    console.print(table)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value > 999 else f"{value:.3g}"  # noqa: PLR2004  # four digits


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
