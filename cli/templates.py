"""`addressee templates`: check, preview, publish and list e-mail templates."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.adapters.s3_templates import S3Templates
from addressee.emails.compile import compile_template
from addressee.emails.compose import compose
from addressee.emails.contract import Violation, violations
from addressee.emails.plain_text import text_template
from addressee.emails.render import Engine, NotRendered
from addressee.emails.samples import BUILT_IN, SAMPLE_KEY, sample_values
from addressee.emails.template import InvalidTemplate, Template, read_manifest, template_of, to_files
from cli.deployment import NotDeployed, find_deployment

MANIFEST_FILE = "template.json"
SUFFIXES = frozenset({".mjml", ".json"})
app = typer.Typer(no_args_is_help=True, help="E-mail templates: check, preview, publish.")
console = Console(emoji=False)
Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Holds template.json and template.mjml.")]


class ContractBroken(Exception):
    """A template may not be published; `found` says why."""

    def __init__(self, found: list[Violation]) -> None:
        """Keep the violations."""
        super().__init__(f"breaks the contract in {len(found)} places")
        self.found = found


class Built(NamedTuple):
    """A compiled template and the files that are published of it."""

    template: Template
    files: dict[str, bytes]


def build(folder: Path) -> Built:
    """Compile a folder. Raises `InvalidTemplate`."""
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in SUFFIXES
    }
    if MANIFEST_FILE not in texts:
        raise InvalidTemplate(f"there is no file {MANIFEST_FILE}")
    manifest = read_manifest(texts[MANIFEST_FILE].encode())
    html = compile_template(texts)
    files = to_files(manifest, html.restore(html.source), text_template(html))
    return Built(template_of(files), files)


def publish_folder(folder: Path, templates: S3Templates) -> Template:
    """Compile, try and publish a folder. Raises `InvalidTemplate` and `ContractBroken`."""
    built = build(folder)
    if found := violations(built.template):
        raise ContractBroken(found)
    templates.publish(built.files, built.template)
    return built.template


def preview_html(folder: Path, sample: str | None = None) -> str:
    """Render a folder's template for a made-up person, the first of its own where none is named."""
    template = build(folder).template
    people = {**template.manifest.samples, **BUILT_IN}
    if sample is not None and sample not in people:
        raise InvalidTemplate(f"there is no sample {sample!r}; there are {', '.join(map(repr, people))}")
    chosen = people[sample or next(iter(people))]
    return compose(template, sample_values(template, chosen), SAMPLE_KEY, Engine()).parts.html


@app.command("check")
def check(folder: Folder) -> None:
    """Compile a template and try it on people of every kind."""
    with _trouble():
        template = build(folder).template
        if found := violations(template):
            raise ContractBroken(found)
    console.print(f"{template.name} {template.version} keeps the contract")


@app.command("publish")
def publish(context: typer.Context, folder: Folder) -> None:
    """Publish a template, if it keeps the contract; new campaigns take it from now on."""
    with _trouble():
        template = publish_folder(folder, _templates(context))
    console.print(f"{template.name} {template.version} is published")


@app.command("preview")
def preview(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("preview.html"),
    sample: Annotated[str | None, typer.Option(help="Which sample; default: the first.")] = None,
) -> None:
    """Write the mail of a made-up person to a file."""
    with _trouble():
        out.write_text(preview_html(folder, sample), encoding="utf-8")
    console.print(f"wrote {out}")


@app.command("list")
def list_templates(context: typer.Context) -> None:
    """List every published version, and which is current."""
    with _trouble():
        templates = _templates(context)
        versions = list(templates.versions())
        current = {name: templates.current_version(name) for name, _ in versions}
    table = Table("template", "version", "state")
    for name, version in versions:
        table.add_row(name, version, "current" if current[name] == version else "")
    console.print(table)


def _templates(context: typer.Context) -> S3Templates:
    return S3Templates(S3Bucket(find_deployment(context.obj).emails_bucket))


@contextmanager
def _trouble() -> Iterator[None]:
    """Turn what can be expected to go wrong into lines and exit code 1."""
    errors = Console(stderr=True, emoji=False)
    try:
        yield
    except ContractBroken as broken:
        for each in broken.found:
            errors.print(f"  {each.where}: {each.what}", style="red", markup=False, highlight=False)
        errors.print(f"addressee: {broken}", style="red", markup=False)
        raise typer.Exit(1) from None
    except (InvalidTemplate, NotRendered, NotDeployed, PreconditionFailed, ClientError, BotoCoreError) as error:
        errors.print(f"addressee: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
