"""Champions are loaded once, follow their pointer without a cold start, and survive every fault."""

import json
from array import array

import pytest

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_models import S3Models
from addressee.decisions.ports import Unavailable
from addressee.models.bundle import seal
from addressee.models.packed import pack
from addressee.models.registry import POINTER_KEY
from addressee.profiles.features import FEATURE_HASH, FEATURE_NAMES
from tests.fakes.decisions import Broken
from tests.fakes.s3 import InMemoryS3

BUCKET = "models"
KIND = "buys_in_7_days"


class Counting(InMemoryS3):
    """An S3 that notes which keys are asked for."""

    def __init__(self):
        """Begin unasked."""
        super().__init__()
        self.asked = []

    def get_object(self, **given):
        """Note and read."""
        self.asked.append(given["Key"])
        return super().get_object(**given)


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self):
        """Return the time."""
        return self.now


def publish(s3, bias, *, kind=KIND, feature_hash=FEATURE_HASH):
    """Publish a logistic model; `bias` makes versions differ."""
    width = len(FEATURE_NAMES)
    sections = {name: array("d", [value] * width) for name, value in (("weight", 0.0), ("mean", 0.0), ("scale", 1.0))}
    sections["bias"] = array("d", [bias])
    about = {
        "family": "logistic",
        "features": list(FEATURE_NAMES),
        "feature_hash": feature_hash,
        "settings": {"features": width},
    }
    bundle = seal(kind, "2026-01-31", {"serving.bin": pack(sections)}, about)
    for name, body in bundle.files.items():
        s3.objects[BUCKET, f"models/{kind}/{bundle.version}/{name}"] = body
    point(s3, **{kind: bundle.version})
    return bundle.version


def point(s3, *, challenger="", share=0.0, **versions):
    """Point to versions, others staying as they were."""
    known = json.loads(s3.objects.get((BUCKET, POINTER_KEY), b"{}"))
    trial = {"challenger": challenger, "canary_share": share} if challenger else {}
    known.update({kind: {"champion": version, **trial} for kind, version in versions.items()})
    s3.objects[BUCKET, POINTER_KEY] = json.dumps(known).encode()


@pytest.fixture
def world():
    """Make a bucket, a clock, a list of faults and the models."""
    s3, clock, faults = Counting(), Clock(), []
    models = S3Models(S3Bucket(BUCKET, s3), on_fault=lambda kind, reason: faults.append((kind, reason)), clock=clock)
    return s3, clock, faults, models


def probability(models):
    """Score somebody."""
    return models.current().scorers[KIND].score([0.0] * len(FEATURE_NAMES))


def test_a_champion_is_loaded_once_and_asked_after_once_a_minute(world):
    """A warm call reads nothing; after a minute one conditional read."""
    s3, clock, faults, models = world
    version = publish(s3, 0.0)
    assert probability(models) == 0.5
    assert models.current().versions == {KIND: version}
    assert len(s3.asked) == 3
    clock.now = 59.0
    models.current()
    assert len(s3.asked) == 3
    clock.now = 61.0
    models.current()
    assert (s3.asked[3:], faults) == ([POINTER_KEY], [])


def test_a_new_champion_is_served_without_a_cold_start(world):
    """The pointer moved: within a minute the new model answers."""
    s3, clock, _, models = world
    publish(s3, 0.0)
    models.refresh()
    publish(s3, 100.0)
    assert probability(models) == 0.5
    clock.now = 61.0
    assert probability(models) == 1.0


def test_a_kind_that_is_withdrawn_is_served_no_longer(world):
    """What the pointer does not name is gone."""
    s3, clock, _, models = world
    publish(s3, 0.0)
    models.refresh()
    s3.objects[BUCKET, POINTER_KEY] = b"{}"
    clock.now = 61.0
    assert models.current().scorers == {}


def test_without_a_pointer_there_are_no_models_and_no_fault(world):
    """Before the first training everything goes on, a rung further down."""
    _, _, faults, models = world
    assert (models.current().versions, faults) == ({}, [])


