"""`ingest_decode`: how many messages a second are decoded and validated, against json + pydantic."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import median
from time import process_time
from typing import Any

from addressee.events.event import Event
from addressee.events.read import Envelope, read_message
from benchmarks.ingest_decode_corpus import NOW_MS, fuzz, traffic
from benchmarks.ingest_decode_peer import read_with_pydantic, validated
from benchmarks.rows import row

COMMAND = "make bench-ingest"
MESSAGES = 1_000
FUZZED = 4_000
ROUNDS = 15
ENVELOPE = Envelope()


def ours(data: bytes) -> Event | None:
    """Decode, validate and normalise one message with Addressee's reader; None where it is refused."""
    event = read_message(data, received_at_ms=NOW_MS, envelope=ENVELOPE)
    return event if isinstance(event, Event) else None


def peers(data: bytes) -> Event | None:
    """Do the same with json + pydantic."""
    return read_with_pydantic(data, received_at_ms=NOW_MS)


def peers_alone(data: bytes) -> object:
    """Decode and validate with json + pydantic, and stop at the validated model: less than ours does."""
    return validated(data, received_at_ms=NOW_MS)


def differences(count: int, *, seed: int) -> list[bytes]:
    """Return the messages of a fuzz corpus that one side accepts and the other refuses."""
    return [data for data in fuzz(count, seed=seed) if (ours(data) is None) != (peers(data) is None)]


def ingest_decode() -> list[dict[str, Any]]:
    """Measure both sides interleaved, in CPU time, after showing that they accept the same and make the same events."""
    different = differences(FUZZED, seed=1)
    if different:
        raise AssertionError(f"{len(different)} of {FUZZED} messages are judged differently: {different[0]!r}")
    messages = traffic(MESSAGES, seed=2)
    if any(ours(data) != peers(data) for data in messages):
        raise AssertionError("the two sides make different events of the same message")
    rounds = [[_per_second(read, messages) for read in (ours, peers, peers_alone)] for _ in range(ROUNDS)]
    rates, whole, alone = zip(*rounds, strict=True)
    peer = f"json + pydantic {version('pydantic')}"
    return [
        _row("decoded, validated, normalised", rates, whole, peer),
        _row("the same; peer decodes and validates alone", rates, alone, peer),
    ]


def _row(metric: str, rates: Sequence[float], peer_rates: Sequence[float], peer: str) -> dict[str, Any]:
    ratio = median([mine / theirs for mine, theirs in zip(rates, peer_rates, strict=True)])
    figures = {"peer": peer, "peer_value": median(peer_rates), "ratio": ratio, "command": COMMAND}
    return row("ingest_decode", metric, "events/s", rates, **figures)


def _per_second(read: Callable[[bytes], object], messages: list[bytes]) -> float:
    begin = process_time()
    accepted = sum([read(data) is not None for data in messages])
    elapsed = process_time() - begin
    if accepted != len(messages):
        raise AssertionError(f"{len(messages) - accepted} messages of the traffic were refused")
    return len(messages) / elapsed
