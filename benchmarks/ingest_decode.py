"""`ingest_decode`: how many messages a second are decoded and validated, against json + pydantic."""

from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from time import process_time
from typing import Any

from addressee.events.event import Event
from addressee.events.read import Envelope, read_message
from benchmarks.ingest_decode_corpus import NOW_MS, fuzz, traffic
from benchmarks.ingest_decode_peer import read_with_pydantic
from benchmarks.rows import row

COMMAND = "make bench-ingest"
MESSAGES = 1_000
FUZZED = 4_000
ROUNDS = 15
ENVELOPE = Envelope()


def ours(data: bytes) -> bool:
    """Decode, validate and normalise one message with Addressee's reader; tell whether it was accepted."""
    return isinstance(read_message(data, received_at_ms=NOW_MS, envelope=ENVELOPE), Event)


def peers(data: bytes) -> bool:
    """Decode and validate one message with json + pydantic; tell whether it was accepted."""
    return read_with_pydantic(data, received_at_ms=NOW_MS) is not None


def differences(count: int, *, seed: int) -> list[bytes]:
    """Return the messages of a fuzz corpus that one side accepts and the other refuses."""
    return [data for data in fuzz(count, seed=seed) if ours(data) != peers(data)]


def ingest_decode() -> list[dict[str, Any]]:
    """Measure both sides interleaved, in CPU time, after showing that they accept and refuse the same messages."""
    different = differences(FUZZED, seed=1)
    if different:
        raise AssertionError(f"{len(different)} of {FUZZED} messages are judged differently: {different[0]!r}")
    messages = traffic(MESSAGES, seed=2)
    rounds = [(_per_second(ours, messages), _per_second(peers, messages)) for _ in range(ROUNDS)]
    return [
        row(
            "ingest_decode",
            "decoded and validated",
            "events/s",
            [mine for mine, _ in rounds],
            peer=f"json + pydantic {version('pydantic')}",
            peer_value=median([theirs for _, theirs in rounds]),
            ratio=median([mine / theirs for mine, theirs in rounds]),
            command=COMMAND,
        )
    ]


def _per_second(read: Callable[[bytes], bool], messages: list[bytes]) -> float:
    begin = process_time()
    accepted = sum([read(data) for data in messages])
    elapsed = process_time() - begin
    if accepted != len(messages):
        raise AssertionError(f"{len(messages) - accepted} messages of the traffic were refused")
    return len(messages) / elapsed
