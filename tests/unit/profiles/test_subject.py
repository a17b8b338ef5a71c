"""`subject`: who counts as the same person."""

import pytest

from addressee.events.event import Event
from addressee.events.read import read_message
from addressee.profiles.people import PersonChange
from addressee.profiles.subject import address_hash, subject_of
from addressee.profiles.sync import read_user_row

KEY = b"made-up key"


@pytest.mark.parametrize("user_id", ["u1", " u1", "u1\t", "  u1  "])
def test_a_crm_and_an_event_mean_the_same_person_whatever_blanks_are_around_the_id(user_id):
    """Else a withdrawal by an event would leave the CRM's grant standing."""
    change = read_user_row({}, user_id=user_id.replace("\t", " "), now_ms=0, key=KEY)
    event = read_message({"type": "page", "userId": user_id}, received_at_ms=0)
    assert isinstance(change, PersonChange)
    assert isinstance(event, Event)
    assert change.subject == subject_of(event.user_id, kind="user", key=KEY) == subject_of("u1", kind="user", key=KEY)


def test_kinds_keys_and_ids_give_subjects_of_their_own():
    """32 hex characters that say nothing of the id."""
    subjects = {
        subject_of(identifier, kind=kind, key=key)
        for identifier in ("u1", "u2", "U1")
        for kind in ("user", "anonymous")
        for key in (KEY, b"another")
    }
    assert len(subjects) == 12
    assert {len(each) for each in subjects} == {32}


def test_an_address_is_hashed_as_people_write_it():
    """Case and blanks do not make another address."""
    assert address_hash(" ADA@example.com", key=KEY) == address_hash("ada@example.com", key=KEY)
    assert address_hash("ada@example.com", key=KEY) != address_hash("ada@example.com", key=b"another")
