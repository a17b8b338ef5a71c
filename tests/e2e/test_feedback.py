"""What comes back of mails changes who is mailed: who is suppressed, and who of those that click is a person."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from addressee.profiles.subject import address_hash
from tests.e2e.feedback import Told, handled, publish
from tests.e2e.inbox import Reader, letter, take_time
from tests.e2e.mailing import OFTEN, Mailing, Recipient
from tests.e2e.stack import Stack, until
from tests.e2e.test_events import lake_rows

CLICKED = "Email Link Clicked"


def suppressed(stack: Stack, who: Recipient) -> str | None:
    """Return why an address is never mailed again, or None."""
    key = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SubjectSecret"])["SecretString"]
    suppressions = DynamoSuppressions(stack.outputs["SuppressionsTable"], stack.client("dynamodb"))
    return suppressions.reason(address_hash(who.address, key=key.encode()))


def grant_anew(stack: Stack, who: Recipient) -> None:
    """Let the admin API grant consent as of now: later than any bounce or complaint."""
    said = {"granted": True, "proof": "simulated, asked again", "source": "test", "at": datetime.now(UTC).isoformat()}
    reply = stack.call("PUT", f"/v1/users/{who.user_id}", {"consent": {"email": said}}, scope="admin")
    assert reply.status == 200, reply
    assert stack.rows(who.subject)["consent"]["c_email"]["M"]["granted"] == {"BOOL": True}


# --- suppression ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("word", "state", "reason", "event"),
    [
        ("complaint", "complained", "complaint", "Email Marked as Spam"),
        ("bounce", "bounced", "hard_bounce", "Email Bounced"),
    ],
)
def test_a_complaint_or_a_hard_bounce_suppresses_and_is_told(  # noqa: PLR0913, PLR0917  # columns of a table
    stack: Stack, told: Told, word: str, state: str, reason: str, event: str
):
    """The row, the suppression list, and the lake, under the name of Segment's e-mail spec."""
    who = told.people[word]
    assert told.rows[word].state == state
    assert suppressed(stack, who) == reason
    (row,) = until(lambda: [row for row in lake_rows(stack, who.subject) if row["name"] == event])
    assert (row["send_id"], row["campaign"]) == (told.rows[word].send_id, told.campaign)


def test_who_is_suppressed_gets_nothing_by_any_path_though_consent_is_granted_anew(mailing: Mailing, told: Told):
    """Not by the next dispatch, and no decision says to mail; the reason is the suppression, since consent is there."""
    stack = mailing.stack
    crowd = mailing.put([told.people["complaint"], told.people["bounce"]])
    for who in crowd.recipients:
        grant_anew(stack, who)
    campaign = mailing.plan(crowd, caps=OFTEN)
    mailing.dispatch()
    rows = mailing.settled(campaign, crowd)
    assert {(row.state, row.reason) for row in rows.values()} == {("skipped", "suppressed")}
    assert mailing.mails(campaign) == []
    for who in crowd.recipients:
        asked = {"campaign": f"asked-{uuid4().hex[:8]}", "userId": who.user_id}
        said = stack.call("POST", "/v1/decisions", asked, scope="decide").body
        assert (said["mail"], said["reason"]) == (False, "suppressed")
    assert (
        len([mail for mail in stack.twin.outbox.mails() if mail.to[0] in {who.address for who in crowd.recipients}])
        == 2
    )


def test_a_complaint_stops_the_mail_that_waits_in_the_queue(mailing: Mailing):
    """It is queued and unsent when the complaint about an earlier mail arrives; a grant after that changes nothing."""
    stack = mailing.stack
    crowd = mailing.gather("silent-complaining")
    (who,) = crowd.recipients
    first = mailing.plan(crowd)
    mailing.dispatch()
    until(lambda: mailing.row(first, who).state == "sent")
    with mailing.held("send_email"):
        second = mailing.plan(crowd, caps=OFTEN)
        mailing.dispatch()
        assert mailing.row(second, who).state == "queued"
        publish(stack, "Complaint", letter(mailing, first, who))
        until(lambda: suppressed(stack, who) == "complaint")
        grant_anew(stack, who)
    row = mailing.settled(second, crowd)[who.subject]
    assert (row.state, row.reason) == ("skipped", "suppressed")
    assert mailing.mails(second) == []
    assert mailing.row(first, who).state == "complained"


def test_soft_bounces_count_once_a_mail_and_suppress_at_the_limit(mailing: Mailing, told: Told):
    """Two of the limit's two: the first one's event comes twice and counts once; after the second nothing is sent."""
    stack, who = mailing.stack, told.people["softbounce"]
    assert (told.rows["softbounce"].state, told.rows["softbounce"].bounce) == ("bounced", "Transient/MailboxFull")
    publish(stack, "Bounce", told.mails["softbounce"], "softbounce")
    handled(stack)
    assert len(stack.rows(who.subject)["bounces"]["soft"]["SS"]) == 1
    assert suppressed(stack, who) is None
    crowd = mailing.put([who])
    second = mailing.plan(crowd, caps=OFTEN)
    mailing.dispatch()
    assert mailing.settled(second, crowd)[who.subject].state == "bounced"
    until(lambda: suppressed(stack, who) == "soft_bounces")
    third = mailing.plan(crowd, caps=OFTEN)
    mailing.dispatch()
    row = mailing.settled(third, crowd)[who.subject]
    assert (row.state, row.reason) == ("skipped", "suppressed")
    assert mailing.mails(third) == []


# --- people and machines --------------------------------------------------------------------------------------------
def test_people_who_click_move_their_profile_and_machines_the_lake_alone(stack: Stack, told: Told):
    """A browser ten seconds after the mail is a person; a program is none, and neither is whoever clicks at once."""
    reader = Reader(stack)
    for word, agent in (("reader", ""), ("scanned", "Barracuda Sentinel (EE)")):
        take_time(told.rows[word].settled_at_ms)
        answer = reader.fetch(told.mails[word].links("c")[0], agent=agent)
        assert answer.status == 302
    until(lambda: labels(stack, told.people["reader"]) == ["human"])
    until(lambda: labels(stack, told.people["scanned"]) == ["machine"])
    person, machine = (stack.state(told.people[word].subject) for word in ("reader", "scanned"))
    assert person is not None
    assert (person.clicks, person.last_click_ms > 0) == (1, True)
    assert machine is None or (machine.clicks, machine.last_click_ms) == (0, 0)


def test_a_click_sooner_than_people_are_is_a_machines(stack: Stack, told: Told):
    """With a browser's own agent, as soon as SES had taken the mail; the fixture clicked."""
    who = told.people["impatient"]
    until(lambda: labels(stack, who) == ["machine"])
    state = stack.state(who.subject)
    assert state is None or state.clicks == 0


def labels(stack: Stack, who: Recipient) -> list[object]:
    """Return the label of each click of somebody that is in the lake."""
    rows = {row["message_id"]: row["label"] for row in lake_rows(stack, who.subject) if row["name"] == CLICKED}
    return list(rows.values())
