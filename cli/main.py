"""The `addressee` command, from import to report; each group of commands has a module of its own or is below."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.kinesis import KinesisStream
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.secrets import Secret
from addressee.decisions.request import InvalidField, read_decision_id
from addressee.decisions.wire import decision_json
from cli.campaigns import app as campaigns
from cli.columns import Source, UnreadableFile
from cli.deployment import Deployment, NotDeployed, find_deployment
from cli.doctor import examine
from cli.importing import Kind, Request, open_stores, run_import
from cli.keys import UnknownKey, UnknownScope, create_in, revoke_in
from cli.learning import Learned, LearnFailed, learn
from cli.links import app as links
from cli.models import app as models
from cli.redrive import PREFIXES, StreamRefused, redrive
from cli.refusals import ImportReport
from cli.replay import replay_command
from cli.report import report
from cli.segments import app as segments
from cli.templates import app as templates

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__, pretty_exceptions_enable=False
)
imports = typer.Typer(no_args_is_help=True, help="Import history and master data from CSV and Parquet files.")
keys = typer.Typer(no_args_is_help=True, help="API keys: one scope each, stored as hashes.")
decisions = typer.Typer(no_args_is_help=True, help="Decision records.")
for name, group in {
    "import": imports,
    "keys": keys,
    "models": models,
    "segments": segments,
    "decisions": decisions,
    "templates": templates,
    "campaigns": campaigns,
    "links": links,
}.items():
    app.add_typer(group, name=name)
decisions.command("replay")(replay_command)
app.command("report")(report)

console = Console(emoji=False)  # an ARN such as arn:aws:secretsmanager:...:secret:... holds the name of one
EXPECTED = (
    *(NotDeployed, UnreadableFile, UnknownKey, UnknownScope, LearnFailed, StreamRefused, InvalidField),
    *(ClientError, BotoCoreError),
)
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files of the same shape.")]
ColumnOption = Annotated[
    list[str] | None, typer.Option("--column", metavar="FIELD=COLUMN", help="Which column holds a field.")
]
RefusedOption = Annotated[
    Path | None, typer.Option("--refused", help="Where refused rows go; default: <first file>.refused.csv.")
]
DelimiterOption = Annotated[str, typer.Option(help="What parts the columns of a CSV file.")]


@app.callback()
def main(
    context: typer.Context,
    outputs: Annotated[
        Path | None,
        typer.Option(
            envvar="ADDRESSEE_OUTPUTS", help="What `cdk deploy --outputs-file` wrote; default: ask the stacks."
        ),
    ] = None,
) -> None:
    """Work with a deployment of Addressee, with the AWS credentials and region of the environment."""
    context.obj = outputs


@contextmanager
def trouble() -> Iterator[None]:
    """Turn what can be expected to go wrong into one line and exit code 1."""
    try:
        yield
    except EXPECTED as error:
        Console(stderr=True, emoji=False).print(f"addressee: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None


def _deployment(context: typer.Context) -> Deployment:
    return find_deployment(context.obj)


@imports.command("orders")
def import_orders(
    context: typer.Context,
    files: Files,
    column: ColumnOption = None,
    refused: RefusedOption = None,
    delimiter: DelimiterOption = ",",
) -> None:
    """Order lines: user_id, order_id, timestamp, item_id [category, quantity, price or amount, currency]."""
    _import(context, Request("orders", _open(files, delimiter), _refused(refused, files), _mapping(column)))


@imports.command("events")
def import_events(
    context: typer.Context,
    files: Files,
    column: ColumnOption = None,
    refused: RefusedOption = None,
    delimiter: DelimiterOption = ",",
) -> None:
    """Behavioural events, one a row: timestamp, user_id or anonymous_id, event [item_id, category, price, ...]."""
    _import(context, Request("events", _open(files, delimiter), _refused(refused, files), _mapping(column)))


@imports.command("subscribers")
def import_subscribers(  # noqa: PLR0913, PLR0917  # one parameter an option
    context: typer.Context,
    files: Files,
    column: ColumnOption = None,
    trait: Annotated[list[str] | None, typer.Option(metavar="NAME[=COLUMN]", help="A further trait.")] = None,
    refused: RefusedOption = None,
    delimiter: DelimiterOption = ",",
) -> None:
    """People: user_id [address, time_zone, locale, at, consent_<purpose>, consent_<purpose>_proof, traits]."""
    path = _refused(refused, files)
    _import(context, Request("subscribers", _open(files, delimiter), path, _mapping(column), trait or ()))


@imports.command("catalogue")
def import_catalogue(  # noqa: PLR0913, PLR0917  # one parameter an option
    context: typer.Context,
    files: Files,
    column: ColumnOption = None,
    delta: Annotated[bool, typer.Option("--delta", help="Change only the fields that the file has.")] = False,  # noqa: FBT002  # a flag
    refused: RefusedOption = None,
    delimiter: DelimiterOption = ",",
) -> None:
    """Items: item_id, title [category, price, currency, in_stock, url, image, repurchase_days, valid_from, ...]."""
    path = _refused(refused, files)
    _import(context, Request("catalogue", _open(files, delimiter), path, _mapping(column), delta=delta))


def _open(files: list[Path], delimiter: str) -> Source:
    with trouble():
        return Source(files, delimiter=delimiter)


def _refused(path: Path | None, files: list[Path]) -> Path:
    return path or Path(f"{files[0].stem}.refused.csv")


def _mapping(given: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in given or ()]
    if any(not separator for _, separator, _ in pairs):
        raise typer.BadParameter("write FIELD=COLUMN")
    return {field: column for field, _, column in pairs}


def _import(context: typer.Context, request: Request) -> None:
    with trouble(), open_stores(_deployment(context)) as stores:
        report = run_import(request, stores, console)
    show_import(request.kind, report, request.refused)


def show_import(kind: Kind, report: ImportReport, refused: Path) -> None:
    """Print what became of an import."""
    table = Table("rows", "accepted", "in already", "refused", title=f"import {kind}", title_justify="left")
    table.add_row(*(f"{n:,}" for n in (report.rows, report.accepted, report.repeated, report.refused_rows)))
    console.print(table)
    for reason, count in report.refused.most_common(10):
        console.print(f"  {count:,} x {reason}", markup=False)
    if report.refused:
        console.print(f"refused rows: {refused}", markup=False)
    if report.damaged_lines:
        console.print(f"{report.damaged_lines:,} lines had too many or too few columns and were left out")
    if report.ignored_columns:
        console.print(f"columns that no field takes: {', '.join(report.ignored_columns)}", markup=False)


@keys.command("create")
def keys_create(context: typer.Context, scope: Annotated[str, typer.Argument(help="write, decide or admin")]) -> None:
    """Create a key and print it, this once."""
    with trouble():
        sys.stdout.write(create_in(Secret(_deployment(context).keys_secret), scope) + "\n")


@keys.command("revoke")
def keys_revoke(context: typer.Context, key_id: Annotated[str, typer.Argument(help="The 8 hex characters.")]) -> None:
    """Revoke a key; caches forget it within five minutes."""
    with trouble():
        revoke_in(Secret(_deployment(context).keys_secret), key_id)
    console.print(f"{key_id} is revoked")


@keys.command("list")
def keys_list(context: typer.Context) -> None:
    """List the keys' ids, scopes and states."""
    with trouble():
        document = json.loads(Secret(_deployment(context).keys_secret).text() or "{}")
    table = Table("id", "scope", "state")
    for entry in document.get("keys", ()):
        table.add_row(entry["id"], entry["scope"], "revoked" if entry.get("revoked") else "active")
    console.print(table)


