"""What infra/ imports of CDK is type-checked in full, whatever is skipped for speed."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = re.compile(r"from aws_cdk import (aws_\w+)|(?:from|import) aws_cdk\.(aws_\w+)")


def test_every_cdk_module_that_infra_imports_is_followed():
    """A module that is missing from the list would be `Any`, and every mistake with it would pass."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    followed = {name for each in settings if each.get("follow_imports") == "normal" for name in each["module"]}
    sources = "\n".join(path.read_text() for path in (ROOT / "infra").glob("*.py"))
    imported = {f"aws_cdk.{one or other}" for one, other in IMPORTED.findall(sources)}
    assert imported
    assert imported <= followed
