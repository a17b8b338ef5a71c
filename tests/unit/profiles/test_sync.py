"""What a CRM says about people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.events.event import Refusal
from addressee.profiles.people import PersonChange
from addressee.profiles.subject import subject_of
from addressee.profiles.sync import CLOCK_TOLERANCE_MS, read_user_row

NOW = 1_769_860_800_000  # 2026-01-31T12:00:00Z
KEY = b"made-up key"


def read(row, user_id=None):
    """Read a row at noon of a day in January."""
    return read_user_row(row, now_ms=NOW, key=KEY, user_id=user_id)


def test_a_person_is_read_with_stamps_of_the_call():
    """Time zone and locale are traits; what names no time happened now."""
    change = read(
        {
            "userId": "u1",
            "address": " Ada@example.com ",
            "traits": {"age_band": "35-44", "vip": True},
            "timeZone": "Europe/Berlin",
            "locale": "de-DE",
            "consent": {"email": {"granted": True, "proof": "form 7", "source": "crm", "at": "2026-01-30T12:00:00Z"}},
        }
    )
    assert change.subject == subject_of("u1", kind="user", key=KEY)
    assert (change.user_id, change.address) == ("u1", "Ada@example.com")
    assert {each.name: each.value for each in change.traits} == {
        "age_band": "35-44",
        "vip": True,
        "time_zone": "Europe/Berlin",
        "locale": "de-DE",
    }
    assert {each.stamp.at_ms for each in change.traits} == {NOW}
    (consent,) = change.consent
    assert (consent.granted, consent.proof, consent.source, consent.stamp.at_ms) == (
        True,
        "form 7",
        "crm",
        NOW - 86_400_000,
    )


def test_the_same_row_gives_the_same_stamps():
    """A repeat is the same change."""
    row = {"userId": "u1", "traits": {"a": 1}, "consent": {"email": {"granted": False}}, "at": "2026-01-01"}
    assert read(row) == read(dict(reversed(row.items())))


def test_an_address_may_stay_or_go():
    """Unnamed stays, null is removed."""
    assert read({"userId": "u1"}).address is None
    assert read({"userId": "u1", "address": None}).address == ""


def test_a_first_name_may_stay_or_go_and_is_no_trait():
    """Unnamed stays, null is removed, spaces around it go."""
    assert read({"userId": "u1"}).first_name is None
    assert read({"userId": "u1", "firstName": None}).first_name == ""
    change = read({"userId": "u1", "firstName": " Zoë "})
    assert (change.first_name, list(change.traits)) == ("Zoë", [])


def test_a_clock_that_is_a_little_fast_is_forgiven():
    """Times up to five minutes ahead count as now."""
    assert read({"userId": "u1", "traits": {"a": 1}, "at": "2026-01-31T12:05:00Z"}).traits[0].stamp.at_ms == NOW
    assert CLOCK_TOLERANCE_MS == 300_000


def test_the_path_names_the_user():
    """The body may repeat the id, not change it."""
    assert read({}, user_id="u1").user_id == "u1"
    assert read({"userId": "u1"}, user_id="u1").user_id == "u1"
    assert read({"userId": "u2"}, user_id="u1") == Refusal("userId", "differs from the one in the path")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("u1", ""),
        ({}, "userId"),
        ({"userId": 5}, "userId"),
        ({"userId": "u1", "email": "a@example.com"}, "email"),
        ({"userId": "u1", "address": "nobody"}, "address"),
        ({"userId": "u1", "address": "a" * 250 + "@example.com"}, "address"),
        ({"userId": "u1", "firstName": "a" * 81}, "firstName"),
        ({"userId": "u1", "firstName": "Ada\r\nBcc: eve"}, "firstName"),
        ({"userId": "u1", "firstName": "ada@example.com"}, "firstName"),
        ({"userId": "u1", "firstName": 7}, "firstName"),
        ({"userId": "u1", "traits": []}, "traits"),
        ({"userId": "u1", "traits": {f"n{index}": 1 for index in range(65)}}, "traits"),
        ({"userId": "u1", "traits": {"age": {}}}, "traits.age"),
        ({"userId": "u1", "timeZone": "Mars/Olympus"}, "timeZone"),
        ({"userId": "u1", "timeZone": "../etc/passwd"}, "timeZone"),
        ({"userId": "u1", "timeZone": 3}, "timeZone"),
        ({"userId": "u1", "locale": "xx_"}, "locale"),
        ({"userId": "u1", "at": "2026-01-31T12:05:00.001Z"}, "at"),
        ({"userId": "u1", "consent": True}, "consent"),
        ({"userId": "u1", "consent": {f"p{index}": {"granted": False} for index in range(17)}}, "consent"),
        ({"userId": "u1", "consent": {"E-mail": {"granted": False}}}, "consent.E-mail"),
        ({"userId": "u1", "consent": {"email": True}}, "consent.email.granted"),
        ({"userId": "u1", "consent": {"email": {"granted": "yes"}}}, "consent.email.granted"),
        ({"userId": "u1", "consent": {"email": {"granted": True}}}, "consent.email.proof"),
        ({"userId": "u1", "consent": {"email": {"granted": True, "proof": " "}}}, "consent.email.proof"),
        ({"userId": "u1", "consent": {"email": {"granted": True, "proof": "x" * 513}}}, "consent.email.proof"),
        ({"userId": "u1", "consent": {"email": {"granted": True, "proof": "x", "at": 5}}}, "consent.email.at"),
        ({"userId": "u1", "consent": {"email": {"granted": False, "why": "x"}}}, "consent.email.why"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(row, field):
    """Refuse the row, say which field and why."""
    refusal = read(row)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert refusal.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["userId", "address", "firstName", "traits", "consent", "timeZone", "locale", "at"]),
        json_values
        | st.dictionaries(st.sampled_from(["email", "a"]), st.dictionaries(st.just("granted"), json_values)),
    )
)
def test_no_row_raises(row):
    """Whatever JSON comes in, a change or a refusal comes out."""
    assert isinstance(read(row), PersonChange | Refusal)
