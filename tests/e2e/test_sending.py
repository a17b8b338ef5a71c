"""Campaigns on the deployed stack: a mail goes out once, whoever dies, and everybody ends in a named state."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

import pytest

from addressee.emails.audience import held_out
from addressee.emails.send import Send, slot_of
from tests.e2e.mailing import Crowd, Mailing, Recipient, send_id
from tests.e2e.stack import until

PEOPLE = 200
QUIET_SECONDS = 1.0
"""How long nothing may happen before a paused campaign is at rest: mails checked before the pause are still claimed."""
STILL_SECONDS = 3.0
SCHEDULE_SECONDS = 120.0
"""The minute until the schedule runs, and the time in which the rest of the mails goes out."""
SHARE = 0.5


@dataclass(frozen=True)
class Planned:
    """A campaign and its people."""

    campaign: str
    crowd: Crowd

    def ends(self, mailing: Mailing) -> Mapping[str, Send]:
        """Wait for the end; return the rows by the people's user ids."""
        rows = mailing.settled(self.campaign, self.crowd, seconds=SCHEDULE_SECONDS)
        return {each.user_id: rows[each.subject] for each in self.crowd.recipients}


@dataclass(frozen=True)
class Dispatched:
    """Campaigns that one run of `dispatch_sends` queued together."""

    odd: Planned
    shared: Planned
    twins: tuple[Planned, Planned]


@pytest.fixture(scope="module")
def dispatched(mailing: Mailing) -> Dispatched:
    """Dispatch the small campaigns first: what SES throttles comes back while the long test runs."""
    odd, shared, twice = (
        mailing.gather("throttle", "reject"),
        mailing.gather(*["held"] * 20),
        mailing.gather(*["both"] * 5),
    )
    made = Dispatched(
        Planned(mailing.plan(odd), odd),
        Planned(mailing.plan(shared, holdout=SHARE, holdoutSalt="spring"), shared),
        (Planned(mailing.plan(twice), twice), Planned(mailing.plan(twice), twice)),
    )
    mailing.dispatch()
    for each in (made.shared, *made.twins):
        each.ends(mailing)
    return made


def test_everybody_is_mailed_once_though_the_campaign_is_paused_and_a_worker_is_killed(
    mailing: Mailing, dispatched: Dispatched
):
    """SIGKILL between claim and confirm, under a pause; after the resumption the schedule alone dispatches."""
    del dispatched
    slow = in_the_middle(mailing, "slow30")
    readers = [mailing.recipient(f"reader-{uuid4().hex[:12]}") for _ in range(PEOPLE - 1)]
    crowd = mailing.put([slow, *readers])
    planned = Planned(mailing.plan(crowd), crowd)
    interrupt(mailing, planned, slow)
    assert until(lambda: (row := mailing.row(planned.campaign, slow)).state == "delivered" and row).message_id
    waits = until(lambda: [row for row in rows_of(mailing, planned) if row.state == "queued" and not row.queued_at_ms])
    leaver = next(each for each in readers if each.subject == waits[0].subject)
    mailing.withdraw(leaver)
    mailing.move(planned.campaign, "resume")
    rows = dict(planned.ends(mailing))
    left = rows.pop(leaver.user_id)
    assert (left.state, left.reason) == ("skipped", "consent")
    assert {row.state for row in rows.values()} == {"delivered"}
    again = until(lambda: looks(mailing, rows[slow.user_id].send_id), seconds=SCHEDULE_SECONDS, every=2.0)
    assert [(each["what"], each["detail"]) for each in again] == [("dropped", "delivered")]
    mails = sorted(send_id(mail) for mail in mailing.mails(planned.campaign))
    assert mails == sorted(row.send_id for row in rows.values())


def in_the_middle(mailing: Mailing, word: str) -> Recipient:
    """Make somebody up whose slot is in the middle of a minute's ten, and whose mail so is among the middle ones."""
    mark = uuid4().hex[:8]
    named = (mailing.recipient(f"{word}-x{mark}-{place}") for place in count())
    return next(each for each in named if slot_of(each.subject, 0).endswith("#5"))


