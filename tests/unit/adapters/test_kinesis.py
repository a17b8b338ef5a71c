"""`KinesisStream`: chunks, retries, and what is given back."""

from random import Random

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from addressee.adapters.kinesis import ATTEMPTS, LONGEST_DELAY_SECONDS, PATIENCE_SECONDS, KinesisStream
from tests.fakes.kinesis import InMemoryKinesis


def stream_over(kinesis, pauses=None):
    """Wrap a fake; pauses are noted instead of slept."""
    return KinesisStream("events", kinesis, random=Random(1), pause=(pauses if pauses is not None else []).append)


def records(count, size=10):
    """Make records of `size` bytes."""
    return [(f"u-{number}", b"x" * size) for number in range(count)]


def test_nothing_is_put_without_a_call():
    """Put an empty list."""
    kinesis = InMemoryKinesis()
    assert stream_over(kinesis).put([]) == []
    assert kinesis.calls == []


def test_calls_hold_at_most_500_records_and_5_mb():
    """Put many small records, then few large ones."""
    kinesis = InMemoryKinesis()
    assert stream_over(kinesis).put(records(1_001)) == []
    assert kinesis.calls == [500, 500, 1]
    kinesis = InMemoryKinesis()
    assert stream_over(kinesis).put(records(12, size=1_000_000)) == []
    assert kinesis.calls == [4, 4, 4]


def test_only_the_failed_part_is_put_again():
    """Let three, then one of them fail."""
    kinesis, pauses = InMemoryKinesis([3, 1]), []
    assert stream_over(kinesis, pauses).put(records(10)) == []
    assert kinesis.calls == [10, 3, 1]
    assert sorted(kinesis.records) == sorted(records(10))
    assert len(pauses) == 2


def test_what_failed_every_time_is_given_back_after_capped_pauses():
    """Let two records fail for ever."""
    kinesis, pauses = InMemoryKinesis([2] * 99), []
    assert stream_over(kinesis, pauses).put(records(3)) == records(2)
    assert len(kinesis.calls) == ATTEMPTS
    assert len(pauses) == ATTEMPTS - 1
    assert all(0 <= pause <= LONGEST_DELAY_SECONDS for pause in pauses)


def test_a_throttled_call_is_repeated_and_a_refused_one_flies():
    """Let whole calls fail."""
    kinesis = InMemoryKinesis(["KMSThrottlingException", "ProvisionedThroughputExceededException"])
    assert stream_over(kinesis).put(records(2)) == []
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        stream_over(InMemoryKinesis(["ResourceNotFoundException"])).put(records(2))


def test_an_endpoint_that_cannot_be_reached_gives_everything_back():
    """Cut the line."""

    class Unreachable:
        """No answer."""

        def put_records(self, **_):
            """Fail to connect."""
            raise EndpointConnectionError(endpoint_url="https://kinesis.example.com")

    assert stream_over(Unreachable()).put(records(2)) == records(2)


def test_a_stream_that_answers_slowly_is_given_up_in_time_to_answer_the_caller():
    """Let each call take four seconds and fail: the patience ends it, chunks that were never tried come back too."""

    class Slow(InMemoryKinesis):
        """Takes its time."""

        seconds = 0.0

        def put_records(self, **given):
            """Pass four seconds."""
            self.seconds += 4
            return super().put_records(**given)

    kinesis = Slow([500] * 99)
    stream = KinesisStream("events", kinesis, pause=lambda _: None, clock=lambda: kinesis.seconds)
    assert len(stream.put(records(2_500))) == 2_500
    assert kinesis.seconds < PATIENCE_SECONDS + 4
    assert kinesis.calls == [500, 500, 500]
