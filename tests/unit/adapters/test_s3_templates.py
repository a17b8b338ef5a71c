"""Published templates are kept for ever, checked when they are read, and read once."""

import json

import pytest

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.adapters.s3_templates import S3Templates
from addressee.emails.template import InvalidTemplate, to_files
from tests.fakes.s3 import InMemoryS3
from tests.unit.emails.mails import template


def published(s3, body="<p>Hello</p>"):
    """Publish a small template."""
    made = template(body)
    files = to_files(made.manifest, made.html, made.text)
    return made, S3Templates(S3Bucket("emails", s3)).publish(files, made)


def test_what_was_published_is_read_and_current():
    """Publishing it again changes nothing."""
    s3 = InMemoryS3()
    made, changed = published(s3)
    templates = S3Templates(S3Bucket("emails", s3))
    assert changed
    assert templates.get("tiny", made.version) == made
    assert templates.current_version("tiny") == made.version
    assert published(s3) == (made, False)


def test_every_version_stays():
    """Mails of yesterday are rendered again from theirs."""
    s3 = InMemoryS3()
    (first, _), (second, _) = published(s3), published(s3, "other")
    templates = S3Templates(S3Bucket("emails", s3))
    assert templates.current_version("tiny") == second.version
    assert templates.get("tiny", first.version) == first
    assert list(templates.versions()) == sorted([("tiny", first.version), ("tiny", second.version)])


def test_a_file_that_was_changed_is_refused():
    """Its hash is its name."""
    s3 = InMemoryS3()
    made, _ = published(s3)
    s3.objects["emails", f"templates/tiny/{made.version}/html.jinja"] = b"other"
    with pytest.raises(InvalidTemplate, match="the files are those of"):
        S3Templates(S3Bucket("emails", s3)).get("tiny", made.version)


@pytest.mark.parametrize(("name", "version"), [("tiny", "0" * 16), ("../x", "0" * 16), ("tiny", "latest")])
def test_what_was_never_published_is_refused(name, version):
    """Whatever its name."""
    templates = S3Templates(S3Bucket("emails", InMemoryS3()))
    with pytest.raises(InvalidTemplate):
        templates.get(name, version)
    assert templates.current_version(name) is None


def test_a_version_is_read_once():
    """A process asks S3 no second time."""
    s3 = InMemoryS3()
    made, _ = published(s3)
    templates = S3Templates(S3Bucket("emails", s3))
    templates.get("tiny", made.version)
    s3.objects.clear()
    assert templates.get("tiny", made.version) == made


class Contended(InMemoryS3):
    """An S3 in which somebody else names another version current just before each of some conditional writes."""

    def __init__(self, times: int) -> None:
        """Interfere so many times."""
        super().__init__()
        self.left = times

    def put_object(self, **given):
        """Lose the race, then write."""
        if self.left and "current.json" in given["Key"]:
            self.left -= 1
            self.objects["emails", given["Key"]] = json.dumps({"version": f"{self.left:016x}"}).encode()
        return super().put_object(**given)


def test_a_lost_race_is_run_again():
    """The last to publish is current; whoever always loses says so."""
    s3 = Contended(3)
    made, _ = published(s3)
    assert S3Templates(S3Bucket("emails", s3)).current_version("tiny") == made.version
    with pytest.raises(PreconditionFailed):
        published(Contended(99))
