"""Templates are named by what they hold, and say what they read."""

import json

import pytest

from addressee.emails.template import (
    HTML,
    MANIFEST,
    InvalidTemplate,
    Text,
    open_template,
    read_manifest,
    template_of,
    to_files,
    version_of,
)
from tests.unit.emails.mails import template

SAID = {"name": "news", "subject": "S", "preheader": "P"}


def files():
    """Write the files of a template."""
    made = template()
    return made, to_files(made.manifest, made.html, made.text)


def test_a_template_is_read_back():
    """What is published is what is opened."""
    made, written = files()
    assert template_of(written) == made
    assert open_template(made.name, made.version, written) == made


def test_every_byte_counts_for_the_version():
    """Change one file, or move a byte between two."""
    made, written = files()
    assert len(made.version) == 16
    others = [{**written, name: body + b" "} for name, body in written.items()]
    assert len({version_of(each) for each in (written, *others)}) == 4


def test_changed_missing_or_other_files_are_refused():
    """A version that is not what its name says is none."""
    made, written = files()
    for wrong in ({**written, HTML: b"other"}, {MANIFEST: written[MANIFEST]}):
        with pytest.raises(InvalidTemplate):
            open_template(made.name, made.version, wrong)
    with pytest.raises(InvalidTemplate, match="tiny"):
        open_template("other", made.version, written)


def test_a_manifest_is_read():
    """A text may say the same to everybody, or something else to people of whom little is known."""
    said = {**SAID, "inputs": {"trait_city": "text"}, "texts": {"a": "x", "b": {"known": "k", "cold": "c"}}}
    manifest = read_manifest(json.dumps({**said, "why": {"popular": "Liked"}, "samples": {"Ada": {}}}).encode())
    assert manifest.texts == {"a": Text("x", "x"), "b": Text("k", "c")}
    assert (manifest.inputs, manifest.why, manifest.samples) == (
        {"trait_city": "text"},
        {"popular": "Liked"},
        {"Ada": {}},
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "No Name"}, "name"),
        ({"name": "../x"}, "name"),
        ({"subject": ""}, "subject"),
        ({"preheader": 5}, "preheader"),
        ({"language": "English"}, "language"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {"age": "text"}}, "inputs.age"),
        ({"inputs": {"first_name": "url"}}, "inputs.first_name"),
        ({"inputs": {"trait_city": "number"}}, "inputs.trait_city"),
        ({"texts": {"first_name": "x"}}, "texts.first_name"),
        ({"texts": {"subject": "x"}}, "texts.subject"),
        ({"texts": {"A": "x"}}, "texts.A"),
        ({"texts": {"a": {"known": "x"}}}, "texts.a"),
        ({"texts": {"a": {"known": "x", "cold": ""}}}, "cold"),
        ({"why": {"popular": ""}}, "popular"),
        ({"samples": {"Ada": 5}}, "Ada"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_manifest_must_not_say_is_named(change, field):
    """Say which field."""
    with pytest.raises(InvalidTemplate, match=field.replace(".", r"\.")):
        read_manifest(json.dumps({**SAID, **change}).encode())


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_what_is_no_manifest_is_refused(body):
    """Not JSON, or no object."""
    with pytest.raises(InvalidTemplate):
        read_manifest(body)
