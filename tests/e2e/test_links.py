"""The public links of mails: what a person posts holds at once, for queued mails too; nothing else changes anything."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import time
from typing import Any

import pytest

from addressee.emails.send import Send
from tests.e2e.correspondence import ACTS, Correspondence
from tests.e2e.feedback import handled
from tests.e2e.inbox import ONE_CLICK
from tests.e2e.mailing import OFTEN, Mailing, Recipient
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Done:
    """What came of it: consent rows before and after, by word; the second campaign's rows and who got its mail."""

    people: Mapping[str, Correspondence]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    rows: Mapping[str, Send]
    mails: Mapping[str, int]
    at_ms: int


@pytest.fixture(scope="module")
def done(mailing: Mailing, correspondents: dict[str, Correspondence]) -> Done:
    """Queue a second mail to everybody, keep it in the queue, let everybody act, then let `send_email` read on."""
    actors = {word: each for word, each in correspondents.items() if word in ACTS}
    crowd = mailing.put([each.who for each in actors.values()])
    before = {word: consent(mailing.stack, each.who) for word, each in actors.items()}
    at_ms = int(time() * 1000)
    with mailing.held("send_email"):  # before it is planned: the schedule dispatches each minute
        campaign = mailing.plan(crowd, topic="news", caps=OFTEN)
        mailing.dispatch()
        assert {row.state for row in mailing.rows(campaign, crowd).values()} == {"queued"}
        for word, each in actors.items():
            ACTS[word](each)
        after = {word: consent(mailing.stack, each.who) for word, each in actors.items()}
        assert mailing.mails(campaign) == []
    rows = mailing.settled(campaign, crowd)
    return Done(
        actors,
        before,
        after,
        {word: rows[each.who.subject] for word, each in actors.items()},
        {word: len(mailing.mails_to(campaign, each.who)) for word, each in actors.items()},
        at_ms,
    )


def consent(stack: Stack, who: Recipient) -> Mapping[str, Any]:
    """Read what stands of somebody's consent."""
    return dict(stack.rows(who.subject)["consent"])


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("clicker", "skipped", "consent"),
        ("leaver", "skipped", "consent"),
        ("pauser", "skipped", "paused_by_person"),
        ("chooser", "skipped", "topic"),
        ("returner", "delivered", ""),
        ("scanned", "delivered", ""),
        ("forged", "delivered", ""),
    ],
)
def test_what_was_posted_holds_for_the_mail_that_waits_in_the_queue(done: Done, word: str, state: str, reason: str):
    """Unsubscribed, paused, topic off: skipped, and nothing in the outbox. All others get their mail."""
    assert (done.rows[word].state, done.rows[word].reason) == (state, reason)
    assert done.mails[word] == (1 if state == "delivered" else 0)


def test_scanners_and_forgers_change_nothing(done: Done):
    """GET, HEAD and tokens that nobody signed leave the consent row as it was, to the byte."""
    for word in ("scanned", "forged"):
        assert done.after[word] == done.before[word]


def test_a_withdrawal_says_which_mail_it_came_from(done: Done):
    """By one click or by the page's button."""
    for word in ("clicker", "leaver"):
        said = done.after[word]["c_email"]["M"]
        assert said["granted"] == {"BOOL": False}
        assert said["proof"]["S"].startswith(f"preference page, send {done.people[word].who.subject}.")


def test_coming_back_is_a_grant_with_proof(done: Done):
    """Newer than the withdrawal that it takes back, and than the first grant."""
    before, after = done.before["returner"]["c_email"]["M"], done.after["returner"]["c_email"]["M"]
    assert after["granted"] == {"BOOL": True}
    assert after["proof"]["S"].startswith(f"preference page, send {done.people['returner'].who.subject}.")
    assert int(after["at"]["N"]) > int(before["at"]["N"])


def test_a_pause_lasts_thirty_days_and_can_be_ended(stack: Stack, done: Done):
    """The page then says until when; its button ends it."""
    each = done.people["pauser"]
    until_ms = int(done.after["pauser"]["paused"]["M"]["until"]["N"])
    assert 0 <= until_ms - done.at_ms - 30 * DAY_MS < HOUR_MS
    page = each.mail.links("p")[0]
    assert "<time datetime=" in each.reader.fetch(page).body.decode()
    each.press("resume")
    assert consent(stack, each.who)["paused"]["M"]["until"] == {"N": "0"}
    assert "<time datetime=" not in each.reader.fetch(page).body.decode()


def test_a_topic_is_turned_off_alone_and_on_again_with_proof(stack: Stack, done: Done):
    """The page shows what stands; the purpose `email` stays granted."""
    each, after = done.people["chooser"], done.after["chooser"]
    assert after["c_topic_news"]["M"]["granted"] == {"BOOL": False}
    assert "c_topic_tips" not in after
    assert after["c_email"] == done.before["chooser"]["c_email"]
    assert _ticked(each) == {"tips"}
    each.press("topics", topic="news")
    on = consent(stack, each.who)
    assert on["c_topic_news"]["M"]["granted"] == {"BOOL": True}
    assert on["c_topic_news"]["M"]["proof"]["S"].startswith("preference page, send ")
    assert on["c_topic_tips"]["M"]["granted"] == {"BOOL": False}
    assert _ticked(each) == {"news"}


def _ticked(each: Correspondence) -> set[str]:
    page = each.reader.fetch(each.mail.links("p")[0]).body.decode()
    return set(re.findall(r'name="topic" value="(\w+)" checked', page))


def test_the_hundredth_post_answers_200(stack: Stack, done: Done):
    """The first withdrawal stands, and all of them are one event; the person's page offers the way back."""
    each = done.people["clicker"]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: each.reader.post(each.mail.one_click, ONE_CLICK).status, range(99)))
    assert statuses == [200] * 99
    assert consent(stack, each.who)["c_email"] == done.after["clicker"]["c_email"]
    handled(stack)
    told = until(lambda: [row for row in lake_rows(stack, each.who.subject) if row["name"] == "Unsubscribed"])
    assert len({row["message_id"] for row in told}) == 1
    state = stack.state(each.who.subject)
    assert state is not None
    assert state.unsubscribed_ms == int(done.after["clicker"]["c_email"]["M"]["at"]["N"])
    assert 'value="resubscribe"' in each.reader.fetch(each.mail.links("p")[0]).body.decode()
