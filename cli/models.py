"""`addressee models`: the versions of the registry, their cards, and who gets which."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from time import time
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Column, Table

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import BundleRefused
from addressee.models.card import MARKDOWN_FILE
from addressee.models.registry import NothingToRollBack, Pointer, Pointers, challenged, promoted, rolled_back
from cli.deployment import find_deployment
from cli.models_watch import models_watch
from cli.trouble import trouble
from cli.versions import (
    ChangedMeanwhile,
    UnknownVersion,
    card_of,
    changes,
    check_servable,
    compared,
    listed,
    move,
    resolve,
)

CARDS = "card."
EXPECTED = (UnknownVersion, ChangedMeanwhile, NothingToRollBack, BundleRefused, PreconditionFailed)
app = typer.Typer(no_args_is_help=True, help="The model registry: who gets which version, and how good it is.")
console = Console(emoji=False)
app.command("watch")(models_watch)
Kind = Annotated[str, typer.Argument(help="A kind of model, such as buy_again.")]
Version = Annotated[str, typer.Argument(help="A version, its beginning, `champion` or `challenger`.")]
Reason = Annotated[str, typer.Option(help="Why; the registry keeps it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def models_list(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="Only this kind.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what was never served.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """List the versions that are or were served, with their state and the metric that decides."""
    with trouble(*EXPECTED):
        rows = listed(_registry(context), kind=kind, every=every)
    version = Column("version", min_width=max((len(row[1]) for row in rows), default=0))  # to be copied: never cut
    table = Table("kind", version, "state", "as of", "metric [95 %]", "published, UTC")
    for row in rows:
        table.add_row(*row)
    console.print(table)


@app.command("show")
def models_show(
    context: typer.Context,
    kind: Kind,
    version: Version = "champion",
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,  # noqa: FBT002  # a flag
    save: Annotated[Path | None, typer.Option(help="Write all files of the card into this folder.")] = None,
) -> None:
    """Print a model's card, or save it with its pictures."""
    with trouble(*EXPECTED):
        registry = _registry(context)
        found = resolve(registry, kind, version)
        if save is not None:
            _save(registry, kind, found, save)
        elif as_json:
            console.print_json(json.dumps(card_of(registry, kind, found)))
        else:
            text = registry.files(kind, found, [MARKDOWN_FILE])[MARKDOWN_FILE]
            console.print(Markdown(text.decode()))
            console.print(f"as a page: addressee models show {kind} {version} --save FOLDER", style="dim")


def _save(registry: S3Registry, kind: str, version: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in registry.meta(kind, version)["sha256"] if name.startswith(CARDS)]
    for name, body in registry.files(kind, version, names).items():
        path = folder / f"{kind}-{version}.{name}"
        path.write_bytes(body)
        console.print(str(path), markup=False, highlight=False, soft_wrap=True)


@app.command("compare")
def models_compare(
    context: typer.Context, kind: Kind, first: Version = "champion", second: Version = "challenger"
) -> None:
    """Compare the stored figures of two versions, and say whether they were tested on the same days."""
    with trouble(*EXPECTED):
        registry = _registry(context)
        both = compared(registry, kind, resolve(registry, kind, first), resolve(registry, kind, second))
    table = Table("metric", both.first, both.second, "difference", title=kind, title_justify="left")
    for side in both.sides:
        table.add_row(*side)
    console.print(table)
    if both.same_days:
        console.print(f"tested on the same days: {both.days[0]}", markup=False)
    else:
        console.print(
            f"tested on different days, so that the difference is not the models' alone:\n  {both.first}:"
            f" {both.days[0]}\n  {both.second}: {both.days[1]}",
            style="yellow",
            markup=False,
        )


@app.command("promote")
def models_promote(  # noqa: PLR0913, PLR0917  # one parameter an option
    context: typer.Context,
    kind: Kind,
    version: Version,
    share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Try it on this share of people first; default: everybody.")
    ] = None,
    reason: Reason = "promoted by hand",
    yes: Yes = False,  # noqa: FBT002  # a flag
) -> None:
    """Make a version the champion of its kind, or the challenger for a share of people."""
    with trouble(*EXPECTED):
        registry = _registry(context)
        found = resolve(registry, kind, version)
        pointers = registry.pointers()
        if share and kind in pointers:
            transition = partial(challenged, kind=kind, version=found, share=share, now_ms=_now_ms())
        else:
            transition = partial(promoted, kind=kind, version=found, now_ms=_now_ms(), reason=reason)
        _confirmed(registry, kind, pointers, transition, yes=yes)


@app.command("rollback")
def models_rollback(
    context: typer.Context,
    kind: Kind,
    to: Annotated[str, typer.Option(help="Go back to this champion; default: drop the challenger, if any.")] = "",
    reason: Reason = "rolled back by hand",
    yes: Yes = False,  # noqa: FBT002  # a flag
) -> None:
    """Withdraw the challenger; where there is none, the champion, for the one before. No retraining brings it back."""
    with trouble(*EXPECTED):
        registry = _registry(context)
        target = resolve(registry, kind, to) if to else ""
        transition = partial(rolled_back, kind=kind, to=target, now_ms=_now_ms(), reason=reason)
        _confirmed(registry, kind, registry.pointers(), transition, yes=yes)


def _confirmed(
    registry: S3Registry,
    kind: str,
    seen: Pointers,
    transition: Callable[[Pointers], Mapping[str, Pointer]],
    *,
    yes: bool,
) -> None:
    """Print what changes, ask, and do it if nothing moved meanwhile; what this release cannot serve is refused."""
    before, after = seen.get(kind, Pointer("")), transition(seen)[kind]
    for version in {after.champion, after.challenger} - {before.champion, before.challenger, ""}:
        check_servable(registry, kind, version)
    lines = changes(before, after)
    if not lines:
        console.print(f"{kind}: nothing changes", markup=False)
        return
    for line in lines:
        console.print(f"{kind}: {line}", markup=False, highlight=False, soft_wrap=True)
    if not yes:
        typer.confirm("Change this?", abort=True)
    move(registry, kind, seen, transition)
    console.print("changed; functions that are running follow within a minute")


def _registry(context: typer.Context) -> S3Registry:
    return S3Registry(S3Bucket(find_deployment(context.obj).models_bucket))


def _now_ms() -> int:
    return int(time() * 1000)
