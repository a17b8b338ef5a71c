"""`addressee segments analyse`: pictures and a page of the people in a folder of tables, or in the deployment."""

import sys
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.chunks import MANIFEST
from addressee.models.kinds import kind_of
from addressee.models.table_files import pack_tables, tables_prefix
from addressee.models.train import Run, train
from cli import segments
from cli.main import app
from cli.segment_analysis import find_density, knee
from tests.fakes.s3 import InMemoryS3
from tests.models.generated import generate

PICTURES = {"map.png", "numbers.png", "ward.png", "complete.png", "density.png", "neighbours.png"}
runner = CliRunner()


@cache
def tables():
    """Return the tables of a small shop."""
    return generate(people=150)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write them into a folder."""
    path = tmp_path_factory.mktemp("tables")
    for name, body in pack_tables(tables()).items():
        (path / name).write_bytes(body)
    return path


def analyse(*options):
    """Run the command."""
    return runner.invoke(app, ["segments", "analyse", *map(str, options)], env={"COLUMNS": "200"})


def test_a_folder_of_tables_gives_a_page_with_pictures(folder, tmp_path):
    """Hierarchies, density, maps and numbers as PNG; the page shows each, and the table of segments."""
    done = analyse("--tables", folder, "--out", tmp_path / "out", "--sample", "100")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*PICTURES, "index.html"}
    assert all((tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG") for name in PICTURES)
    page = (tmp_path / "out" / "index.html").read_text()
    assert all(f'src="{name}"' in page for name in PICTURES)
    assert "150 people" in page
    assert "random sample of 100 (seed 0)" in page
    assert 'name="viewport"' in page
    assert "150 people as of 2024-10-04" in done.output
    assert "a random sample of 100" in done.output


def test_the_same_seed_gives_the_same_page(folder, tmp_path):
    """Sampling is seeded; without pictures the page is the table and the agreement."""
    for name in ("one", "two"):
        assert analyse("--tables", folder, "--out", tmp_path / name, "--no-pictures", "--sample", "60").exit_code == 0
    one, two = ((tmp_path / name / "index.html").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"<img" not in one
    assert b"Ward linkage" in one


def test_a_folder_without_tables_is_told(tmp_path):
    """One line and exit code 1."""
    done = analyse("--tables", tmp_path)
    assert done.exit_code == 1
    assert "holds no training tables: " in done.output


def test_a_missing_library_is_told(folder, tmp_path, monkeypatch):
    """Matplotlib is no part of a deployment: the line says how to get it, and how to go without."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "cli.segment_pictures", raising=False)
    done = analyse("--tables", folder, "--out", tmp_path, "--sample", "60")
    assert done.exit_code == 1
    assert "matplotlib is not installed here" in done.output
    assert "--no-pictures" in done.output


@pytest.fixture
def deployed(monkeypatch):
    """Put the tables into the bucket of a deployment."""
    memory = InMemoryS3()
    bucket = S3Bucket("models", memory)
    monkeypatch.setattr(segments, "find_deployment", lambda _: SimpleNamespace(models_bucket="models"))
    monkeypatch.setattr(segments, "S3Bucket", lambda name: S3Bucket(name, memory))
    return bucket


def stored(bucket):
    """Store whole tables, their manifest last."""
    for name, body in {**pack_tables(tables()), MANIFEST: b"{}"}.items():
        bucket.put(tables_prefix(tables().metadata.as_of) + name, body)


def test_the_newest_tables_and_the_served_names_are_taken(deployed, tmp_path):
    """The segments go on from the model that is served, so that names are those of campaigns."""
    stored(deployed)
    bundle = train(Run(kind_of("behaviour_segments"), tables(), seed=3)).bundle
    S3Registry(deployed).publish(bundle)
    done = analyse("--out", tmp_path, "--no-pictures", "--sample", "60")
    assert done.exit_code == 0, done.output
    assert all(name in done.output for name in bundle.meta["settings"]["segments"])


def test_a_model_that_does_not_open_is_left_out(deployed, tmp_path):
    """The command says so and fits one of its own."""
    stored(deployed)
    bundle = train(Run(kind_of("behaviour_segments"), tables(), seed=3)).bundle
    S3Registry(deployed).publish(bundle)
    deployed.put(f"models/behaviour_segments/{bundle.version}/serving.bin", b"half")
    done = analyse("--out", tmp_path, "--no-pictures", "--sample", "60")
    assert done.exit_code == 0, done.output
    assert "the served model is left out" in done.output


def test_a_deployment_that_has_not_learned_is_told(deployed):
    """There are no tables yet."""
    done = analyse()
    assert done.exit_code == 1
    assert "Learn has prepared no training tables yet" in done.output
    assert deployed.get("nothing") is None


def test_a_handful_of_people_is_not_parted(tmp_path):
    """Eleven people are no base for segments."""
    for name, body in pack_tables(generate(people=11)).items():
        (tmp_path / name).write_bytes(body)
    done = analyse("--tables", tmp_path)
    assert done.exit_code == 1
    assert "11 people are too few to part" in done.output


def test_a_knee_is_where_the_curve_bends():
    """A flat curve that rises at its end bends before the rise; a straight line bends nowhere."""
    assert knee(np.array([0.0, 0.1, 0.2, 0.3, 5.0, 10.0])) == 3
    assert knee(np.ones(4)) == 3


def test_density_finds_what_lies_dense_and_leaves_out_what_does_not():
    """Two heaps and a lonely person."""
    rng = np.random.default_rng(0)
    heaps = np.concatenate([rng.normal(size=(60, 2)), 30 + rng.normal(size=(60, 2)), [(200.0, 200.0)]])
    found = find_density(heaps)
    assert found.group.max() == 1
    assert found.group[-1] == -1
