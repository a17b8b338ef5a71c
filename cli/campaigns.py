"""`addressee campaigns`: create one from a JSON file, see how far it is, pause, resume, cancel."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from urllib3.exceptions import HTTPError

from cli.api import Api, Unexpected
from cli.deployment import find_deployment
from cli.trouble import trouble

app = typer.Typer(no_args_is_help=True, help="Campaigns: create, status, pause, resume, cancel.")
console = Console(emoji=False)
EXPECTED = (Unexpected, HTTPError)
Key = Annotated[
    str, typer.Option("--key", envvar="ADDRESSEE_ADMIN_KEY", help="An API key of scope admin.", show_envvar=True)
]
Campaign = Annotated[str, typer.Argument(help="The campaign's id.")]


class NoCampaign(Exception):
    """The file holds no JSON object."""


@app.command("create")
def create(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The body, docs/api-campaigns.md.")],
    key: Key,
) -> None:
    """Create a campaign and start planning it; the same file again changes nothing."""
    with trouble(*EXPECTED, NoCampaign):
        said = _api(context, key).create_campaign(read_campaign_file(file))
    show_standing(said, console)


@app.command("status")
def status(
    context: typer.Context,
    campaign: Campaign,
    key: Key,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Print how far a campaign is: its rows by state and reason, counted now."""
    with trouble(*EXPECTED):
        said = counted(_api(context, key), campaign)
    if as_json:
        console.print_json(data=said)
    else:
        show_standing(said, console)
        show_counts(said, console)


@app.command("pause")
def pause(context: typer.Context, campaign: Campaign, key: Key) -> None:
    """Pause: once this returns, no further mail is claimed."""
    _move(context, campaign, key, "pause")


@app.command("resume")
def resume(context: typer.Context, campaign: Campaign, key: Key) -> None:
    """Resume what was paused; mails whose time passed meanwhile go out now, within the window."""
    _move(context, campaign, key, "resume")


@app.command("cancel")
def cancel(context: typer.Context, campaign: Campaign, key: Key) -> None:
    """Cancel for good: whatever is not claimed is skipped."""
    _move(context, campaign, key, "cancel")


def read_campaign_file(path: Path) -> Mapping[str, Any]:
    """Read the body of a request. Raises `NoCampaign`."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NoCampaign(f"{path} is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise NoCampaign(f"{path} holds no JSON object")
    return body


def counted(api: Api, campaign: str) -> dict[str, Any]:
    """Ask how far a campaign is; where its rows are too many for one answer, add up those of its chunks."""
    said = api.campaign(campaign)
    if said["counts"] is not None:
        return said
    total: dict[str, Any] = {"counts": {}, "reasons": {}, "unwritten": 0, "settled": 0}
    for number in range(said["chunks"]):
        _add(total, api.campaign(campaign, chunk=number))
    rows = sum(total["counts"].values())
    planned = said["planning"] == "planned" and said["recipients"] == rows
    return {**said, **total, "finished": planned and total["settled"] == rows}


def _add(total: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add numbers up, whatever objects they sit in."""
    for name, value in part.items():
        if isinstance(value, Mapping):
            _add(total.setdefault(name, {}), value)
        elif name not in {"campaign", "chunk"}:
            total[name] = total.get(name, 0) + value


def show_standing(said: Mapping[str, Any], on: Console) -> None:
    """Print what a campaign is and where it stands."""
    window = said["window"]
    recipients = "" if said["recipients"] is None else f", {said['recipients']:,} recipients"
    on.print(f"{said['campaign']}: {said['status']}, {said['planning']}{recipients}", markup=False, highlight=False)
    template = f"{said['template']} {said['templateVersion']}"
    on.print(f"{template}, {window['start']} to {window['end']}", markup=False, highlight=False)


def show_counts(said: Mapping[str, Any], on: Console) -> None:
    """Print rows by state, and below each its reasons."""
    table = Table("state", "rows", title="rows, counted now", title_justify="left")
    table.columns[1].justify = "right"
    for state, count in said["counts"].items():
        if count:
            table.add_row(state, f"{count:,}")
            for reason, part in said["reasons"].get(state, {}).items():
                table.add_row(f"  {reason}", f"{part:,}", style="dim")
    if said["unwritten"]:
        table.add_row("not written yet", f"{said['unwritten']:,}")
    on.print(table)
    on.print(f"{said['settled']:,} settled; " + ("finished" if said["finished"] else "not finished"), highlight=False)


def _move(context: typer.Context, campaign: str, key: str, move: str) -> None:
    with trouble(*EXPECTED):
        said = _api(context, key).move_campaign(campaign, move)
    show_standing(said, console)


def _api(context: typer.Context, key: str) -> Api:
    return Api(find_deployment(context.obj).api_url, {"admin": key})
