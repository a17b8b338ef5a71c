"""The command of whoever sends mails: templates published, a campaign's standing printed, its report."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import addressee, run
from tests.e2e.inbox import Reader, take_time
from tests.e2e.mailing import Recipient
from tests.e2e.sent import Sent
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows, order
from twin.process import ROOT

DIGEST = "templates/digest"


def test_templates_are_checked_published_and_listed(stack: Stack, sent: Sent, outputs: tuple[str, str], tmp_path: Path):
    """The version that is current is the one that the campaign took; one that breaks the contract is not published."""
    assert "keeps the contract" in addressee(stack, *outputs, "templates", "check", DIGEST)
    _, version, *_ = addressee(stack, *outputs, "templates", "publish", DIGEST).split()
    broken = tmp_path / "broken"
    broken.mkdir()
    manifest = json.loads((ROOT / DIGEST / "template.json").read_text())
    inputs = {each: kind for each, kind in manifest["inputs"].items() if each != "unsubscribe_url"}
    (broken / "template.json").write_text(json.dumps({**manifest, "name": "broken", "inputs": inputs}))
    (broken / "template.mjml").write_text(
        "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    refused = run(stack, *outputs, "templates", "publish", str(broken))
    assert refused.returncode == 1
    assert "unsubscribe_url" in refused.stderr
    listed = [
        line
        for line in addressee(stack, *outputs, "templates", "list").splitlines()
        if "digest" in line or "broken" in line
    ]
    assert [line for line in listed if "broken" in line] == []
    assert any(version in line and "current" in line for line in listed)
    assert stack.call("GET", f"/v1/campaigns/{sent.campaign}", scope="admin").body["templateVersion"] == version


def test_a_campaigns_standing_is_printed(stack: Stack, sent: Sent, outputs: tuple[str, str]):
    """As a table, and as the API answers it."""
    words = ("campaigns", "status", sent.campaign, "--key", stack.keys["admin"])
    lines = addressee(stack, *outputs, *words).splitlines()
    assert lines[0].startswith(f"{sent.campaign}: running, planned, 4 recipients")
    assert any("delivered" in line and "4" in line for line in lines)
    said = json.loads(addressee(stack, *outputs, *words, "--json"))
    assert (said["counts"]["delivered"], said["finished"]) == (4, True)


@pytest.fixture
def engaged(stack: Stack, sent: Sent) -> Recipient:
    """Let a person open, click and buy; a scanner follows the links of another's mail."""
    who, other = sent.crowd.recipients[2:]
    mail, scanned = sent.mails[who.subject], sent.mails[other.subject]
    reader = Reader(stack)
    take_time(max(each.settled_at_ms for each in sent.rows.values()))
    reader.fetch(mail.links("o")[0])
    reader.fetch(mail.links("c")[0])
    for url in scanned.links("c"):
        reader.fetch(url, agent="python-requests/2.32.3")
    until(lambda: _labels(stack, who.subject) == {"human"} and _labels(stack, other.subject) == {"machine"})
    bought = order(who.user_id, next(iter(sent.items)))
    assert stack.track(bought).status == 200
    until(lambda: any(row["message_id"] == bought["messageId"] for row in lake_rows(stack, who.subject)))
    return who


def _labels(stack: Stack, subject: str) -> set[object]:
    return {row["label"] for row in lake_rows(stack, subject) if row["name"] == "Email Link Clicked"}


def test_a_report_counts_people_and_leaves_scanners_out(
    stack: Stack, sent: Sent, engaged: Recipient, outputs: tuple[str, str], tmp_path: Path
):
    """One opened, clicked and bought; the page and the JSON say so."""
    page = tmp_path / "report"
    said: dict[str, Any] = json.loads(
        addressee(stack, *outputs, "report", sent.campaign, "--json", "--html", str(page))
    )
    assert said["campaign"] == sent.campaign
    assert said["states"] == [{"state": "delivered", "reason": "", "rows": 4}]
    assert said["funnel"] == {"assigned": 4, "wentOut": 4, "delivered": 4, "opened": 1, "clicked": 1, "bought": 1}
    assert said["money"]["credited"] == {"orders": 1, "revenueMinorUnits": 900}
    html = (page / "index.html").read_text()
    assert sent.campaign in unescape(html)
    assert "<script" not in html
    assert engaged.address not in html + json.dumps(said)
    table = addressee(stack, *outputs, "report", sent.campaign)
    assert "delivered" in table
