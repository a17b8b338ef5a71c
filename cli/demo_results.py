"""The demo's end: what came back changes decisions, the report says what it was worth, the outbox shows every mail."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.decisions.wire import decision_json
from addressee.emails.ports import SendKey
from addressee.emails.send import Send, send_id_in
from cli.demo_emails import CAMPAIGN, await_feedback
from cli.demo_people import Behaviour, live
from cli.demo_steps import DemoFailed
from cli.outbox import OutboxMail, write_outbox
from cli.report import campaign_report
from cli.report_document import report_document
from cli.report_page import write_page
from cli.report_sources import Reported
from cli.stage import Stage

NEXT_CAMPAIGN = "next-week"
READS_AT_ONCE = 8
ROWS_PER_READ = 100
NOTE = "Sent on this machine to made-up addresses. Names, consent and what people did with the mails are simulated."


def engage(stage: Stage) -> None:
    """Let simulated people and machines act on the mails, and wait until all of it is recorded."""
    done = live(stage)
    expected = {"human opens": len(done.opened), "human clicks": len(done.clicked), "machine clicks": len(done.scanned)}
    await_feedback(stage, expected | {"orders": len(done.ordered)}, lambda: _recorded(stage))
    stage.report["engagement"] = {"simulated": True, **_told(done), "recorded": _recorded(stage)}
    stage.report["next_decisions"] = _next_decisions(stage, done)


def _told(done: Behaviour) -> dict[str, int]:
    return {
        "people_opened": len(done.opened),
        "people_clicked": len(done.clicked),
        "people_ordered": len(done.ordered),
        "scanners_followed_all_links_of": len(done.scanned),
        "privacy_proxies_opened": len(done.proxied),
        "unsubscribed": 1 if done.unsubscribed else 0,
    }


def _report(stage: Stage) -> Reported:
    return campaign_report(stage.deployment, CAMPAIGN, now=datetime.now(UTC))


def _recorded(stage: Stage) -> Mapping[str, int]:
    """Count what the lake knows: people by kind and label, and orders of recipients."""
    found = _report(stage).results
    told = {
        f"{label} {kind}s": engaged.people
        for kind, labels in found.engaged.items()
        for label, engaged in labels.items()
    }
    money = found.money
    return told | {"orders": sum(each.orders for each in (money.credited, money.opened_only, money.uncredited))}


def _next_decisions(stage: Stage, done: Behaviour) -> dict[str, Any]:
    """Ask for the next campaign about somebody of each fate: whom feedback silenced, and why."""
    marked = {mark: _with_address(stage, mark) for mark in ("bounce", "softbounce", "complaint")}
    people = {f"whose mail came back ({mark})": user for mark, user in marked.items() if user}
    if done.unsubscribed:
        people["who unsubscribed"] = stage.user_of(done.unsubscribed.subject)
    people["who clicked"] = stage.user_of(done.clicked[0].subject)
    answers = {who: stage.api.decide(NEXT_CAMPAIGN, userId=user) for who, user in people.items()}
    silenced = {who: each["reason"] for who, each in answers.items() if not each["mail"]}
    if len(silenced) < len(people) - 1:
        raise DemoFailed(f"the feedback did not change the next decisions: {json.dumps(silenced)}")
    clicks = stage.states([people["who clicked"]])[people["who clicked"]].clicks
    return {
        "decisions": {who: {"mail": each["mail"], "reason": each["reason"]} for who, each in answers.items()},
        "clicks_of_who_clicked": clicks,
    }


def _with_address(stage: Stage, mark: str) -> str:
    """Find a user to whose marked address a mail went out, or an empty string."""
    for mail in stage.twin.outbox.mails():
        if mail.to[0].startswith(f"{mark}-"):
            return stage.user_of(send_id_in(mail.tags["send_id"]).partition(".")[0])
    return ""


def report_campaign(stage: Stage) -> None:
    """Compute the report; write it as a page and into the demo's figures."""
    reported = _report(stage)
    page = write_page(reported, stage.folder.parent / "report", simulated=True)
    stage.results = reported
    stage.report["results"] = report_document(reported, simulated=True)
    stage.report["pages"] = {"report": str(page.relative_to(stage.folder.parent.parent))}


def show_outbox(stage: Stage) -> None:
    """Write every sent mail as a page, with the reason for each block."""
    outbox = stage.twin.outbox
    mails = outbox.mails()
    keys = [SendKey(*send_id_in(mail.tags["send_id"]).split(".", 1)) for mail in mails]
    rows = _rows(stage, keys)
    decisions = dict(zip(keys, _decisions(stage, keys), strict=True))
    products = [each for decision in decisions.values() for each in decision.get("products", ())]
    items = {each[name] for each in products for name in ("itemId", "becauseOf") if each[name]}
    titles = stage.titles(sorted(items))
    entries = [
        _entry(outbox.raw(mail), rows.get(key), decisions[key], titles) for mail, key in zip(mails, keys, strict=True)
    ]
    index = write_outbox(entries, stage.folder.parent / "outbox", title="The demo's outbox", note=NOTE)
    stage.report["pages"] |= {"outbox": str(index.relative_to(stage.folder.parent.parent)), "mails": len(mails)}


def _rows(stage: Stage, keys: list[SendKey]) -> Mapping[SendKey, Send]:
    sends = DynamoSendStore(stage.deployment.sends_table)
    parts = [keys[start : start + ROWS_PER_READ] for start in range(0, len(keys), ROWS_PER_READ)]
    return {key: row for part in parts for key, row in sends.get_many(part).items()}


def _decisions(stage: Stage, keys: list[SendKey]) -> Iterator[dict[str, Any]]:
    store = DynamoDecisionStore(stage.deployment.decisions_table)
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        for found in pool.map(lambda key: store.get(*key), keys):
            yield decision_json(found, recorded=True) if found else {}


def _entry(raw: bytes, row: Send | None, decision: Mapping[str, Any], titles: Mapping[str, str]) -> OutboxMail:
    state, reason = (row.state, row.reason) if row else ("sent", "")
    return OutboxMail(raw, decision, titles, state, reason)
