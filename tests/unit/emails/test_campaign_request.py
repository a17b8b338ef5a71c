"""The body of `POST /v1/campaigns`, field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.campaign import Arm, Campaign, QuietHours
from addressee.decisions.request import InvalidField
from addressee.emails.campaign import from_body, to_body
from addressee.emails.campaign_request import Defaults, read_chunk, read_email_campaign
from addressee.emails.campaign_wire import campaign_json
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, WAKING

RULES = Campaign("default", cap_per_day=2, cap_per_week=4, default_hour=9, quiet_hours=WAKING)
DEFAULTS = Defaults(RULES, {"news": "News", "offers": "Offers"}, 0.1)
LEAST = {"campaign": "autumn", "audience": {"everyone": True}, "template": "digest"}
FULL = {
    **LEAST,
    "audience": {"segment": {"kind": "rfm_tiers", "name": "loyal"}},
    "window": {"start": "2024-10-05T10:00:40+02:00", "end": "2024-10-06T08:00:00Z"},
    "timing": "at_once",
    "holdout": 0.25,
    "holdoutSalt": "all of 2024",
    "topic": "news",
    "caps": {"perDay": 5, "perWeek": 9},
    "quietHours": "",
    "defaultHour": 0,
    "timeZone": "Europe/Berlin",
    "resend": "unknown",
}


def read(body, *, now_ms=NOON + 7_500):
    """Read a body."""
    return read_email_campaign(body, DEFAULTS, template_version="0123456789abcdef", now_ms=now_ms)


def test_what_a_request_leaves_open_is_the_installations():
    """Caps, hours, zone, holdout; the window opens now and is 48 hours long, to the minute."""
    campaign = read(LEAST)
    assert campaign.rules == Campaign(
        "autumn", cap_per_day=2, cap_per_week=4, default_hour=9, quiet_hours=WAKING, arms=(Arm(template="digest"),)
    )
    assert (campaign.start_ms, campaign.end_ms) == (NOON, NOON + 2 * DAY_MS)
    assert (campaign.segment, campaign.timing, campaign.resend) == (None, "usual_hour", "never")
    assert (campaign.holdout_share, campaign.holdout_salt) == (0.1, "autumn")


def test_every_field_is_read():
    """And times with their zone."""
    campaign = read(FULL)
    assert campaign.segment == ("rfm_tiers", "loyal")
    assert (campaign.start_ms, campaign.end_ms) == (NOON + 20 * HOUR_MS, NOON + 44 * HOUR_MS)
    rules = campaign.rules
    assert (rules.cap_per_day, rules.cap_per_week, rules.default_hour, rules.topic) == (5, 9, 0, "news")
    assert (rules.quiet_hours, rules.default_time_zone) == (QuietHours(), "Europe/Berlin")
    assert (campaign.timing, campaign.resend) == ("at_once", "unknown")
    assert (campaign.holdout_share, campaign.holdout_salt) == (0.25, "all of 2024")


@pytest.mark.parametrize("body", [LEAST, FULL])
def test_what_is_answered_is_the_same_campaign_once_more_and_once_stored(body):
    """The public JSON, sent again, reads as the same campaign; the stored form too."""
    campaign = read(body)
    said = campaign_json(campaign)
    for name in ("templateVersion", "createdAt"):
        del said[name]
    assert read(said) == campaign
    assert campaign_json(from_body(to_body(campaign))) == campaign_json(campaign)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"campaign": None}, "campaign"),
        ({"campaign": "open-slots"}, "campaign"),
        ({"campaign": "a b"}, "campaign"),
        ({"audience": None}, "audience"),
        ({"audience": {}}, "audience"),
        ({"audience": {"everyone": False}}, "audience.everyone"),
        ({"audience": {"everyone": True, "segment": {}}}, "audience"),
        ({"audience": {"nobody": True}}, "audience.nobody"),
        ({"audience": {"segment": "loyal"}}, "audience.segment"),
        ({"audience": {"segment": {"kind": "rfm_tiers"}}}, "audience.segment.name"),
        ({"audience": {"segment": {"kind": "", "name": "a"}}}, "audience.segment.kind"),
        ({"audience": {"segment": {"kind": "a", "name": "a", "of": 1}}}, "audience.segment.of"),
        ({"template": "Digest"}, "template"),
        ({"template": None}, "template"),
        ({"window": []}, "window"),
        ({"window": {"begin": 1}}, "window.begin"),
        ({"window": {"start": "2024-10-05T10:00:00"}}, "window.start"),
        ({"window": {"start": "tomorrow"}}, "window.start"),
        ({"window": {"start": "2026-10-05T10:00:00Z"}}, "window.start"),
        ({"window": {"start": 5}}, "window.start"),
        ({"window": {"end": "2024-10-04T12:00:59Z"}}, "window.end"),
        ({"window": {"start": "2024-10-01T12:00:00Z", "end": "2024-10-02T12:00:00Z"}}, "window.end"),
        ({"window": {"end": "2024-10-18T12:01:00Z"}}, "window.end"),
        ({"timing": "soon"}, "timing"),
        ({"holdout": 0.51}, "holdout"),
        ({"holdout": -0.1}, "holdout"),
        ({"holdout": True}, "holdout"),
        ({"holdout": "0.1"}, "holdout"),
        ({"holdout": float("nan")}, "holdout"),
        ({"holdoutSalt": 5}, "holdoutSalt"),
        ({"holdoutSalt": "s" * 65}, "holdoutSalt"),
        ({"topic": "sports"}, "topic"),
        ({"topic": ["news"]}, "topic"),
        ({"caps": 3}, "caps"),
        ({"caps": {"perDay": 1.5}}, "caps.perDay"),
        ({"caps": {"perWeek": -1}}, "caps.perWeek"),
        ({"caps": {"perMonth": 1}}, "caps.perMonth"),
        ({"quietHours": "21"}, "quietHours"),
        ({"quietHours": "21-24"}, "quietHours"),
        ({"quietHours": 21}, "quietHours"),
        ({"defaultHour": 24}, "defaultHour"),
        ({"defaultHour": False}, "defaultHour"),
        ({"timeZone": "Berlin"}, "timeZone"),
        ({"resend": "always"}, "resend"),
        ({"capPerDay": 1}, "capPerDay"),
    ],
)
def test_a_mistake_is_told_with_its_field(change, field):
    """What is misspelt is refused: a cap that nobody reads would mail too much."""
    with pytest.raises(InvalidField) as told:
        read({**LEAST, **change})
    assert told.value.field == field
    assert told.value.reason


@pytest.mark.parametrize("body", [None, [], "autumn", 5])
def test_only_an_object_is_a_request(body):
    """Whatever else JSON may be is refused."""
    with pytest.raises(InvalidField, match="body"):
        read(body)


def test_a_window_that_opened_before_may_go_on():
    """A campaign may be created while its window runs."""
    running = {**LEAST, "window": {"start": "2024-10-04T08:00:00Z", "end": "2024-10-04T20:00:00Z"}}
    assert read(running).start_ms == NOON - 4 * HOUR_MS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["21-8", "news"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["start", "end", "kind"]), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(sorted(FULL)), value=JSON)
def test_any_value_of_any_field_is_read_or_refused(name, value):
    """Nothing else is raised, and what is read can be answered."""
    refused = []
    try:
        campaign_json(read({**FULL, name: value}))
    except InvalidField as told:
        refused.append(told.field)
    assert all(field.startswith(name) for field in refused)


def test_a_chunk_is_a_number():
    """Five digits at most."""
    assert read_chunk("012") == 12
    for text in ("", "-1", "1e3", "100000"):
        with pytest.raises(InvalidField, match="chunk"):
            read_chunk(text)