@pytest.mark.parametrize("damage", ["missing", "flipped", "other features", "no family"])
def test_a_bundle_that_is_refused_leaves_the_old_one(world, damage):
    """The old model of that kind serves on; it is tried again a minute later."""
    s3, clock, faults, models = world
    old = publish(s3, 0.0)
    models.refresh()
    new = publish(s3, 100.0, feature_hash="x" if damage == "other features" else FEATURE_HASH)
    key = (BUCKET, f"models/{KIND}/{new}/serving.bin")
    if damage == "missing":
        del s3.objects[key]
    elif damage == "flipped":
        s3.objects[key] = s3.objects[key][:-1] + b"\x01"
    elif damage == "no family":
        s3.objects[BUCKET, f"models/{KIND}/{new}/bundle.json"] = b"{}"
    for minute in (1, 2):
        clock.now = minute * 61.0
        assert probability(models) == 0.5
        assert models.current().versions == {KIND: old}
        assert len(faults) == minute
    assert faults[0][0] == KIND


def test_one_refused_kind_does_not_cost_the_others(world):
    """Each kind stands for itself."""
    s3, _, faults, models = world
    publish(s3, 0.0)
    point(s3, discover="2026-01-31-gone")
    assert probability(models) == 0.5
    assert faults[0][0] == "discover"


def test_an_outage_before_the_first_load_is_unavailable_and_tried_again(world):
    """Not on every call: once in ten seconds."""
    s3, clock, faults, models = world
    publish(s3, 0.0)
    away = S3Models(S3Bucket(BUCKET, Broken()), on_fault=lambda *fault: faults.append(fault), clock=clock)
    for _ in range(3):
        with pytest.raises(Unavailable):
            away.current()
    assert faults == [(POINTER_KEY, "TimeoutError")]
    clock.now = 11.0
    with pytest.raises(Unavailable):
        away.current()
    assert len(faults) == 2
    assert probability(models) == 0.5


def test_an_outage_later_keeps_what_is_loaded(world):
    """A damaged pointer too."""
    s3, clock, faults, models = world
    publish(s3, 0.0)
    models.refresh()
    s3.objects[BUCKET, POINTER_KEY] = b"{"
    clock.now = 61.0
    assert probability(models) == 0.5
    assert faults == [(POINTER_KEY, "JSONDecodeError")]


def tried(models, subject="somebody"):
    """Score somebody with the model that they get."""
    return models.current().of(subject).scorers[KIND].score([0.0] * len(FEATURE_NAMES))


def test_a_challenger_is_loaded_beside_its_champion_and_moves_up_without_being_read_again(world):
    """Canary begins, ends by promotion, and the next one by a rollback: each within a minute."""
    s3, clock, faults, models = world
    old, new = publish(s3, 0.0), publish(s3, 100.0)
    point(s3, challenger=new, share=1.0, **{KIND: old})
    assert (probability(models), tried(models), models.current().versions) == (0.5, 1.0, {KIND: old})
    read = len(s3.asked)
    point(s3, **{KIND: new})
    clock.now = 61.0
    assert (probability(models), models.current().trials, s3.asked[read:]) == (1.0, {}, [POINTER_KEY])
    point(s3, challenger=old, share=1.0, **{KIND: new})
    clock.now = 122.0
    assert tried(models) == 0.5
    point(s3, **{KIND: new})
    clock.now = 183.0
    assert (tried(models), faults) == (1.0, [])


def test_a_share_that_changes_costs_no_loading(world):
    """Only the pointer is read."""
    s3, clock, _, models = world
    old, new = publish(s3, 0.0), publish(s3, 100.0)
    point(s3, challenger=new, share=0.0001, **{KIND: old})
    assert tried(models) == 0.5
    read = len(s3.asked)
    point(s3, challenger=new, share=1.0, **{KIND: old})
    clock.now = 61.0
    assert (tried(models), s3.asked[read:]) == (1.0, [POINTER_KEY])


def test_a_challenger_that_is_refused_leaves_its_people_to_the_champion(world):
    """It is a fault of each of their decisions, and is tried again a minute later."""
    s3, clock, faults, models = world
    old, new = publish(s3, 0.0), publish(s3, 100.0)
    body = s3.objects.pop((BUCKET, f"models/{KIND}/{new}/serving.bin"))
    point(s3, challenger=new, share=1.0, **{KIND: old})
    mine = models.current().of("somebody")
    assert (tried(models), mine.versions, mine.faults) == (0.5, {KIND: old}, {KIND: "NotLoaded"})
    assert [kind for kind, _ in faults] == [KIND]
    s3.objects[BUCKET, f"models/{KIND}/{new}/serving.bin"] = body
    clock.now = 61.0
    assert (tried(models), len(faults)) == (1.0, 1)
