"""`update_profiles` dies before or after any call, or runs beside another: nothing is lost or counted twice."""

from random import Random

import pytest

from addressee.profiles.update import update_profiles
from tests.fakes.watched import Crash, Watch, crash_at
from tests.shoppers import (
    KEY,
    assert_same_world,
    fresh_ports,
    order,
    record,
    records_of,
    simulate,
    state_of,
    user_subject,
)

PORTS = ("store", "lake", "quarantine", "people")


def batches_of(story, size=25):
    """Cut a story into batches of records."""
    records = records_of(story.messages)
    return [records[start : start + size] for start in range(0, len(records), size)]


def told(story, ports):
    """Tell a story without trouble."""
    for batch in batches_of(story):
        update_profiles(batch, ports, key=KEY)
    return ports


def repeat_until_done(batch, ports):
    """Give a batch again as long as it crashes; count the crashes."""
    crashes = 0
    while True:
        try:
            update_profiles(batch, ports, key=KEY)
        except Crash:
            crashes += 1
        else:
            return crashes


@pytest.mark.no_cover  # other tests cover these lines; here they run by the thousand
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("seed", range(3))
def test_a_crash_at_any_call_changes_nothing_in_the_end(seed, when):
    """Crash once at every call in turn, and redeliver."""
    story = simulate(Random(seed), users=2, steps=40)
    expected = told(story, fresh_ports())
    number, crashes = 0, 1
    while crashes:
        number += 1
        ports = fresh_ports()
        watched = Watch(**{when: crash_at(number)}).ports(ports, *PORTS)
        crashes = sum(repeat_until_done(batch, watched) for batch in batches_of(story))
        assert_same_world(ports, expected, story)
    assert number > 20


@pytest.mark.parametrize("seed", range(10))
def test_crashes_everywhere_at_random_change_nothing_in_the_end(seed):
    """Crash at one call in six, before or after it, in redeliveries too."""
    story = simulate(Random(seed))
    expected = told(story, fresh_ports())
    dice = Random(seed + 1)

    def hook(number, name):
        if dice.random() < 1 / 12:
            raise Crash(f"{name} {number}")

    ports = fresh_ports()
    watched = Watch(before=hook, after=hook).ports(ports, *PORTS)
    crashes = sum(repeat_until_done(batch, watched) for batch in batches_of(story, 7))
    assert crashes > 5
    assert_same_world(ports, expected, story)


@pytest.mark.parametrize("seed", range(10))
def test_two_invocations_interleaved_at_any_call_change_nothing(seed):
    """Run the next batch of another shard in the middle of one, at calls drawn at random."""
    story = simulate(Random(seed))
    expected = told(story, fresh_ports())
    ports = fresh_ports()
    records = records_of(story.messages)
    shards = [[each for each in records if shard_of(each) == shard] for shard in (0, 1)]
    dice = Random(seed)

    def take(shard):
        size = dice.randint(1, 3)
        batch, shards[shard] = shards[shard][:size], shards[shard][size:]
        return batch

    def meddle(_number, _name):
        if dice.random() < 0.2 and shards[1]:
            update_profiles(take(1), ports, key=KEY)

    watched = Watch(before=meddle, after=meddle).ports(ports, *PORTS)
    conflicts = 0
    while shards[0]:
        conflicts += update_profiles(take(0), watched, key=KEY).conflicts
    while shards[1]:
        update_profiles(take(1), ports, key=KEY)
    assert conflicts
    assert_same_world(ports, expected, story)


def shard_of(one):
    """Put visitors on one of two shards and users on the other."""
    return int("browser" in one.partition_key)


def test_the_merge_row_is_written_again_by_the_message_that_made_it():
    """Crash between the merge's transaction and its row in the lake; the redelivery writes the row."""
    ports = fresh_ports()
    batch = [record(1, "v", order("m1", anonymousId="v")), record(2, "u", order("m2", userId="u", anonymousId="v"))]

    def die(_number, name):
        if name == "merge":
            raise Crash

    with pytest.raises(Crash):
        update_profiles(batch, Watch(after=die).ports(ports, "store"), key=KEY)
    assert [row["kind"] for row in ports.lake.rows] == ["track", "track"]
    update_profiles(batch, ports, key=KEY)
    assert [row["subject"] for row in ports.lake.rows if row["kind"] == "merge"] == [user_subject("u")]
    assert state_of(ports, user_subject("u")).orders == 2
