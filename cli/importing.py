"""`addressee import`: files into profiles, lake, quarantine and catalogue, in process, with progress and a report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from addressee.adapters.dynamo_items import DynamoItemStore
from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.s3_lake import S3Lake
from addressee.adapters.secrets import Secret, subject_key
from addressee.profiles.items import ItemStore
from addressee.profiles.update import Ports
from cli.columns import Source
from cli.deployment import Deployment
from cli.import_events import EVENTS, ORDERS, EventImport, event_messages, order_messages
from cli.import_rows import ITEMS, RowImport, subscriber_columns
from cli.refusals import ImportReport, RefusalFile, Run

Kind = Literal["orders", "events", "subscribers", "catalogue"]
THREADS = 16


@dataclass(frozen=True)
class Stores:
    """Where imports go."""

    ports: Ports
    items: ItemStore
    key: bytes


@dataclass(frozen=True)
class Request:
    """What is to be imported: files of one kind, the caller's column names, where refused rows are written."""

    kind: Kind
    source: Source
    refused: Path
    columns: Mapping[str, str]
    traits: Sequence[str] = ()
    delta: bool = False


@contextmanager
def open_stores(deployment: Deployment) -> Iterator[Stores]:
    """Connect to a deployment's tables and buckets."""
    with ThreadPoolExecutor(THREADS) as pool:
        ports = Ports(
            store=DynamoProfileStore(deployment.profiles_table, pool),
            lake=S3Lake(deployment.lake_bucket),
            quarantine=QuarantineBucket(deployment.quarantine_bucket),
            people=DynamoPersonStore(deployment.profiles_table),
            pool=pool,
        )
        yield Stores(ports, DynamoItemStore(deployment.items_table), subject_key(Secret(deployment.subject_secret)))


def run_import(request: Request, stores: Stores, console: Console, *, now_ms: int | None = None) -> ImportReport:
    """Import and return what became of the rows; the same files again change nothing. Raises `UnreadableFile`."""
    report = ImportReport(damaged_lines=request.source.damaged_lines())
    now = int(time() * 1000) if now_ms is None else now_ms
    with _progress(console, request) as advance, RefusalFile(request.refused, report) as refusals:
        run = Run(now, refusals, report, advance)
        found = _events(request, stores, run) if request.kind in {"orders", "events"} else _rows(request, stores, run)
    report.ignored_columns = tuple(name for name in request.source.names if name not in found.values())
    return report


def _events(request: Request, stores: Stores, run: Run) -> Mapping[str, str]:
    columns, read = (ORDERS, order_messages) if request.kind == "orders" else (EVENTS, event_messages)
    found = columns.find(request.source.names, request.columns)
    request.source.name_fields(found, columns.every)
    EventImport(stores.ports, stores.key, request.source.digest(), run).fold(read(request.source))
    return found


def _rows(request: Request, stores: Stores, run: Run) -> Mapping[str, str]:
    rows = RowImport(min(run.now_ms, request.source.as_of_ms()), stores.ports.pool, run)
    if request.kind == "subscribers":
        columns = subscriber_columns(request.source.names, request.columns, request.traits)
        rows.subscribers(request.source, columns, stores.ports.people, key=stores.key)
        return columns.every
    found = ITEMS.find(request.source.names, request.columns)
    rows.items(request.source, found, stores.items, delta=request.delta)
    return found


@contextmanager
def _progress(console: Console, request: Request) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"importing {request.kind}", total=_total(request))
        yield lambda done: progress.advance(task, done)


def _total(request: Request) -> int:
    """Count what will be imported: orders for a file of order lines, else rows."""
    if request.kind != "orders":
        return request.source.count()
    found = ORDERS.find(request.source.names, request.columns)
    request.source.name_fields(found, ORDERS.every)
    ((orders,),) = request.source.select("SELECT count(DISTINCT (user_id, order_id)) FROM fields")
    return int(orders)
