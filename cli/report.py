"""`addressee report <campaign>`: what became of it, in the terminal, as JSON, or as a page."""

import sys
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.deployment import Deployment, find_deployment
from cli.report_document import report_document
from cli.report_page import write_page
from cli.report_sources import Reported, UnknownCampaign, open_sources, read_report
from cli.report_terminal import show_report
from cli.trouble import trouble


def campaign_report(
    deployment: Deployment, campaign: str, *, now: datetime, since: datetime | None = None, window_days: int = 7
) -> Reported:
    """Read a deployment and compute a campaign's results. Raises `UnknownCampaign`."""
    with open_sources(deployment) as sources:
        return read_report(sources, campaign, now=now, since=since, window_days=window_days)


def report(  # noqa: PLR0913  # one parameter an option
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's id.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the exact figures as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write index.html into this folder.", file_okay=False)] = None,
    since: Annotated[datetime | None, typer.Option(help="Leave out what happened before, UTC.")] = None,
    window_days: Annotated[int, typer.Option(min=1, help="Days within which a click takes an order.")] = 7,
    simulated: Annotated[bool, typer.Option("--simulated", help="Say that the engagement was simulated.")] = False,
) -> None:
    """Report a campaign: sends, deliveries, human opens and clicks, revenue, segments, against the holdout."""
    start = since.replace(tzinfo=UTC) if since else None
    with trouble(UnknownCampaign):
        found = campaign_report(
            find_deployment(context.obj), campaign, now=datetime.now(UTC), since=start, window_days=window_days
        )
    if html:
        page = write_page(found, html, simulated=simulated)
    if as_json:
        sys.stdout.write(dumps(report_document(found, simulated=simulated), indent=1) + "\n")
    else:
        console = Console(emoji=False)
        show_report(found, console, simulated=simulated)
        if html:
            console.print(f"\npage: {page}", markup=False)
