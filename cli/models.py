"""`addressee models`: the versions of the registry and their cards."""

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from addressee.adapters.s3 import S3Bucket
from addressee.models.card import MARKDOWN_FILE
from addressee.models.registry import POINTER_KEY, file_key, read_pointers
from cli.deployment import find_deployment
from cli.trouble import trouble

app = typer.Typer(no_args_is_help=True, help="The model registry.")
console = Console(emoji=False)


@app.command("list")
def models_list(context: typer.Context) -> None:
    """List every version of every kind, and which is served."""
    with trouble():
        bucket = S3Bucket(find_deployment(context.obj).models_bucket)
        stored = bucket.get(POINTER_KEY)
        pointers = read_pointers(stored.body if stored else None)
        versions = {tuple(key.split("/")[1:3]) for key, _, _ in bucket.keys("models/") if key.count("/") > 2}  # noqa: PLR2004  # models/<kind>/<version>/<file>
    table = Table("kind", "version", "state")
    for kind, version in sorted(versions):
        pointer = pointers.get(kind)
        state = {pointer.challenger: "challenger", pointer.champion: "champion"}.get(version, "") if pointer else ""
        table.add_row(kind, version, state)
    console.print(table)


@app.command("show")
def models_show(context: typer.Context, kind: str, version: str | None = None) -> None:
    """Print a model's card; the champion's where no version is named."""
    with trouble():
        bucket = S3Bucket(find_deployment(context.obj).models_bucket)
        if version is None:
            stored = bucket.get(POINTER_KEY)
            pointers = read_pointers(stored.body if stored else None)
            version = pointers[kind].champion if kind in pointers else ""
        card = bucket.get(file_key(kind, version, MARKDOWN_FILE)) if version else None
    if card is None:
        console.print(f"{kind} has no such version")
        raise typer.Exit(1)
    console.print(Markdown(card.body.decode()))
