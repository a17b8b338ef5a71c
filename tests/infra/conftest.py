"""The templates, synthesised once per session with cdk.json's own settings and empty layers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from aws_cdk import App

from infra.app import build
from infra.bundling import ROOT
from infra.layers import Layers
from infra.settings import read_settings

CONTEXT = json.loads((ROOT / "cdk.json").read_text())["context"]
SENDER = {
    "addressee_sender": "Example Shop <mail@shop.example.com>",
    "addressee_postal_address": "1 Example Street, 12345 Example City",
}
"""What a deployer has to say; everything else is as cdk.json ships it."""


class EmptyLayers(Layers):
    """Layers without packages: what templates say does not depend on them."""

    def __init__(self, folder: Path) -> None:
        """Write the one empty zip into `folder`."""
        super().__init__("arm64")
        self._empty = folder / "empty.zip"
        with ZipFile(self._empty, "w") as archive:
            archive.writestr("python/empty.py", "")

    def zipped(self, name: str) -> Path:
        """Return the same empty zip for every name."""
        del name
        return self._empty


@dataclass(frozen=True)
class Synthesised:
    """Both templates of one synthesis, and cdk-nag's report (empty when there was nothing to say)."""

    data: dict[str, Any]
    app: dict[str, Any]
    violations: list[dict[str, Any]]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources of both stacks by logical id."""
        return {**self.data["Resources"], **self.app["Resources"]}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of every resource of one type, such as `AWS::S3::Bucket`."""
        found = {name: each for name, each in self.resources.items() if each["Type"] == kind}
        return {name: each.get("Properties", {}) for name, each in found.items()}

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Return the properties of every function by its name in AWS, such as `addressee-send_email`."""
        return {each["FunctionName"]: each for each in self.of_type("AWS::Lambda::Function").values()}

    def one(self, kind: str, part: str) -> dict[str, Any]:
        """Return the properties of the one resource of a type whose logical id holds `part`."""
        (found,) = [each for name, each in self.of_type(kind).items() if part in name]
        return found


def synthesise(folder: Path, **overrides: str) -> Synthesised:
    """Synthesise the app into `folder`; `overrides` are settings as `-c addressee_<name>=<value>` gives them."""
    given = CONTEXT | SENDER | {f"addressee_{name}": value for name, value in overrides.items()}
    app = App(context=given, outdir=str(folder / "cdk.out"))
    data, stack = build(app, read_settings(app.node.try_get_context), EmptyLayers(folder))
    assembly = app.synth()
    report = folder / "cdk.out" / "validation-report.json"
    found = json.loads(report.read_text())["pluginReports"] if report.exists() else []
    templates = [json.loads(Path(assembly.directory, each.template_file).read_text()) for each in (data, stack)]
    return Synthesised(*templates, [violation for each in found for violation in each["violations"]])


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Synthesised:
    """Synthesise the deployment with default settings."""
    return synthesise(tmp_path_factory.mktemp("live"))
