"""The demo's first half: import, replay over both ways, learn, decide, buy."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from rich.progress import track

from addressee.adapters.kinesis import KinesisStream
from addressee.profiles.fold import is_folded
from cli.api import batches
from cli.columns import Source
from cli.complete_journey import with_simulated_browsing
from cli.importing import Kind, Request, run_import
from cli.learning import learn
from cli.stage import Stage

HTTP_DAYS = 3
RECORDS_PER_PUT = 500
FOLDED_SECONDS = 180.0
NOTICED_SECONDS = 30.0
POLL_SECONDS = 0.5
CAMPAIGN = "demo"
Message = Mapping[str, Any]


class DemoFailed(Exception):
    """A step did not do what it is there to show."""


def import_history(stage: Stage) -> None:
    """Import catalogue, subscribers and the orders before the replayed days, as `addressee import` does."""
    journey, folder = stage.journey, stage.folder
    span = journey.span
    files: Mapping[Kind, tuple[str, Callable[..., int]]] = {
        "catalogue": ("catalogue.parquet", journey.write_catalogue),
        "subscribers": ("subscribers.csv", journey.write_subscribers),
        "orders": ("orders.parquet", journey.write_orders),
    }
    figures: dict[str, Any] = {"lines_without_value_left_out": journey.dropped_lines()}
    for kind, (name, write) in files.items():
        with stage.console.status(f"writing {name}"):
            write(folder / name)
        began = monotonic()
        request = Request(kind, Source([folder / name]), folder / f"{kind}.refused.csv", {})
        report = run_import(request, stage.stores, stage.console)
        figures[kind] = {
            "rows": report.rows,
            "accepted": report.accepted,
            "refused": report.refused_rows,
            "seconds": round(monotonic() - began, 1),
        }
    shifted = {"shifted_by_weeks": span.shift_days // 7, "replayed_from": str(span.first_shifted)}
    stage.report["import"] = figures | shifted | {"replayed_to": str(span.last_shifted)}


def replay_days(stage: Stage) -> None:
    """Replay the following days: the older ones by PutRecords, as a back end, the last ones over HTTP, as a browser."""
    cut = (stage.journey.span.last_shifted - timedelta(HTTP_DAYS - 1)).isoformat()
    messages = list(stage.journey.replay())
    by_stream = [each for each in messages if each["timestamp"] < cut]
    by_http = list(with_simulated_browsing([each for each in messages if each["timestamp"] >= cut]))
    stage.report["replay"] = {
        "orders": len(messages),
        "put_records": _put_records(stage, by_stream),
        "http": _post(stage, by_http),
        "simulated_browsing_events": len(by_http) + len(by_stream) - len(messages),
    }
    stage.last_message.update((each["userId"], each["messageId"]) for each in (*by_stream, *by_http))


def _put_records(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Put messages on the stream, sorted by user; a back end says itself when it received them."""
    stream = KinesisStream(stage.deployment.event_stream)
    began = monotonic()
    for start in track(range(0, len(messages), RECORDS_PER_PUT), "replaying by PutRecords", console=stage.console):
        chunk = messages[start : start + RECORDS_PER_PUT]
        records = [(each["userId"], json.dumps({**each, "receivedAt": each["timestamp"]}).encode()) for each in chunk]
        if failed := stream.put(records):
            raise DemoFailed(f"the stream refused {len(failed)} records")
    return _rate(len(messages), monotonic() - began)


def _post(stage: Stage, messages: Sequence[Message]) -> dict[str, Any]:
    """Post messages in gzipped batches, sorted by user."""
    cut = list(batches(messages))
    began = monotonic()
    for batch in track(cut, "replaying over HTTP", console=stage.console):
        if refused := stage.api.track(batch).get("refused"):
            raise DemoFailed(f"the API refused {len(refused)} messages, the first: {refused[0]}")
    return _rate(len(messages), monotonic() - began) | {"batches": len(cut)}


def _rate(events: int, seconds: float) -> dict[str, Any]:
    return {"events": events, "seconds": round(seconds, 1), "events_per_second": round(events / seconds)}


def await_folding(stage: Stage) -> None:
    """Wait until every replayed user's last message is in the user's state."""
    began = monotonic()
    waiting = dict(stage.last_message)
    with stage.console.status("folding") as status:
        while waiting:
            states = stage.states(waiting)
            waiting = {user: last for user, last in waiting.items() if not is_folded(states[user], last)}
            status.update(f"folding: {len(waiting):,} users to go")
            if monotonic() - began > FOLDED_SECONDS:
                raise DemoFailed(f"{len(waiting)} users are not folded after {FOLDED_SECONDS:.0f} s")
            sleep(POLL_SECONDS if waiting else 0)
    stage.report["folded"] = {"users": len(stage.last_message), "seconds_after_replay": round(monotonic() - began, 1)}


