"""The public links of mails: what a person posts holds at once, for queued mails too; nothing else changes anything."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import time
from typing import Any

import pytest

from addressee.emails.send import Send
from tests.e2e.inbox import ONE_CLICK, Mail, Reader, letter
from tests.e2e.mailing import Mailing, Recipient
from tests.e2e.products import put_items, suggest
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SCANNERS = ("python-requests/2.32.3", "Barracuda Sentinel (EE)")
OFTEN = {"perDay": 9, "perWeek": 9}
EVIL = "https://evil.example.com/"


@dataclass(frozen=True)
class Correspondence:
    """Somebody and the first mail that they got."""

    who: Recipient
    mail: Mail
    reader: Reader

    def one_click(self) -> None:
        """Post what a mailbox provider posts."""
        assert self.reader.post(self.mail.one_click, ONE_CLICK).status == 200

    def press(self, button: str, **fields: str) -> None:
        """Post a button of the preference page."""
        assert self.reader.post(self.mail.links("p")[0], {"do": button, **fields}).status == 200

    def scan(self) -> None:
        """Fetch everything that the mail links to, as gateways do: GET and HEAD, again and again."""
        for url in [*self.mail.hrefs, self.mail.one_click]:
            for agent in SCANNERS:
                assert self.reader.fetch(url, agent=agent).status in {200, 302}
                assert self.reader.fetch(url, "HEAD", agent=agent).status in {200, 302}

    def forge(self) -> None:
        """Post what unsubscribes, with every token that is not quite one."""
        for url in forged(self.mail):
            for word in ("unsubscribe", "pause"):
                assert self.reader.post(url, {**ONE_CLICK, "do": word}).status == 404

    def all_off_and_back(self) -> None:
        """Unsubscribe on the preference page, and come back."""
        self.press("unsubscribe")
        self.press("resubscribe")


ACTS: Mapping[str, Callable[[Correspondence], None]] = {
    "clicker": Correspondence.one_click,
    "leaver": lambda each: each.press("unsubscribe"),
    "pauser": lambda each: each.press("pause"),
    "chooser": lambda each: each.press("topics", topic="tips"),
    "returner": Correspondence.all_off_and_back,
    "scanned": Correspondence.scan,
    "forged": Correspondence.forge,
}
"""What is done to whom while their second mail waits in the queue."""


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
def people(mailing: Mailing) -> dict[str, Correspondence]:
    """Mail everybody once; one more has products and does nothing."""
    crowd = mailing.gather(*ACTS, "reader")
    words = [*ACTS, "reader"]
    suggest(mailing.stack, crowd, crowd.recipients[-1], list(put_items(mailing.stack)))
    campaign = mailing.plan(crowd)
    mailing.dispatch()
    mailing.settled(campaign, crowd)
    reader = Reader(mailing.stack)
    return {
        word: Correspondence(who, letter(mailing, campaign, who), reader)
        for word, who in zip(words, crowd.recipients, strict=True)
    }


@pytest.fixture(scope="module")
def done(mailing: Mailing, people: dict[str, Correspondence]) -> Done:
    """Queue a second mail to everybody, keep it in the queue, let everybody act, then let `send_email` read on."""
    actors = {word: each for word, each in people.items() if word in ACTS}
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


def forged(mail: Mail) -> list[str]:
    """Make tokens that nobody signed: cut off, changed in one place or another, of another kind, of another key."""
    page, preferences, pixel = mail.one_click, mail.links("p")[0], mail.links("o")[0]
    base, _, token = page.rpartition("/u/")
    head, payload, mac = token.split(".")
    other = urlsafe_b64encode(bytes(16) + _bytes(payload)[16:]).decode().rstrip("=")
    return [
        *(f"{base}/u/{each}" for each in (token[:-1], token[: len(token) // 2], f"{head}.{payload}", "x")),
        f"{base}/u/{head}.{payload}.{'A' * len(mac)}",
        f"{base}/u/{head}.{other}.{mac}",
        f"{base}/u/{head[0]}none.{payload}.{mac}",
        f"{base}/u/{preferences.rpartition('/')[2]}",
        f"{base}/p/{token}",
        f"{base}/u/{pixel.rpartition('/')[2]}",
        f"{base}/u/u{pixel.rpartition('/')[2][1:]}",
        f"{base}/p/p{token[1:]}",
    ]


def _bytes(payload: str) -> bytes:
    return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


# --- mails that are queued already ----------------------------------------------------------------------------------
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
    until(lambda: empty(stack, "FeedbackQueue"))
    told = until(lambda: [row for row in lake_rows(stack, each.who.subject) if row["name"] == "Unsubscribed"])
    assert len({row["message_id"] for row in told}) == 1
    state = stack.state(each.who.subject)
    assert state is not None
    assert state.unsubscribed_ms == int(done.after["clicker"]["c_email"]["M"]["at"]["N"])
    assert 'value="resubscribe"' in each.reader.fetch(each.mail.links("p")[0]).body.decode()


def empty(stack: Stack, queue: str) -> bool:
    """Say whether no message waits in a queue or is being handled."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    asked = stack.client("sqs").get_queue_attributes(QueueUrl=stack.outputs[queue], AttributeNames=names)
    return all(int(value) == 0 for value in asked["Attributes"].values())


