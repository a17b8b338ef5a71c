"""Kinesis batch -> states, lake, traits, quarantine. Returns only when every record is folded or quarantined."""

import base64
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.adapters.firehose import FirehoseLake
from addressee.adapters.log import log_metrics
from addressee.adapters.quarantine import QuarantineBucket
from addressee.adapters.secrets import Secret, subject_key
from addressee.profiles.batch import Record
from addressee.profiles.update import Ports, update_profiles
from addressee.settings import read_settings

FUNCTION = "update_profiles"
CALLS_AT_ONCE = 24


@dataclass(frozen=True)
class Settings:
    """The environment of this function."""

    profiles_table: str
    lake_stream: str
    quarantine_bucket: str
    subject_secret: str


@dataclass(frozen=True)
class Wiring:
    """What the handler works with."""

    ports: Ports
    secret: Secret


@cache
def wiring() -> Wiring:
    """Build the adapters once per process."""
    settings = read_settings(Settings, os.environ)
    pool = ThreadPoolExecutor(CALLS_AT_ONCE)
    ports = Ports(
        store=DynamoProfileStore(settings.profiles_table, pool),
        lake=FirehoseLake(settings.lake_stream),
        quarantine=QuarantineBucket(settings.quarantine_bucket),
        people=DynamoPersonStore(settings.profiles_table),
        pool=pool,
    )
    return Wiring(ports, Secret(settings.subject_secret))


def handle(event: Mapping[str, Any], _context: object, wired: Wiring | None = None) -> None:
    """Fold one batch. Trouble raises, and AWS gives the whole batch again; partial failures are never reported."""
    wired = wired or wiring()
    records = [read_record(each["kinesis"]) for each in event["Records"]]
    counts = update_profiles(records, wired.ports, key=subject_key(wired.secret))
    log_metrics("updated", asdict(counts), function=FUNCTION)


def read_record(kinesis: Mapping[str, Any]) -> Record:
    """Read one record of the trigger's payload; data that is not base64 is kept as it is, to be refused."""
    data = str(kinesis["data"])
    try:
        decoded = base64.b64decode(data, validate=True)
    except ValueError:
        decoded = data.encode()
    arrived_at_ms = round(float(kinesis["approximateArrivalTimestamp"]) * 1000)
    return Record(kinesis["partitionKey"], kinesis["sequenceNumber"], decoded, arrived_at_ms)
