"""Suite `cost`: a campaign on the local twin, every call metered, priced with a dated table; and what idling costs.

python -m benchmarks.cost [--people N]

Deploys the real app, gives simulated people full profiles and models to decide with, lets a campaign run from `POST
/v1/campaigns` to the last recorded delivery once everything is warm, and prices the calls, the items as they are in the
tables, and the functions' time (`cost_time.py`). What a campaign costs once, cents, and SES's fee are left out.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.cost_functions import (
    EVENTS,
    FULL,
    Batches,
    Lambda,
    Logged,
    functions_in,
    logged_since,
    polls_a_mail,
    runs_a_mail,
    seen_batches,
    templates,
)
from benchmarks.cost_prices import (
    GB,
    HOURS_PER_MONTH,
    LOOKED_UP,
    MILLION,
    MINUTES_PER_MONTH,
    PER_MONTH,
    PER_USE,
    SHARD_HOUR,
)
from benchmarks.cost_run import lines, run_campaign
from benchmarks.cost_time import idle_dispatch_seconds, seconds_per_mail
from benchmarks.cost_units import Sizes, units_of
from benchmarks.rows import row, write
from cli.deployment import Deployment
from twin.keys import twin_client
from twin.meter import FILE
from twin.process import ROOT, Twin, free_port

PEOPLE = 400
LIMIT_USD = 10.0
IDLE_USD = 20.0
COMMAND = "make bench-cost"
FIREHOSE_STEP = 5_000
INDEX_WRITES = 2
"""A row enters the index of slots once and leaves it once."""
POLLS_PER_MINUTE = 15
"""Lambda polls an idle queue with five pollers, 20 s each."""
Use = dict[str, float]


KEYS_OF_TABLES = {
    "profiles_table": ("subject", "part"),
    "items_table": ("item_id",),
    "decisions_table": ("subject", "campaign"),
    "sends_table": ("subject", "campaign"),
    "campaigns_table": ("campaign", "part"),
    "suppressions_table": ("address_hash",),
}


def used(calls: Iterable[Mapping[str, Any]], sizes: Sizes, mails: int) -> Use:
    """Count what a run used, by the names of the price table: metered calls, and what AWS does behind them."""
    use: Use = defaultdict(float)
    for each in calls:
        _add_call(use, each, sizes)
    use["dynamodb write unit"] += INDEX_WRITES * mails
    use["sns publish"] += EVENTS * mails
    use["sqs request"] += EVENTS * mails
    return use


def used_by_functions(
    logged: Mapping[str, Logged], functions: Mapping[str, Lambda], batches: Batches, mails: int
) -> Use:
    """Count what the functions used, if they take such batches. Each run of a traced function counts as a trace."""
    use: Use = defaultdict(float)
    use["sqs request"] += polls_a_mail(batches) * mails
    fed = runs_a_mail(batches)
    for name, (seen, size) in logged.items():
        runs = fed[name] * mails if name in fed else seen
        use["lambda request"] += runs
        use["log GB"] += runs * size / seen / GB
        use["trace"] += runs * functions[name].is_traced
    for name, seconds in seconds_per_mail({name: each.memory_mb for name, each in functions.items()}, batches).items():
        use["lambda GB-second, arm64"] += mails * seconds * functions[name].memory_mb / 1024
    return use


def _add_call(use: Use, call: Mapping[str, Any], sizes: Sizes) -> None:
    match call["service"]:
        case "dynamodb":
            units = units_of(call["operation"], call["body"], sizes)
            use["dynamodb read unit"] += units.reads
            use["dynamodb write unit"] += units.writes
        case "sqs":
            use["sqs request"] += 1
        case "kinesis":
            use["kinesis put unit"] += call["records"]
        case "firehose":  # each record counts as a multiple of 5 KB
            size = call["asked"] / max(call["records"], 1)
            use["firehose GB"] += call["records"] * -(-size // FIREHOSE_STEP) * FIREHOSE_STEP / GB
        case "s3":
            use["s3 read" if call["operation"].startswith(("GET", "HEAD")) else "s3 write"] += 1
        case "secretsmanager":
            use["secret read"] += 1


def idle(folder: Path) -> Use:
    """Return USD a month by what is there while nothing happens, counted in the templates, and the run every minute."""
    usd: Use = defaultdict(float)
    for each in templates(folder):
        if each["Type"] in PER_MONTH:
            usd[each["Type"].rpartition("::")[2]] += PER_MONTH[each["Type"]]
        if each["Type"] == "AWS::Kinesis::Stream":
            usd["Shards"] += each["Properties"]["ShardCount"] * SHARD_HOUR * HOURS_PER_MONTH
        if each["Type"] == "AWS::Lambda::EventSourceMapping" and "ScalingConfig" in each["Properties"]:
            usd["Queue polling"] += POLLS_PER_MINUTE * MINUTES_PER_MONTH * PER_USE["sqs request"]
    memory_mb = functions_in(folder)["dispatch_sends"].memory_mb
    gb_seconds = idle_dispatch_seconds(memory_mb) * memory_mb / 1024
    a_run = PER_USE["lambda request"] + gb_seconds * PER_USE["lambda GB-second, arm64"]
    usd["Dispatch every minute"] = MINUTES_PER_MONTH * a_run
    return usd


def main() -> None:
    """Run, price, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    twin = Twin(ROOT / ".build" / "twin-cost", free_port(), metered=True)
    twin.stop()
    twin.start(ROOT / ".build" / "twin-venv" / "bin" / "python")
    try:
        rows = _measured(twin, people)
    finally:
        twin.stop()
    write("cost", rows)


