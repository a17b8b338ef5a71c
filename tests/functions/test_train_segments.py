"""`train_models`, of a kind that goes on from the model before: the real handler on tables of two days."""

from dataclasses import replace
from functools import cache

import numpy as np

from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_registry import S3Registry
from addressee.models.table_files import pack_tables, tables_prefix
from functions.train_models.handler import Wiring, handle
from tests.fakes.s3 import InMemoryS3
from tests.models.generated import generate

KIND = "behaviour_segments"
FIRST, SECOND = "2024-10-04", "2024-10-05"


@cache
def tables():
    """Return the tables of the first day."""
    return generate(people=200)


def stored():
    """Return a bucket with the tables of both days; on the second everybody has moved a little."""
    memory = InMemoryS3()
    rng = np.random.default_rng(1)
    moved = tables().now.features * np.exp(0.05 * rng.normal(size=tables().now.features.shape))
    second = replace(tables().metadata, as_of=SECOND)
    later = replace(tables(), metadata=second, now=replace(tables().now, features=moved))
    for day in (tables(), later):
        for name, body in pack_tables(day).items():
            memory.objects["models", tables_prefix(day.metadata.as_of) + name] = body
    return memory


def learn(memory, day):
    """Train on a day's tables and return the answer and the segments of the version that came of it."""
    bucket = S3Bucket("models", memory)
    registry = S3Registry(bucket)
    event = {"kind": KIND, "tables": tables_prefix(day)}
    answer = handle(event, None, Wiring(bucket, registry, now_ms=lambda: 1_735_000_000_000))
    assert answer["published"], answer["reason"]
    return answer, registry.meta(KIND, answer["version"])["settings"]


def test_the_next_day_keeps_the_names_and_says_who_moved():
    """A campaign that names a segment finds it after a retraining; a repeat of the run gives the same version."""
    memory = stored()
    _, before = learn(memory, FIRST)
    answer, after = learn(memory, SECOND)
    assert "movement" not in before["quality"]
    assert set(after["segments"]) & set(before["segments"]) == set(after["quality"]["movement"]["kept"])
    assert len(after["quality"]["movement"]["kept"]) >= len(before["segments"]) - 1
    assert after["quality"]["movement"]["moved"] < 0.3
    again, _ = learn(memory, SECOND)
    assert again["version"] == answer["version"]


def test_a_damaged_model_of_before_stops_nothing():
    """The new one is made from nothing then."""
    memory = stored()
    first, _ = learn(memory, FIRST)
    memory.objects["models", f"models/{KIND}/{first['version']}/serving.bin"] = b"half"
    _, after = learn(memory, SECOND)
    assert "movement" not in after["quality"]