# --- tokens ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_token_that_nobody_signed_is_refused(people: dict[str, Correspondence], method: str):
    """404 for all of them alike; the page says nothing about whoever the token names."""
    each = people["reader"]
    bodies = set()
    for url in forged(each.mail):
        answer = each.reader.fetch(url, method)
        assert answer.status == 404, url
        assert "location" not in answer.headers
        bodies.add(answer.body)
    assert len(bodies) == 1
    assert each.who.subject.encode() not in bodies.pop()


def test_a_click_leads_to_its_signed_target_and_nowhere_else(people: dict[str, Correspondence]):
    """A target that is changed is a 404; a query that names another target is not looked at."""
    each = people["reader"]
    url = each.mail.links("c")[0]
    target = each.reader.fetch(url).headers["location"]
    assert target.startswith("https://shop.example.com/")
    for query in (f"?url={EVIL}", f"?target={EVIL}&redirect={EVIL}"):
        assert each.reader.fetch(url + query).headers["location"] == target
    base, _, token = url.rpartition("/")
    head, payload, mac = token.split(".")
    elsewhere = _bytes(payload).replace(b"https://shop.example.com/", EVIL.encode())
    for changed in (urlsafe_b64encode(elsewhere).decode().rstrip("="), payload[:-4]):
        answer = each.reader.fetch(f"{base}/{head}.{changed}.{mac}")
        assert (answer.status, "location" in answer.headers) == (404, False)


@pytest.mark.parametrize(("kind", "status"), [("o", 200), ("c", 302), ("u", 200), ("p", 200)])
def test_head_answers_as_get_does_without_a_body(people: dict[str, Correspondence], kind: str, status: int):
    """The same status and kind of content; no cookie."""
    each = people["reader"]
    url = each.mail.links(kind)[0]
    got, asked = each.reader.fetch(url), each.reader.fetch(url, "HEAD")
    assert (got.status, asked.status) == (status, status)
    assert asked.body == b""
    for name in ("content-type", "location", "cache-control"):
        assert asked.headers.get(name) == got.headers.get(name)
    assert "set-cookie" not in got.headers | asked.headers


@pytest.mark.parametrize("kind", ["o", "c"])
def test_a_picture_or_a_click_cannot_be_posted(people: dict[str, Correspondence], kind: str):
    """There is no such route; the other two take a POST, and one that asks for nothing is a 400."""
    each = people["reader"]
    assert each.reader.post(each.mail.links(kind)[0], ONE_CLICK).status in {404, 405}
    for page in (each.mail.one_click, each.mail.links("p")[0]):
        before = consent_of(each)
        assert each.reader.post(page, {"nothing": "at all"}).status == 400
        assert consent_of(each) == before


def consent_of(each: Correspondence) -> bytes:
    """Read a person's preference page."""
    return each.reader.fetch(each.mail.links("p")[0]).body
