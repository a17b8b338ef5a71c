"""What a person wants, as changes of their consent row."""

import json

import pytest

from addressee.emails.links import Token
from addressee.emails.pages import language_of, sender_name
from addressee.emails.pages.texts import TEXTS
from addressee.emails.preferences import (
    PAUSE_DAYS,
    InvalidTopics,
    Preferences,
    read_preferences,
    read_topics,
    resubscribe,
    save,
    unsubscribe,
)
from addressee.profiles.consent import ConsentChange
from addressee.profiles.traits import Stamp
from tests.fakes.people import InMemoryPersonStore

TOKEN = Token("p", "0123456789abcdef0123456789abcdef", "spring-2026")
TOPICS = {"news": "News", "recipes": "Recipes"}
NOW_MS = 1_769_860_800_000
DAY_MS = 86_400_000


@pytest.fixture
def people():
    """Know one person, who consented."""
    store = InMemoryPersonStore()
    store.apply(TOKEN.subject, consent=[ConsentChange("email", granted=True, stamp=Stamp(1, "a"), proof="form")])
    return store


def stands(people, now_ms=NOW_MS):
    """Read what stands."""
    return read_preferences(TOKEN, people, TOPICS, now_ms=now_ms)


def test_topics_are_on_until_somebody_turns_them_off(people):
    """Look before anything was said."""
    assert stands(people) == Preferences(subscribed=True, topics={"news": True, "recipes": True}, paused_until_ms=0)


def test_the_first_of_many_withdrawals_stands(people):
    """Unsubscribe three times."""
    assert [unsubscribe(TOKEN, people, now_ms=NOW_MS + more) for more in (0, 5, 9)] == [NOW_MS] * 3
    assert not stands(people).subscribed


def test_a_withdrawal_is_kept_of_somebody_unknown_too():
    """Nobody is mailed on an older grant that comes later."""
    store = InMemoryPersonStore()
    unsubscribe(TOKEN, store, now_ms=NOW_MS)
    old = ConsentChange("email", granted=True, stamp=Stamp(NOW_MS - 1, "z"), proof="import")
    store.apply(TOKEN.subject, consent=[old])
    assert not stands(store).subscribed


def test_each_word_counts_though_another_clock_was_ahead(people):
    """Say no, yes and no again on a clock that stands still and lies behind the stored stamp."""
    ahead = ConsentChange("email", granted=True, stamp=Stamp(NOW_MS + 60_000, "z"), proof="form")
    people.apply(TOKEN.subject, consent=[ahead])
    unsubscribe(TOKEN, people, now_ms=NOW_MS)
    assert not stands(people).subscribed
    assert resubscribe(TOKEN, people, now_ms=NOW_MS)
    assert stands(people).subscribed
    unsubscribe(TOKEN, people, now_ms=NOW_MS)
    assert not stands(people).subscribed


def test_coming_back_changes_nothing_for_who_never_left_or_never_came(people):
    """Say yes where there is nothing to undo."""
    before = people.consent_row(TOKEN.subject)
    assert resubscribe(TOKEN, people, now_ms=NOW_MS)
    assert people.consent_row(TOKEN.subject) == before
    assert not resubscribe(TOKEN, InMemoryPersonStore(), now_ms=NOW_MS)


def test_a_pause_ends_by_itself_or_when_it_is_ended(people):
    """Pause; look on the last day and after it; end it on the same millisecond."""
    assert save(TOKEN, "pause", (), people, TOPICS, now_ms=NOW_MS)
    until_ms = NOW_MS + PAUSE_DAYS * DAY_MS
    assert stands(people, until_ms - 1).paused_until_ms == until_ms
    assert stands(people, until_ms).paused_until_ms == 0
    assert save(TOKEN, "resume", (), people, TOPICS, now_ms=NOW_MS)
    assert stands(people).paused_until_ms == 0


def test_a_button_that_there_is_not_does_nothing(people):
    """Press an invented one."""
    before = people.consent_row(TOKEN.subject)
    assert not save(TOKEN, "everything", ("news",), people, TOPICS, now_ms=NOW_MS)
    assert people.consent_row(TOKEN.subject) == before


def test_topics_are_read_from_the_setting():
    """Read none and two."""
    assert read_topics("") == read_topics("{}") == {}
    assert read_topics('{"news": "News", "a_1": "A"}') == {"news": "News", "a_1": "A"}


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "{", "5", '{"News": "x"}', '{"a b": "x"}', '{"a": ""}', '{"a": 1}'),
        *(json.dumps({f"t{number}": "x" for number in range(16)}), json.dumps({"t" * 40: "x"})),
    ],
)
def test_a_wrong_setting_of_topics_is_an_error(text):
    """Name topics as no purpose can be called, or too many."""
    with pytest.raises(InvalidTopics):
        read_topics(text)


def test_every_language_has_every_text_with_the_same_places():
    """Compare keys and placeholders with English; every month has a name."""
    english = TEXTS["en"]
    for texts in TEXTS.values():
        assert texts.keys() == english.keys()
        assert all(("{sender}" in texts[key]) == ("{sender}" in english[key]) for key in texts)
        assert len(texts["months"].split()) == 12


@pytest.mark.parametrize(
    ("accepted", "language"), [("de", "de"), ("DE-ch", "de"), ("fr, de;q=0.5", "de"), ("", "en"), (";,,-", "en")]
)
def test_the_first_known_language_is_taken(accepted, language):
    """Read headers, good and bad."""
    assert language_of(accepted) == language


@pytest.mark.parametrize(
    ("sender", "name"),
    [("The Shop <hi@example.com>", "The Shop"), ("hi@shop.example.com", "shop.example.com"), ("", "")],
)
def test_a_sender_without_a_name_is_called_by_its_domain(sender, name):
    """Read senders."""
    assert sender_name(sender) == name
