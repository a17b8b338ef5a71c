"""The Sends queue: batches of ten, each message with its delay, and again what failed."""

import json

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from addressee.adapters.sqs import NoSendMessage, SqsSendQueue, key_of, message_of
from addressee.emails.ports import SendKey

KEYS = [SendKey(f"{number:032x}", "spring") for number in range(23)]


class ToldSqs:
    """A client of SQS; `failures` says for each batch which entries fail, or what it raises."""

    def __init__(self, *failures):
        """Queue nothing yet."""
        self.queued, self.sizes, self._failures = [], [], iter(failures)

    def send_message_batch(self, *, QueueUrl, Entries):  # noqa: N803  # SQS's names
        """Take a batch, at most ten, as told."""
        assert (QueueUrl, len(Entries) <= 10) == ("the-queue", True)
        self.sizes.append(len(Entries))
        failure = next(self._failures, ())
        if isinstance(failure, Exception):
            raise failure
        self.queued += [each for place, each in enumerate(Entries) if place not in failure]
        failed = [{"Id": Entries[place]["Id"], "Code": "InternalError", "SenderFault": False} for place in failure]
        return {"Successful": [], **({"Failed": failed} if failed else {})}

    def get_queue_attributes(self, *, QueueUrl, AttributeNames):  # noqa: N803  # SQS's names
        """Return 3 for whatever is asked."""
        assert QueueUrl == "the-queue"
        return {"Attributes": dict.fromkeys(AttributeNames, "3")}


def queue(*failures):
    """Make a queue that never pauses, and its client."""
    sqs, pauses = ToldSqs(*failures), []
    return SqsSendQueue("the-queue", sqs, pause=pauses.append), sqs, pauses


def test_messages_go_ten_a_call_each_with_its_delay():
    """Nothing failed, nothing paused."""
    sends, sqs, pauses = queue()
    assert sends.put([(key, place) for place, key in enumerate(KEYS)]) == []
    assert (sqs.sizes, pauses) == ([10, 10, 3], [])
    assert [each["DelaySeconds"] for each in sqs.queued] == list(range(23))
    assert [key_of(each["MessageBody"]) for each in sqs.queued] == KEYS
    assert json.loads(sqs.queued[0]["MessageBody"]) == {"subject": "0" * 32, "campaign": "spring"}


def test_what_failed_alone_is_tried_again():
    """After a pause, which grows."""
    sends, sqs, pauses = queue((0, 2), EndpointConnectionError(endpoint_url="x"), ())
    assert sends.put([(key, 7) for key in KEYS[:12]]) == []
    assert (sqs.sizes, pauses) == ([10, 2, 4], [0.2])
    assert sorted(key_of(each["MessageBody"]) for each in sqs.queued) == KEYS[:12]


def test_what_fails_three_times_is_returned():
    """The caller knows what has no message."""
    sends, _, pauses = queue((1,), (0,), (0,))
    assert sends.put([(key, 0) for key in KEYS[:3]]) == [KEYS[1]]
    assert pauses == [0.2, 0.4]


def test_a_refusal_flies():
    """A queue that does not exist is nothing to wait for."""
    sends, _, _ = queue(ClientError({"Error": {"Code": "QueueDoesNotExist"}}, "SendMessageBatch"))
    with pytest.raises(ClientError):
        sends.put([(KEYS[0], 0)])


def test_what_waits_is_visible_or_delayed():
    """What a reader holds is not counted."""
    assert queue()[0].waiting() == 6


def test_a_message_is_read_back():
    """And what is none says so."""
    assert key_of(message_of(KEYS[5])) == KEYS[5]
    with pytest.raises(NoSendMessage):
        key_of("null")