def _measured(twin: Twin, people: int) -> list[dict[str, Any]]:
    before, begin, names = run_campaign(twin, people)
    calls = list(lines(twin.folder / FILE, before))
    dynamodb = twin_client(twin, "dynamodb")
    tables = {
        getattr(names, field): (keys, _items(dynamodb, getattr(names, field))) for field, keys in KEYS_OF_TABLES.items()
    }
    logged = logged_since(twin_client(twin, "logs"), "addressee", begin)
    sizes, functions = Sizes(tables), functions_in(twin.folder)
    use = used(calls, sizes, people)
    priced = []
    for words, batches in (("batches full", FULL), ("batches as seen", seen_batches(logged, people))):
        more = used_by_functions(logged, functions, batches, people)
        priced += _per_million({name: use[name] + more[name] for name in {*use, *more}}, people, _told(words, batches))
    return [*priced, *_sizes(sizes, names), *_idle(idle(twin.folder))]


def _told(words: str, batches: Batches) -> str:
    mails, events, messages = (f"{each:.3g}" for each in batches)
    return f"{words}: {mails} mails, {events} events, {messages} messages"


def _items(dynamodb: Any, table: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]


def _per_million(use: Use, people: int, words: str) -> list[dict[str, Any]]:
    usd = {name: amount * PER_USE[name] * MILLION / people for name, amount in use.items()}
    note = f"limit; {people} mails metered on the twin, prices of {LOOKED_UP}"
    total = sum(usd.values())
    whole = row(
        "usd_per_million_mails",
        f"besides SES's fee; {words}",
        "USD",
        [total],
        peer=note,
        peer_value=LIMIT_USD,
        ratio=total / LIMIT_USD,
        command=COMMAND,
    )
    parts = sorted(usd.items(), key=lambda part: -part[1])
    return [
        whole,
        *(
            row("part", f"{use[name] / people:.3g} {name} a mail", "USD", [amount], command=COMMAND)
            for name, amount in parts
        ),
    ]


def _sizes(sizes: Sizes, names: Deployment) -> list[dict[str, Any]]:
    return [
        row(
            "item",
            f"mean item of {field.removesuffix('_table')}",
            "bytes",
            [sizes.mean(getattr(names, field))],
            command=COMMAND,
        )
        for field in KEYS_OF_TABLES
    ]


def _idle(usd: Use) -> list[dict[str, Any]]:
    total = sum(usd.values())
    whole = row(
        "usd_idle_month",
        "nothing happens",
        "USD",
        [total],
        peer="limit",
        peer_value=IDLE_USD,
        ratio=total / IDLE_USD,
        command=COMMAND,
    )
    return [
        whole,
        *(
            row("part", name, "USD", [amount], command=COMMAND)
            for name, amount in sorted(usd.items(), key=lambda part: -part[1])
        ),
    ]


if __name__ == "__main__":
    main()
