"""`addressee segments`: look at the segments of people, beside other ways of grouping them."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from addressee.adapters.model_tables import TablesMissing, newest_tables, tables_of
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.bundle import BundleRefused, open_bundle
from addressee.models.kind import Fitted, fitted_of
from addressee.models.registry import Pointer
from addressee.models.table_files import read_tables
from addressee.models.tables import Tables
from cli.deployment import find_deployment
from cli.trouble import trouble

if TYPE_CHECKING:
    from cli.segment_analysis import Analysis

KIND = "behaviour_segments"
FOLDER = Path(".addressee/segments")
LEAST_PEOPLE = 12
app = typer.Typer(no_args_is_help=True, help="Segments of people, and other ways of grouping them.")
console = Console(emoji=False)


class NothingToAnalyse(Exception):
    """There are no training tables, or hardly anybody in them; the message says where."""


class AnalysisNeeds(Exception):
    """A library that only this command uses is not installed here."""


class Source(NamedTuple):
    """The tables, and the model that is served, if any, with its features' hash."""

    tables: Tables
    served: Fitted | None
    feature_hash: str


@app.callback()
def segments() -> None:
    """Segments of people, and other ways of grouping them."""


@app.command("analyse")
def analyse_segments(  # noqa: PLR0913, PLR0917  # one parameter an option
    context: typer.Context,
    tables: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Training tables; default: the newest there are.")
    ] = None,
    out: Annotated[Path, typer.Option(file_okay=False, help="Where the page and its pictures go.")] = FOLDER,
    sample: Annotated[int, typer.Option(min=50, max=5_000, help="People in hierarchies and maps.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Which people those are.")] = 0,
    pictures: Annotated[bool, typer.Option(help="Draw pictures; needs matplotlib.")] = True,  # noqa: FBT002  # a flag
) -> None:
    """Compare K-Means with hierarchies and DBSCAN: a table, and a page with pictures."""
    with trouble(NothingToAnalyse, TablesMissing, AnalysisNeeds), console.status("analysing"):
        source = _of_folder(tables) if tables else _of_deployment(context.obj)
        module = _needed("cli.segment_analysis")
        fitted = _fitted(source, module.fit_now)
        analysis = module.analyse(source.tables, fitted, sample=sample, seed=seed)
        drawn = _needed("cli.segment_pictures").pictures(analysis) if pictures else {}
        written = _write(out, drawn, _needed("cli.segment_page").page(analysis, list(drawn), seed=seed))
    _say(analysis, written)


def _needed(module: str) -> Any:  # noqa: ANN401  # a module of this program
    """Import what is slow to load, or may miss its library. Raises `AnalysisNeeds`."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise AnalysisNeeds(
            f"{error.name} is not installed here; the command needs scikit-learn, scipy and, for its pictures,"
            " matplotlib: `pip install matplotlib scikit-learn`, or --no-pictures for the table alone"
        ) from error


def _of_folder(folder: Path) -> Source:
    try:
        found = read_tables(lambda name: (folder / name).read_bytes())
    except FileNotFoundError as error:
        raise NothingToAnalyse(f"{folder} holds no training tables: {error.filename} is missing") from error
    return _source(found, None, str(folder))


def _of_deployment(outputs: Path | None) -> Source:
    """Read the newest tables, and the model that is served if it opens."""
    bucket = S3Bucket(find_deployment(outputs).models_bucket)
    day = newest_tables(bucket)
    if not day:
        raise NothingToAnalyse("Learn has prepared no training tables yet: `addressee learn`")
    registry = S3Registry(bucket)
    version = registry.pointers().get(KIND, Pointer("")).champion
    return _source(tables_of(bucket, day), registry.files(KIND, version) if version else None, f"the tables of {day}")


def _source(tables: Tables, files: Mapping[str, bytes] | None, where: str) -> Source:
    if len(tables.subjects) < LEAST_PEOPLE:
        raise NothingToAnalyse(f"{where}: {len(tables.subjects)} people are too few to part")
    known = tables.metadata.feature_hash
    try:
        served = fitted_of(open_bundle(KIND, files, feature_hash=known)) if files else None
    except BundleRefused as error:
        console.print(f"the served model is left out: {error}", style="yellow", markup=False)
        served = None
    return Source(tables, served, known)


def _fitted(source: Source, fit_now: Callable[[Tables, Mapping[str, Any] | None, Fitted | None], Fitted]) -> Fitted:
    """Fit on the people of these tables, from the served model on: the same names and nearly the same places."""
    return fit_now(source.tables, source.served.recipe if source.served else None, source.served)


def _write(folder: Path, drawn: Mapping[str, bytes], page: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in drawn.items():
        (folder / name).write_bytes(body)
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _say(analysis: "Analysis", written: Path) -> None:
    table = Table("segment", "people", "share", "between two", "what sets them apart", title_justify="left")
    table.title = f"{analysis.people:,} people as of {analysis.as_of}"
    for row in analysis.table:
        told = ", ".join(row.defining[:3])
        table.add_row(row.name, f"{row.people:,}", f"{row.share:.1%}", f"{row.overlap:.1%}", told)
    console.print(table)
    for text in analysis.quality["warnings"]:
        console.print(text, style="yellow", markup=False)
    agreed = ", ".join(f"{name} {value:.2f}" for name, value in analysis.agreement.items())
    console.print(f"agreement with K-Means (adjusted Rand index): {agreed}", markup=False, highlight=False)
    if len(analysis.points) < analysis.people:
        console.print(f"hierarchies, density and maps: a random sample of {len(analysis.points):,}", markup=False)
    console.print(str(written), markup=False, highlight=False, soft_wrap=True)
