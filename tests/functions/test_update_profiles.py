"""The handler of `update_profiles` under an event source that behaves as AWS's does."""

import json
from pathlib import Path
from random import Random

import pytest

from addressee.adapters.secrets import Secret
from addressee.profiles.batch import Record
from cli.redrive import Left, Ready, plan_batch
from functions.update_profiles.handler import Wiring, handle, read_record, wiring
from tests.event_source import MAX_AGE_MS, EventSource
from tests.fakes.secrets import InMemorySecrets
from tests.fakes.watched import Crash, Watch, crash_at
from tests.shoppers import KEY, NOW_MS, assert_same_world, fresh_ports, order, simulate, state_of, user_subject

SAMPLE = json.loads(Path("events/update_profiles.json").read_text(encoding="utf-8"))
PORTS = ("store", "lake", "quarantine", "people")


def wired(ports):
    """Wire the handler to ports in memory."""
    return Wiring(ports, Secret("subject", secrets=InMemorySecrets(KEY.decode())))


def source_of(ports, **settings):
    """Put an event source in front of the real handler."""
    wires = wired(ports)
    return EventSource(lambda event: handle(event, None, wires), now_ms=NOW_MS, **settings)


def told(story):
    """Tell a story without trouble."""
    ports = fresh_ports()
    source = source_of(ports)
    for key, data in story.messages:
        source.put(key, data)
    source.run()
    assert not source.errors
    return ports


def test_the_sample_payload_is_folded_and_logged(capsys):
    """Handle `events/update_profiles.json`: three events, one of them a copy, and a record that is no message."""
    ports = fresh_ports()
    assert handle(SAMPLE, None, wired(ports)) is None
    line = json.loads(capsys.readouterr().out)
    counts = {name: line[name] for name in ("records", "folded", "duplicates", "quarantined", "conflicts")}
    assert counts == {"records": 4, "folded": 2, "duplicates": 1, "quarantined": 1, "conflicts": 0}
    assert line["dropped_addresses"] == 0
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], line["function"]) == (
        "Addressee",
        [["function"]],
        "update_profiles",
    )
    assert state_of(ports, user_subject("user-1")).orders == 1


def test_data_that_is_no_base64_is_kept_as_it_is():
    """Refuse it later, with the original."""
    kinesis = {"partitionKey": "u", "sequenceNumber": "1", "data": "%", "approximateArrivalTimestamp": 1.5}
    assert read_record(kinesis) == Record("u", "1", b"%", 1500)


@pytest.mark.parametrize("seed", range(6))
def test_trouble_of_every_kind_gives_the_same_profiles(seed):
    """Two shards, a reshard, crashes, bisected and whole retries, copies: all as if nothing had happened."""
    rng = Random(seed)
    story = simulate(rng)
    ports = fresh_ports()

    def hook(number, name):
        if rng.random() < 1 / 25:
            raise Crash(f"{name} {number}")

    source = source_of(Watch(before=hook, after=hook).ports(ports, *PORTS), rng=rng)
    source.batch_size, source.bisect, source.replays = 12, seed % 2 == 0, 0.4
    middle = len(story.messages) // 2
    for number, (key, data) in enumerate(story.messages):
        if number == middle:
            source.reshard()
        source.put(key, data)
    source.run()
    assert source.errors
    assert not source.failures
    assert_same_world(ports, told(story), story)


def test_expired_batches_lie_in_the_failure_bucket_and_redriving_folds_them():
    """Let the handler fail for a day; what expired is put on the stream anew and counts once."""
    ports = fresh_ports()
    down = True

    def hook(_number, _name):
        if down:
            raise Crash

    source = source_of(Watch(before=hook).ports(ports, "lake"))
    for number in range(5):
        source.put("u", order(f"m{number}", userId="u"))
    source.put("u", b"garbage")
    source.bisect = False
    source.step(source.shards[0] if source.shards[0].records else source.shards[1])
    source.now_ms += MAX_AGE_MS + 60_000
    source.run()
    down = False
    assert not ports.store.rows
    (failure,) = source.failures.values()
    outcomes = plan_batch(failure)
    assert [type(each) for each in outcomes] == [Ready] * 5 + [Left]
    for each in [*outcomes, *outcomes]:
        if isinstance(each, Ready):
            source.put(each.partition_key, each.data)
    source.run()
    assert state_of(ports, user_subject("u")).orders == 5
    assert {row["received_at_ms"] for row in ports.lake.rows} == {NOW_MS - 1000}


def test_a_fault_raises_so_that_the_batch_comes_again():
    """Report no partial failure."""
    watched = Watch(before=crash_at(1)).ports(fresh_ports(), *PORTS)
    with pytest.raises(Crash):
        handle(SAMPLE, None, wired(watched))


def test_the_wiring_is_built_from_the_environment(monkeypatch):
    """Build the adapters from the variables that the template sets."""
    for variable in ("PROFILES_TABLE", "LAKE_STREAM", "QUARANTINE_BUCKET", "SUBJECT_SECRET", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, "us-east-1")
    assert isinstance(wiring(), Wiring)
    wiring.cache_clear()
