"""Lock files: each `.in` has its locks, and each lock pins what its `.in` names."""

import re

import pytest

from infra.bundling import ROOT
from infra.locks import Lock, locks

LOCKS = list(locks())
NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,._-]+\])?==([^\s;\\]+)", re.MULTILINE)
EXACT = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)$", re.MULTILINE)


def _named(lock: Lock) -> str:
    return lock.path.relative_to(ROOT).as_posix()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_each_list_of_requirements_has_its_locks_and_each_lock_its_list():
    """One for tools; for a layer one for Lambda and one for the host. No lock is left over."""
    assert {each.path for each in LOCKS} == {
        *(ROOT / "requirements").glob("*.lock"),
        *(ROOT / "layers").glob("*/requirements-*.lock"),
    }
    assert len(LOCKS) >= 13


@pytest.mark.parametrize("lock", LOCKS, ids=_named)
def test_a_lock_pins_what_is_asked_for(lock: Lock):
    """Every name, and where a version is asked for, that version."""
    text, asked = lock.path.read_text(), lock.source.read_text()
    pinned = {_plain(name): version for name, version in PINNED.findall(text)}
    assert {_plain(name) for name in NAME.findall(asked)} <= set(pinned)
    for name, version in EXACT.findall(asked):
        assert pinned[_plain(name)] == version
    assert text.count("--hash=sha256:") >= len(pinned)


def test_layers_are_resolved_for_the_python_of_lambda_and_from_wheels_alone():
    """A source distribution would be built for the machine that deploys."""
    layers = [each for each in LOCKS if each.path.is_relative_to(ROOT / "layers")]
    for lock in layers:
        assert "--only-binary" in lock.options
        assert ("3.14" in lock.options) is lock.path.name.endswith("arm64.lock")