@app.command("redrive")
def redrive_records(
    context: typer.Context,
    prefix: Annotated[list[str] | None, typer.Option(help="Only what lies below this prefix.")] = None,
) -> None:
    """Put quarantined and expired records on the stream anew.

    A record of an expired batch that had been folded after all is known by its messageId while it is among the last
    128 messages of its person; after that it counts again. So redrive soon, and such batches before new traffic.
    """
    with trouble():
        names = _deployment(context)
        bucket = S3Bucket(names.quarantine_bucket)
        quarantine, stream = QuarantineBucket(names.quarantine_bucket), KinesisStream(names.event_stream)
        done = redrive(bucket, quarantine, stream, prefixes=tuple(prefix or PREFIXES))
    console.print(f"{done.objects:,} objects: {done.put:,} records put on the stream")
    for reason, count in done.left.items():
        console.print(f"  {count:,} stay: {reason}", markup=False)
    if done.uncertain:
        console.print(
            f"{done.uncertain:,} came from expired batches: one that had been folded, and since then 128 newer messages"
            " of its person, counts twice (docs/exactly-once.md, Redrive)",
            style="yellow",
        )


@app.command("learn")
def learn_now(context: typer.Context, as_of: Annotated[str | None, typer.Option(help="YYYY-MM-DD")] = None) -> None:
    """Run Learn, wait, and print what was published; a kind that could not be trained fails the command, too."""
    with trouble():
        try:
            with console.status("learning"):
                learned = learn(_deployment(context).learn_arn, as_of)
        except LearnFailed as failed:
            if failed.learned:
                _show_learned(failed.learned)
            raise
    _show_learned(learned)


def _show_learned(learned: Learned) -> None:
    table = Table("kind", "published", "version", "reason", title=f"as of {learned.as_of}", title_justify="left")
    for each in learned.trained:
        served = each["published"] or each["state"] == "failed"
        table.add_row(each["kind"], each["state"] if served else "no", each["version"], escape(each["reason"]))
    console.print(table)
    console.print(f"{learned.seconds:.0f} s")


@decisions.command("show")
def decisions_show(context: typer.Context, decision_id: str) -> None:
    """Print a decision's record."""
    with trouble():
        subject, campaign = read_decision_id(decision_id)
        decision = DynamoDecisionStore(_deployment(context).decisions_table).get(subject, campaign)
    if decision is None:
        console.print("there is no such decision")
        raise typer.Exit(1)
    console.print_json(data=decision_json(decision, recorded=True))


@app.command("doctor")
def doctor(context: typer.Context) -> None:
    """Look whether every part of the deployment answers."""
    with trouble():
        findings = list(examine(_deployment(context)))
    table = Table("part", "state")
    for finding in findings:
        table.add_row(finding.part, finding.trouble or "answers")
    console.print(table)
    if any(finding.trouble for finding in findings):
        raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="addressee")