def learn_models(stage: Stage) -> None:
    """Run Learn and keep what each kind's gate said."""
    with stage.console.status("learning: compaction, features, a model of each kind, scores"):
        learned = learn(stage.deployment.learn_arn)
    stage.report["learn"] = {"as_of": learned.as_of, "seconds": round(learned.seconds, 1), "kinds": learned.trained}


def ask_decisions(stage: Stage) -> None:
    """Ask for decisions about a regular, a withdrawn one, somebody who never said anything, a first-time visitor.

    The very first call starts the function, which loads its models; it is timed on its own, with a visitor of its own.
    """
    _, first_call = _timed(partial(stage.api.decide, CAMPAIGN, anonymousId=f"visitor-{uuid4()}"))
    people = {"regular customer": {"userId": _regular(stage)}, **_without_consent(stage)}
    people["first-time visitor"] = {"anonymousId": f"visitor-{uuid4()}"}
    figures, later_calls = {}, []
    for who, named in people.items():
        decision, first = _timed(partial(stage.api.decide, CAMPAIGN, **named))
        again, repeat = _timed(partial(stage.api.decide, CAMPAIGN, **named))
        later_calls += [first, repeat]
        shown = {name: decision[name] for name in ("mail", "reason", "rung", "slot", "recorded", "models")}
        figures[who] = shown | {
            "portrait": stage.api.scores(named["userId"]) if "userId" in named else {"scores": {}, "segments": {}},
            "products": _named(stage, decision["products"]),
            "repeated_alike": _ids(again) == _ids(decision),
            "milliseconds": first,
        }
    stage.report["decisions"] = figures
    stage.report["decision_milliseconds"] = {
        "first_call": first_call,
        "later_calls": len(later_calls),
        "median_of_later_calls": median(later_calls),
    }


def _timed(call: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], int]:
    """Return an answer and the milliseconds until it was here."""
    began = monotonic()
    answer = call()
    return answer, round((monotonic() - began) * 1000)


def _regular(stage: Stage) -> str:
    """Find the replayed user with consent who ordered most often."""
    states = stage.states(stage.last_message)
    return max((user for user in states if user not in stage.silent), key=lambda user: states[user].orders)


def _without_consent(stage: Stage) -> dict[str, dict[str, str]]:
    """Name one replayed user who withdrew and one who never said anything, where there are such."""
    found: dict[str, dict[str, str]] = {}
    for user in stage.last_message:
        if user in stage.silent:
            found.setdefault(stage.silent[user], {"userId": user})
    return found


def buy_and_ask_again(stage: Stage) -> None:
    """Buy the first recommended product over HTTP and watch it leave the recommendations."""
    user = _regular(stage)
    before = stage.api.recommendations(user, "buy_again", 5)
    if not before["products"]:
        raise DemoFailed("there is nothing to buy again")
    bought, scores = before["products"][0]["itemId"], stage.api.scores(user)
    now = datetime.now(UTC).isoformat()
    product = {"product_id": bought, "price": 1.99, "quantity": 1}
    properties = {"order_id": f"demo-{uuid4()}", "currency": "USD", "products": [product]}
    message = {"type": "track", "event": "Order Completed", "messageId": str(uuid4()), "userId": user, "timestamp": now}
    began = monotonic()
    stage.api.track([message | {"properties": properties}])
    while bought in _ids(after := stage.api.recommendations(user, "buy_again", 5)):
        if monotonic() - began > NOTICED_SECONDS:
            raise DemoFailed("the purchase did not change the recommendation")
        sleep(0.05)
    stage.report["purchase"] = {
        "bought": _named(stage, before["products"][:1])[0],
        "seconds_until_it_left_the_recommendations": round(monotonic() - began, 2),
        "before": _named(stage, before["products"]),
        "after": _named(stage, after["products"]),
        "scores_before": scores["scores"],
        "scores_after": stage.api.scores(user)["scores"],
    }


def _ids(answer: Message) -> list[str]:
    return [each["itemId"] for each in answer["products"]]


def _named(stage: Stage, products: Sequence[Message]) -> list[dict[str, Any]]:
    """Add the catalogue's titles to an answer's products."""
    titles = stage.titles(_ids({"products": products}))
    return [{"title": titles.get(each["itemId"], ""), **each} for each in products]


LEARNING: Mapping[str, Callable[[Stage], None]] = {
    "Import history": import_history,
    "Replay the next days": replay_days,
    "Fold": await_folding,
    "Learn": learn_models,
    "Decide": ask_decisions,
    "Buy, and ask again": buy_and_ask_again,
}
