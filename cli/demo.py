"""`make demo`: the main job on real data, end to end, on the local twin; every figure is computed in the run.

Brings the twin up, runs the steps, prints a summary, writes `.demo/report.json`, the report's page and the outbox, and
takes everything down.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from cli.api import Api, Unexpected
from cli.complete_journey import DataNotFetched, Journey
from cli.demo_emails import publish_template, send_campaign
from cli.demo_results import engage, report_campaign, show_outbox
from cli.demo_steps import LEARNING, DemoFailed
from cli.demo_summary import show_summary
from cli.deployment import Deployment, NotDeployed, deployment_of
from cli.importing import open_stores
from cli.learning import LearnFailed
from cli.report_terminal import show_report
from cli.stage import Stage
from twin.process import ROOT, Twin, TwinTrouble, free_port
from twin.up import bring_up

FOLDER = ROOT / ".build" / "twin-demo"  # its own: a twin that somebody works with is left alone
REPORT = ROOT / ".demo" / "report.json"
MAILING: Mapping[str, Callable[[Stage], None]] = {
    "Publish the template": publish_template,
    "Send a campaign": send_campaign,
    "Read, click, buy, unsubscribe": engage,
    "Report": report_campaign,
    "Show the outbox": show_outbox,
}
STEPS = {**LEARNING, **MAILING}


def run_steps(twin: Twin, deployment: Deployment, keys: Mapping[str, str], folder: Path, console: Console) -> Stage:
    """Run every step against a deployment; the stage's report holds the figures. Raises `DemoFailed`."""
    journey = Journey(datetime.now(UTC).date())
    with open_stores(deployment) as stores:
        stage = Stage(deployment, Api(deployment.api_url, keys), stores, journey, folder, console, twin)
        seconds: dict[str, float] = {}
        for title, step in STEPS.items():
            console.rule(title, align="left")
            began = monotonic()
            step(stage)
            seconds[title] = round(monotonic() - began, 1)
        stage.report["seconds"] = seconds
    return stage


def _pages(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, page) for name, page in report["pages"].items() if isinstance(page, str)]


def main(arguments: list[str]) -> int:
    """Run the demo; trouble is one clear line."""
    parser = argparse.ArgumentParser(description="Addressee on real data, on this machine.")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--keep", action="store_true", help="leave the twin running")
    asked = parser.parse_args(arguments)
    console, twin = Console(), Twin(FOLDER, asked.port or free_port())
    began = monotonic()
    try:
        console.rule("Bring the twin up", align="left")
        outputs, keys = bring_up(twin, console)
        up = round(monotonic() - began, 1)
        os.environ.update(twin.environment())
        stage = run_steps(twin, deployment_of(outputs, where="the twin"), keys, REPORT.parent / "shop", console)
    except (TwinTrouble, DemoFailed, DataNotFetched, LearnFailed, Unexpected, NotDeployed) as trouble:
        sys.stderr.write(f"addressee: {trouble}\n")
        return 1
    finally:
        if not asked.keep:
            twin.stop()
    report = {**stage.report, "seconds": {"Bring the twin up": up, **stage.report["seconds"]}}
    report["seconds"]["all"] = round(monotonic() - began, 1)
    report["made_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    show_summary(report, console)
    if stage.results:
        show_report(stage.results, console, simulated=True)
    console.print(
        f"every figure: {REPORT.relative_to(ROOT)}", *(f"{name}: {page}" for name, page in _pages(report)), sep="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