def interrupt(mailing: Mailing, planned: Planned, slow: Recipient) -> None:
    """Dispatch, pause once the mail that SES does not answer is out, and kill who waits for the answer.

    SES's events wait as long, so that the claim is all that is known of this mail.
    """
    with mailing.held("record_feedback"):
        mailing.dispatch()
        until(lambda: mailing.mails_to(planned.campaign, slow))
        mailing.move(planned.campaign, "pause")
        sent = at_rest(mailing, planned, claimed=slow)
        assert mailing.kill("send_email")
        time.sleep(STILL_SECONDS)
        assert 0 < sent == len(mailing.mails(planned.campaign)) < PEOPLE
        assert mailing.row(planned.campaign, slow).state == "claimed"


def at_rest(mailing: Mailing, planned: Planned, *, claimed: Recipient) -> int:
    """Wait until only this one's row is claimed and the outbox stands still; return how many mails are in it."""

    def look() -> int:
        before = len(mailing.mails(planned.campaign))
        time.sleep(QUIET_SECONDS)
        owned = {row.subject for row in rows_of(mailing, planned) if row.state == "claimed"}
        still = len(mailing.mails(planned.campaign)) == before
        return before if still and owned == {claimed.subject} else 0

    return int(until(look))


def rows_of(mailing: Mailing, planned: Planned) -> list[Send]:
    """Read the rows of a campaign as they are."""
    return list(mailing.rows(planned.campaign, planned.crowd).values())


def looks(mailing: Mailing, mail: str) -> list[Mapping[str, str]]:
    """Return what `send_email` logged of one mail besides that it was sent."""
    return [look for line in mailing.logged("send_email") for look in line.get("looks", ()) if look["sendId"] == mail]


def test_a_throttled_mail_is_sent_later_and_a_refused_one_fails(mailing: Mailing, dispatched: Dispatched):
    """A 429 took nothing: the message comes back, and one mail goes out. A reject (simulated) is an end."""
    throttled, rejected = dispatched.odd.crowd.recipients
    rows = dispatched.odd.ends(mailing)
    assert rows[throttled.user_id].state == "delivered"
    assert looks(mailing, rows[throttled.user_id].send_id)[0]["detail"] == "TooManyRequestsException"
    assert (rows[rejected.user_id].state, rows[rejected.user_id].reason) == ("failed", "rejected")
    assert [len(mailing.mails_to(dispatched.odd.campaign, each)) for each in (throttled, rejected)] == [1, 1]


def test_a_share_is_held_out_and_gets_nothing(mailing: Mailing, dispatched: Dispatched):
    """Who it is follows from the salt and the subject."""
    rows = dispatched.shared.ends(mailing)
    held = {row.subject for row in rows.values() if (row.state, row.reason) == ("skipped", "holdout")}
    assert held == {row.subject for row in rows.values() if held_out(row.subject, salt="spring", share=SHARE)}
    assert 0 < len(held) < len(rows)
    mailed = {send_id(mail) for mail in mailing.mails(dispatched.shared.campaign)}
    assert mailed == {row.send_id for row in rows.values() if row.subject not in held}


def test_two_campaigns_at_the_same_minute_mail_nobody_twice(mailing: Mailing, dispatched: Dispatched):
    """A mail a day is the cap: whichever of the two is first mails the person, the other one is skipped."""
    first, second = (each.ends(mailing) for each in dispatched.twins)
    for user_id, row in first.items():
        ends = {(each.state, each.reason) for each in (row, second[user_id])}
        assert ends == {("delivered", ""), ("skipped", "cap")}
    mails = [mail.to for each in dispatched.twins for mail in mailing.mails(each.campaign)]
    assert sorted(mails) == sorted((each.address,) for each in dispatched.twins[0].crowd.recipients)


def test_a_cancelled_campaign_mails_nobody_though_its_messages_are_queued(mailing: Mailing):
    """Its rows end skipped at the next dispatch, and the messages find them so."""
    crowd = mailing.gather("reader", "reader", "reader")
    with mailing.held("send_email"):
        planned = Planned(mailing.plan(crowd), crowd)
        mailing.dispatch()
        assert {row.state for row in rows_of(mailing, planned)} == {"queued"}
        mailing.move(planned.campaign, "cancel")
        mailing.dispatch()
        assert {(row.state, row.reason) for row in rows_of(mailing, planned)} == {("skipped", "cancelled")}
    until(lambda: all(looks(mailing, row.send_id) for row in rows_of(mailing, planned)), every=1.0)
    assert mailing.mails(planned.campaign) == []
    assert mailing.status(planned.campaign)["finished"]
