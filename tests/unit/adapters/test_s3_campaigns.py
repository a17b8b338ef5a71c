"""A campaign's objects in the Emails bucket: each written once, and read as it was written."""

import gzip

import pytest

from addressee.adapters.s3 import PreconditionFailed, S3Bucket
from addressee.adapters.s3_campaigns import S3Campaigns
from addressee.emails.plan import Chunk, Recipient
from tests.fakes.s3 import InMemoryS3

CHUNK = Chunk(5, [Recipient("0a", 7), Recipient("0b", 0, "holdout")])


@pytest.fixture
def store():
    """Begin with an empty bucket."""
    s3 = InMemoryS3()
    return S3Campaigns(S3Bucket("emails", s3)), s3


def test_a_chunk_is_read_as_it_was_written(store):
    """Under the key that the architecture names."""
    campaigns, s3 = store
    assert campaigns.get("autumn", 3) is None
    assert campaigns.put_once("autumn", 3, CHUNK) == CHUNK
    assert campaigns.get("autumn", 3) == CHUNK
    assert list(s3.objects) == [("emails", "campaigns/autumn/recipients/00003.json.gz")]


def test_the_first_list_stands(store):
    """A second writer gets it, and the object keeps its bytes."""
    campaigns, s3 = store
    campaigns.put_once("autumn", 0, CHUNK)
    before = dict(s3.objects)
    assert campaigns.put_once("autumn", 0, Chunk(9, [])) == CHUNK
    assert s3.objects == before


def test_the_same_list_has_the_same_bytes(store):
    """No time stamp of the compressor is in them."""
    campaigns, s3 = store
    campaigns.put_once("autumn", 0, CHUNK)
    campaigns.put_once("winter", 0, CHUNK)
    one, other = s3.objects.values()
    assert one == other
    assert gzip.decompress(one) == b'{"planned_at_ms":5,"recipients":[["0a",7,""],["0b",0,"holdout"]]}'


def test_lists_are_numbered_and_read_one_after_the_other(store):
    """Those of a campaign whose name begins alike are not among them."""
    campaigns, _ = store
    for number in (11, 2, 0):
        campaigns.put_once("autumn", number, Chunk(1, [Recipient(f"{number:02}", 1)]))
    campaigns.put_once("autumn-2", 5, CHUNK)
    assert campaigns.numbers("autumn") == [0, 2, 11]
    assert [each.subject for each in campaigns.recipients("autumn")] == ["00", "02", "11"]
    assert campaigns.numbers("nothing") == []


def test_the_manifest_is_written_once(store):
    """Chunks keep their bounds."""
    campaigns, _ = store
    assert campaigns.manifest("autumn") == []
    items = [{"campaign": "autumn", "segment": 0, "of": 1}]
    assert campaigns.put_manifest("autumn", items) == items
    assert campaigns.put_manifest("autumn", []) == items
    assert campaigns.manifest("autumn") == items


class Vanishing(InMemoryS3):
    """Refuses to write over an object, which then is gone."""

    def put_object(self, **given):
        """Lose the race."""
        super().put_object(**given)
        return super().put_object(**given)

    def get_object(self, **given):
        """Find nothing."""
        self.objects.clear()
        return super().get_object(**given)


def test_a_conflict_with_an_object_that_is_gone_again_is_an_error():
    """The write is to be repeated."""
    with pytest.raises(PreconditionFailed):
        S3Campaigns(S3Bucket("emails", Vanishing())).put_once("autumn", 0, CHUNK)
