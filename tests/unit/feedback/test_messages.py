"""Bodies of the Feedback queue: what SES publishes, what `serve_links` queues, and whatever else there is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.emails.ports import SendKey
from addressee.feedback.events import Feedback, Fetch, Refused, Unused, key_of
from addressee.feedback.messages import read_feedback
from tests.unit.feedback.mails import ADDRESS, BROWSER, MAIL_ID, NOW_MS, SENT_MS, SUBJECT, engagement, ses_event

KEY = SendKey(SUBJECT, "spring")
SES = ("Send", "Delivery", "Bounce", "Complaint", "Reject", "Rendering Failure", "Open", "Click")


def read(message):
    """Read a message as the queue holds it."""
    return read_feedback(message if isinstance(message, str) else json.dumps(message), received_at_ms=NOW_MS)


@pytest.mark.parametrize(
    ("kind", "expected", "at_ms"),
    [
        ("Send", "sent", SENT_MS),
        ("Delivery", "delivered", SENT_MS + 1_000),
        ("Bounce", "bounced", SENT_MS + 1_000),
        ("Complaint", "complained", SENT_MS + 1_000),
        ("Reject", "rejected", SENT_MS),
        ("Rendering Failure", "rejected", SENT_MS + 1_000),
        ("Open", "opened", SENT_MS + 1_000),
        ("Click", "clicked", SENT_MS + 1_000),
    ],
)
def test_an_event_of_ses_is_read(kind, expected, at_ms):
    """Kind, send, time and SES's ids; a time that an event lacks is its mail's."""
    feedback = read(ses_event(kind))
    assert (feedback.kind, feedback.key, feedback.at_ms) == (expected, KEY, at_ms)
    assert (feedback.mail_id, feedback.accepted_at_ms) == (f"{MAIL_ID}-spring", SENT_MS)
    assert feedback.event_id == read(ses_event(kind)).event_id


@pytest.mark.parametrize("kind", SES)
def test_an_envelope_of_sns_is_opened(kind):
    """Raw delivery or not, it is the same event."""
    event = ses_event(kind)
    envelope = {"Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": json.dumps(event)}
    assert read(envelope) == read(event)


@pytest.mark.parametrize(
    ("kind", "subkind", "label"),
    [
        ("Permanent", "General", "hard"),
        ("Permanent", "NoEmail", "hard"),
        ("Permanent", "Suppressed", "hard"),
        ("Permanent", "OnAccountSuppressionList", "hard"),
        ("permanent", "SomethingNew", "hard"),
        ("Transient", "General", "soft"),
        ("Transient", "MailboxFull", "soft"),
        ("Undetermined", "Undetermined", "soft"),
        ("SomethingNew", "Other", "soft"),
    ],
)
def test_only_a_permanent_bounce_is_hard(kind, subkind, label):
    """Whatever its subtype."""
    feedback = read(ses_event("Bounce", bounceType=kind, bounceSubType=subkind))
    assert (feedback.label, feedback.bounce) == (label, f"{kind}/{subkind}")


def test_a_bounce_without_details_is_soft_and_undetermined():
    """Nobody is suppressed for what SES does not say."""
    feedback = read(ses_event("Bounce", bounceType=None, bounceSubType=7, bouncedRecipients=None))
    assert (feedback.label, feedback.bounce) == ("soft", "Undetermined/Undetermined")
    assert feedback.recipients == (ADDRESS,)


def test_a_forwarded_mails_bounce_concerns_both_addresses():
    """A server that forwards names another recipient than the one that we mailed; display names do not matter."""
    feedback = read(ses_event("Bounce", bouncedRecipients=[{"emailAddress": "Two <two@example.com>"}, 7, {}]))
    assert feedback.recipients == ("two@example.com", ADDRESS)


def test_of_several_recipients_only_those_named_are_concerned():
    """The others' mail arrived."""
    event = ses_event("Complaint", complainedRecipients=[{"emailAddress": "two@example.com"}])
    event["mail"]["destination"] = [ADDRESS, "two@example.com"]
    assert read(event).recipients == ("two@example.com",)


@pytest.mark.parametrize(
    ("flag", "is_bot"),
    [
        ("Likely", True),
        ("Unlikely", False),
        ("likely", True),
        (True, True),
        (False, False),
        ("true", True),
        (None, None),
        ("Perhaps", None),
        (["Likely"], None),
    ],
)
def test_the_flag_of_ses_is_read_in_whatever_form(flag, is_bot):
    """`isBotEvent` is `Likely` or `Unlikely`; another word says nothing."""
    assert read(ses_event("Open", isBotEvent=flag)).fetch == Fetch(BROWSER, "", is_bot)
    assert read(ses_event("Click")).fetch == Fetch(BROWSER, "", None)


