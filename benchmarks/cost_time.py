"""How long the functions behind a mail run: the real handlers and use cases, on stores that answer as late as AWS's.

The twin's own REPORT lines would not do: its one process answers some 300 calls a second, so calls wait for each other.
"""

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any

from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.dynamo_profiles import DynamoProfileStore
from addressee.adapters.firehose import FirehoseLake
from addressee.adapters.quarantine import QuarantineBucket
from addressee.decisions.campaign import Campaign
from addressee.decisions.person import read_person
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.compose import MailRenderer, Settings
from addressee.emails.deliver import Delivery
from addressee.emails.dispatch import Dispatching, dispatch
from addressee.emails.mime import Sender
from addressee.emails.plan import PlanPorts, plan_chunk
from addressee.emails.ports import Quota
from addressee.emails.prepare import Making
from addressee.emails.samples import SAMPLE_KEY
from addressee.emails.send import Send, slot_of, tag_of
from addressee.feedback.record import Ports
from addressee.profiles.batch import Record
from addressee.profiles.subject import subject_of
from addressee.profiles.update import Ports as Folding
from addressee.profiles.update import update_profiles
from benchmarks.cost_functions import EVENTS, Batches
from benchmarks.rendering import DIGEST
from benchmarks.rendering_memory import Memory, Published
from benchmarks.serving_world import NOW_MS, make_world
from benchmarks.slow_services import SlowBucket, SlowDeliveryStream, SlowTable
from cli.templates import build
from functions.record_feedback.handler import Wiring as Recording
from functions.record_feedback.handler import handle as record
from functions.send_email.handler import Wiring as Sending
from functions.send_email.handler import handle as send
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.decisions import InMemoryPeople
from tests.fakes.mailer import InMemoryMailer, ToldQuotas
from tests.fakes.queue import InMemoryQueue
from tests.fakes.recipients import InMemoryRecipients
from tests.fakes.sends import InMemorySends
from tests.fakes.suppressions import InMemorySuppressions
from tests.fakes.touches import InMemoryTouches

THREADS = 10
MANY = 500
ROUNDS = 5
TABLE_SECONDS, MAIL_SECONDS = 0.005, 0.08
"""Assumed: a call of a table, stream or queue; SES's answer, on a connection made anew."""
WHOLE_CPU_MB = 1_769
"""The memory with which a Lambda has one vCPU; with less it has that share of it."""
CAMPAIGN = "cost"
KEY = b"a key of this benchmark"
SAMPLE = json.loads((Path(__file__).parents[1] / "events" / "record_feedback.json").read_text(encoding="utf-8"))


