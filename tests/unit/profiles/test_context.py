"""The context of an activity as a number: the same in Python and in DuckDB, the latest day's in the state."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addressee.events.declared import DEVICES as READ
from addressee.events.event import Event
from addressee.profiles.context import (
    CONTEXT_BITS,
    DEVICES,
    context_code,
    context_sql,
    country_of,
    device_of,
    language_of,
)
from addressee.profiles.features import EVENT_FEATURE_NAMES, event_vector
from addressee.profiles.fold import fold
from addressee.profiles.levels import level_of
from addressee.profiles.state import CONTEXT_DAYS, DAY_MS, empty_state

DAY = 20_000
CODES = ("device_code", "language_code", "country_code")


def seen(day, device="", locale="", *, name="Visited", label=""):
    """Return an event of a day."""
    at_ms = day * DAY_MS + 5
    said = f"{day} {device} {locale} {name} {label}"
    return Event(said, "track", name, "u", "", at_ms, at_ms, device=device, locale=locale, label=label)


def levels(*events):
    """Fold events and return device, language and country in words."""
    state = empty_state()
    for event in events:
        fold(state, event)
    values = dict(zip(EVENT_FEATURE_NAMES, event_vector(state, (DAY + 400) * DAY_MS), strict=True))
    return [level_of(name, values[name]) for name in CODES]


def test_every_class_of_device_that_events_know_has_a_number():
    """And a new one among the events' must get one here."""
    assert set(DEVICES) == READ


@pytest.mark.parametrize(
    ("device", "locale", "words"),
    [
        ("ios", "de-AT", ["ios", "de", "AT"]),
        ("other", "zh_Hans_CN", ["other", "zh", "CN"]),
        ("", "fr", ["none", "fr", "none"]),
        ("tv", "yue-HK", ["tv", "none", "HK"]),
        ("web", "", ["web", "none", "none"]),
        ("", "C", ["none", "none", "none"]),
    ],
)
def test_a_context_in_words(device, locale, words):
    """Languages of three letters are none of those with a code; a script is no country."""
    assert levels(seen(DAY, device, locale)) == words


@given(
    st.text(max_size=12) | st.from_regex(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,3}\n?"),
    st.sampled_from([*DEVICES, "", "x"]),
)
@settings(max_examples=60, deadline=None)
def test_duckdb_gives_the_same_code(duck, locale, device):
    """Whatever the text."""
    sql = f"SELECT {context_sql()} FROM (SELECT $1::VARCHAR AS device, $2::VARCHAR AS locale)"  # noqa: S608  # our own
    ((found,),) = duck.execute(sql, [device, locale]).fetchall()
    assert found == context_code(device, locale)
    assert found < 1 << CONTEXT_BITS
    assert (device_of(found) > 0) == (device != "")
    assert max(language_of(found), country_of(found)) <= 26 * 26


def test_the_latest_day_counts_in_any_order_and_of_a_day_the_greatest_code():
    """Events that tell nothing, and machines, leave it as it is."""
    events = [
        seen(DAY, "desktop", "de-AT"),
        seen(DAY + 1, "mobile", "de-AT"),
        seen(DAY + 1, "desktop", "en-GB"),
        seen(DAY + 2),
        seen(DAY + 3, "tv", "fr-FR", name="Email Opened", label="machine"),
    ]
    for seed in range(10):
        Random(seed).shuffle(events)
        assert levels(*events) == ["mobile", "de", "AT"]


def test_a_context_is_forgotten_when_the_last_one_lies_too_far_back():
    """As many days before the last activity as a byte can count; an older event changes nothing."""
    first, last = seen(DAY, "ios", "de-AT"), seen(DAY + CONTEXT_DAYS - 1)
    assert levels(first, last) == levels(last, first) == ["ios", "de", "AT"]
    later = seen(DAY + CONTEXT_DAYS)
    assert levels(first, later) == levels(later, first) == ["none"] * 3