def test_two_opens_are_two_events_and_a_copy_is_none():
    """Once-only events of a mail have one id, whatever time a copy names."""
    opens = {read(ses_event("Open", after_ms=after_ms)).event_id for after_ms in (1, 1, 2)}
    deliveries = {read(ses_event("Delivery", after_ms=after_ms)).event_id for after_ms in (1, 2)}
    mails = {read(ses_event("Delivery", campaign=campaign)).event_id for campaign in ("spring", "summer")}
    assert (len(opens), len(deliveries), len(mails)) == (2, 1, 2)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (ses_event("DeliveryDelay"), "SES tries on"),
        (ses_event("Complaint", complaintFeedbackType="not-spam"), "not-spam"),
        (ses_event("Subscription", newTopicPreferences={"unsubscribeAll": False}), "topics of SES's own lists"),
        (ses_event("Subscription"), "topics of SES's own lists"),
        ("Successfully validated SNS topic for Amazon SES event publishing.", "the topic was set up"),
        ({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "..."}, "the topic was set up"),
        (engagement("preferences"), "preferences"),
    ],
)
def test_some_messages_have_no_consequence(message, why):
    """They are understood, counted and gone."""
    assert read(message) == Unused(why)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("", "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        ("[1]", "is no JSON object"),
        ("null", "is no JSON object"),
        ({"Type": "Notification", "Message": "hello"}, "is no JSON object"),
        ({"Type": "Notification", "Message": 7}, "is no JSON object"),
        ({}, "eventType is missing"),
        ({"eventType": 7}, "eventType is missing"),
        (ses_event("Teleport"), "eventType is none that is known"),
        ({"source": "addressee"}, "is no engagement"),
        ({**engagement("open"), "atMs": "now"}, "is no engagement"),
    ],
)
def test_what_can_never_be_used_is_refused_by_name(message, why):
    """The reason names no content."""
    assert read(message) == Refused(why)


def test_unsubscribing_from_all_of_ses_lists_is_unsubscribing():
    """SES's own subscription page says so by an event."""
    feedback = read(ses_event("Subscription", newTopicPreferences={"unsubscribeAll": True}))
    assert (feedback.kind, feedback.key) == ("unsubscribed", KEY)


@pytest.mark.parametrize(
    "tags",
    [None, {}, {"send_id": []}, {"send_id": [7]}, {"send_id": "no dot"}, {"send_id": ["a.b.c"]}, {"send_id": [".b"]}],
)
def test_a_mail_without_a_send_id_is_nobodys(tags):
    """A complaint still names its address."""
    event = ses_event("Complaint")
    event["mail"]["tags"] = tags
    feedback = read(event)
    assert (feedback.key, feedback.recipients) == (None, (ADDRESS,))


@pytest.mark.parametrize("timestamp", [None, "", "soon", 7, "1969-01-01T00:00:00Z", "2400-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_is_the_mails_or_the_queues(timestamp):
    """No event lies later than it was received."""
    event = ses_event("Delivery", timestamp=timestamp)
    late = isinstance(timestamp, str) and timestamp.startswith("24")
    assert read(event).at_ms == (NOW_MS if late else SENT_MS)
    event["mail"]["timestamp"] = timestamp
    assert read(event).at_ms == NOW_MS


@pytest.mark.parametrize(
    ("kind", "expected", "fetch"),
    [
        ("open", "opened", Fetch(BROWSER, "GET")),
        ("click", "clicked", Fetch(BROWSER, "GET")),
        ("unsubscribe", "unsubscribed", None),
    ],
)
def test_an_engagement_is_read(kind, expected, fetch):
    """It keeps the id that its function gave it."""
    assert read(engagement(kind)) == Feedback(expected, KEY, SENT_MS + 60_000, f"{kind}-60000", fetch=fetch)
    assert read(engagement(kind, after_ms=10**12)).at_ms == NOW_MS


@given(st.text(), st.text())
def test_a_send_id_is_read_back_or_is_none(subject, campaign):
    """Neither part holds a dot or is empty."""
    good = bool(subject) and bool(campaign) and "." not in subject + campaign
    assert (key_of(f"{subject}.{campaign}") == SendKey(subject, campaign)) == good or "." in subject


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ("mail", "bounce", "complaint", "delivery", "open", "click", "subscription", "failure", "reject", "send")
PARTS = (
    "timestamp",
    "tags",
    "destination",
    "messageId",
    "bouncedRecipients",
    "complainedRecipients",
    "newTopicPreferences",
    "isBotEvent",
    "userAgent",
    "complaintFeedbackType",
)


@given(
    st.sampled_from(SES),
    st.dictionaries(st.sampled_from(MEMBERS), values | st.dictionaries(st.sampled_from(PARTS), values)),
)
@settings(max_examples=60, deadline=None)
def test_nothing_that_a_message_holds_raises(kind, damage):
    """Parts missing, of another type, or extra: an event, or a name for what it is."""
    result = read(json.dumps({**ses_event(kind), **damage}))
    assert isinstance(result, Feedback | Unused | Refused)
    if isinstance(result, Feedback):
        assert 0 < result.at_ms <= NOW_MS
        assert all(address.encode() for address in result.recipients)