class Late:
    """A port that answers late; its own rules stay."""

    def __init__(self, port: object, seconds: float = TABLE_SECONDS) -> None:
        """Wrap `port`."""
        self._port, self._seconds = port, seconds

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the port's own method, late."""
        method = getattr(self._port, name)

        def late(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            sleep(self._seconds)
            return method(*given, **named)

        return late


def seconds_per_mail(memory_mb: Mapping[str, int], batches: Batches) -> dict[str, float]:
    """Return what each function is billed for one mail, seconds, at its memory; whole batches nearest to the means."""
    mails, events, messages = (max(round(each), 1) for each in batches)
    runs: dict[str, tuple[Callable[[], object], float]] = {
        "send_email": (_sending(mails), mails),
        "record_feedback": (_recording(events), events / EVENTS),
        "plan_campaign": (_planning(), MANY),
        "dispatch_sends": (_dispatching(), MANY),
        "update_profiles": (_folding(messages), messages / EVENTS),
    }
    return {name: _billed(run, memory_mb[name]) / count for name, (run, count) in runs.items()}


def idle_dispatch_seconds(memory_mb: int) -> float:
    """Return what the run of a minute without work is billed, seconds."""
    ports = Dispatching(
        Late(InMemorySends()), Late(InMemoryCampaigns()), Late(InMemoryQueue()), Late(ToldQuotas(Quota(100, -1, 0)))
    )
    return _billed(lambda: dispatch(ports, now_ms=NOW_MS, unknown_after_ms=86_400_000), memory_mb)


def _billed(run: Callable[[], object], memory_mb: int) -> float:
    """Time a run, and add what its CPU takes longer on the share of a vCPU that comes with the memory."""
    spent = []
    for _ in range(ROUNDS):
        wall, cpu = perf_counter(), process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            run()
        slower = max(WHOLE_CPU_MB / memory_mb - 1, 0)
        spent.append(perf_counter() - wall + slower * (process_time() - cpu))
    return median(spent)


def _subject(number: int) -> str:
    return f"{number:032x}"


def _standing() -> Standing:
    template = build(DIGEST).template
    rules = Campaign(CAMPAIGN, repurchase_days={"*": 14})
    return Standing(
        EmailCampaign(CAMPAIGN, rules, template.name, template.version, 0, NOW_MS + 86_400_000, 0), planning="planned"
    )


def _rows(state: Any, count: int) -> list[Send]:  # noqa: ANN401  # a state's name
    return [
        Send(_subject(n), CAMPAIGN, state, slot=slot_of(_subject(n), NOW_MS), due_ms=NOW_MS, queued_at_ms=NOW_MS)
        for n in range(count)
    ]


def _sending(batch: int) -> Callable[[], object]:
    """Send a batch, each mail to somebody with all rows that a profile can have."""
    world = make_world()
    memory = Memory(world)
    settings = Settings(Sender("Example Shop", "news@example.com"), "1 Example Street", "https://links.example.com")
    renderer = MailRenderer(Published(build(DIGEST).template), memory, lambda: SAMPLE_KEY, settings)
    messages = [
        {"messageId": str(n), "body": json.dumps({"subject": _subject(n), "campaign": CAMPAIGN})} for n in range(batch)
    ]

    def run() -> None:
        people = InMemoryPeople(*(read_person(_subject(n), world.rows, purpose="email") for n in range(batch)))
        ports = Delivery(
            key=lambda: b"key",
            sends=Late(InMemorySends(*_rows("queued", batch))),
            campaigns=Late(InMemoryCampaigns(_standing())),
            people=Late(people),
            suppressions=Late(InMemorySuppressions()),
            making=Making(Late(memory), Late(memory), memory, renderer),
            touches=Late(InMemoryTouches(people)),
            mailer=Late(InMemoryMailer(), MAIL_SECONDS),
        )
        answer = send({"Records": messages}, None, wired=Sending(ports, now_ms=lambda: NOW_MS))
        if answer["batchItemFailures"]:
            raise AssertionError(answer)

    return run


def _recording(events: int) -> Callable[[], object]:
    """Record events, each of a mail that was sent before."""
    recipients = InMemoryRecipients()

    class Stream:
        def put(self, records: object) -> list[object]:
            del records
            return []

    def run() -> None:
        ports = Ports(
            key=lambda: b"key",
            suppressions=Late(InMemorySuppressions()),
            sends=Late(InMemorySends(*_rows("sent", events))),
            recipients=Late(recipients),
            stream=Late(Stream()),
            soft_bounce_limit=5,
        )
        with ThreadPoolExecutor(THREADS) as pool:
            record({"Records": [_event(n) for n in range(events)]}, None, Recording(ports, pool))

    return run


def _folding(messages: int) -> Callable[[], object]:
    """Take a batch of the events of our own mails to the lake."""
    table = SlowTable()
    pool = ThreadPoolExecutor(24)
    ports = Folding(
        store=DynamoProfileStore("profiles", pool, table),
        lake=FirehoseLake("lake", SlowDeliveryStream()),
        quarantine=QuarantineBucket("quarantine", SlowBucket()),
        people=DynamoPersonStore("profiles", table),
        pool=pool,
    )
    records = [_record(number) for number in range(messages)]

    def run() -> None:
        counts = update_profiles(records, ports, key=KEY)
        if counts.folded != messages:
            raise AssertionError(counts)

    return run


def _record(number: int) -> Record:
    user = f"user-{number}"
    send_id = f"{subject_of(user, kind='user', key=KEY)}.{CAMPAIGN}"
    message = {
        "type": "track",
        "event": "Email Delivered",
        "messageId": f"delivered-{number}",
        "userId": user,
        "timestamp": "2026-01-31T10:00:00Z",
        "properties": {"send_id": send_id, "campaign_id": CAMPAIGN},
    }
    return Record(user, str(number + 1), json.dumps(message).encode(), NOW_MS)


def _event(number: int) -> dict[str, Any]:
    sample = SAMPLE["Records"][0]
    body = json.loads(sample["body"])
    body["mail"]["tags"]["send_id"] = [tag_of(f"{_subject(number)}.{CAMPAIGN}")]
    return {**sample, "messageId": str(number), "body": json.dumps(body)}


def _planning() -> Callable[[], object]:
    """Plan a chunk of 500 people."""
    world = make_world()
    people = [read_person(_subject(n), world.rows, purpose="email") for n in range(MANY)]

    def run() -> None:
        with ThreadPoolExecutor(32) as pool:
            ports = PlanPorts(
                Late(InMemorySends()), Late(InMemoryCampaigns(_standing())), Late(InMemoryChunks()), pool.map
            )
            plan_chunk(_standing().campaign, 0, people, ports, now_ms=NOW_MS)

    return run


def _dispatching() -> Callable[[], object]:
    """Queue 500 rows that are due."""

    def run() -> None:
        campaigns = InMemoryCampaigns(_standing())
        rows = _rows("planned", MANY)
        for row in rows:
            campaigns.open_slot(row.slot, CAMPAIGN)
        with ThreadPoolExecutor(8) as pool:
            ports = Dispatching(
                Late(InMemorySends(*rows)),
                Late(campaigns),
                Late(InMemoryQueue()),
                Late(ToldQuotas(Quota(100, -1, 0))),
                pool.map,
            )
            counts = dispatch(ports, now_ms=NOW_MS, unknown_after_ms=86_400_000)
        if counts.queued != MANY:
            raise AssertionError(counts)

    return run
