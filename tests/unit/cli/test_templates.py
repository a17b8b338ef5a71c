"""Templates on the command line: a broken contract refuses the publication and shows why."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_templates import S3Templates
from addressee.emails.template import InvalidTemplate
from cli.deployment import Deployment
from cli.templates import ContractBroken, app, build, preview_html, publish_folder
from tests.fakes.s3 import InMemoryS3
from tests.unit.emails.mails import DIGEST


@pytest.fixture
def folder(tmp_path):
    """Copy the digest, to be changed."""
    return shutil.copytree(DIGEST, tmp_path / "digest")


@pytest.fixture
def templates():
    """Begin with no template."""
    return S3Templates(S3Bucket("emails", InMemoryS3()))


def test_the_digest_is_published(folder, templates):
    """Once compiled it is what mails are rendered from; the same folder is the same version."""
    made = publish_folder(folder, templates)
    assert templates.get("digest", made.version) == made
    assert build(DIGEST).template == made


def test_a_broken_contract_publishes_nothing(folder, templates):
    """And says every reason."""
    footer = folder / "partials" / "footer.mjml"
    footer.write_text(footer.read_text().replace("{{ unsubscribe_url }}", "{{ nobody }}"))
    with pytest.raises(ContractBroken) as broken:
        publish_folder(folder, templates)
    assert ("html", "reads nobody, which is not declared") in broken.value.found
    assert templates.current_version("digest") is None


def test_a_folder_without_a_manifest_is_none(folder):
    """Say which file is missing."""
    (folder / "template.json").unlink()
    with pytest.raises(InvalidTemplate, match=r"template\.json"):
        build(folder)


def test_a_preview_shows_a_sample(folder):
    """The first, or the one that is named."""
    assert "Hello Anna," in preview_html(folder)
    assert "Hello Ben," in preview_html(folder, "Nothing to show")
    with pytest.raises(InvalidTemplate, match="there are 'Anna, a regular'"):
        preview_html(folder, "Nobody")


def run(*words, outputs=None):
    """Run the command."""
    return CliRunner().invoke(app, [str(word) for word in words], obj=outputs)


def test_the_commands_say_what_they_did(folder, tmp_path):
    """Check, preview, and what is wrong."""
    assert "keeps the contract" in run("check", folder).output
    out = tmp_path / "out.html"
    assert run("preview", folder, "--out", out).exit_code == 0
    assert "Hello Anna," in out.read_text()
    (folder / "template.json").write_text('{"name": "digest"}')
    told = run("check", folder)
    assert (told.exit_code, "subject: must be a text" in told.output) == (1, True)


def test_a_violation_is_a_line(folder):
    """Where and what."""
    footer = folder / "partials" / "footer.mjml"
    footer.write_text(footer.read_text().replace("{{ postal_address }}", "here"))
    told = run("check", folder)
    assert told.exit_code == 1
    assert "postal_address is declared but nothing reads it" in told.output


def test_publishing_and_listing_find_the_deployment(folder, tmp_path, monkeypatch):
    """By its outputs."""
    s3 = InMemoryS3()
    monkeypatch.setattr("addressee.adapters.s3.client", lambda _: s3)
    outputs = tmp_path / "outputs.json"
    names = {"".join(map(str.capitalize, each.split("_"))): "emails" for each in Deployment.__dataclass_fields__}
    outputs.write_text(json.dumps({"Addressee": names}))
    assert "is published" in run("publish", folder, outputs=outputs).output
    listed = run("list", outputs=outputs).output
    assert "digest" in listed
    assert "current" in listed
