"""Consent: a withdrawal loses only to a later grant that carries proof."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.profiles.consent import (
    ConsentChange,
    GrantWithoutProof,
    consent_cells,
    has_consent,
    newer_consent,
    read_consent,
)
from addressee.profiles.traits import Stamp

changes = st.builds(
    ConsentChange,
    purpose=st.sampled_from(["email", "profiling"]),
    granted=st.booleans(),
    stamp=st.builds(Stamp, at_ms=st.integers(0, 3), id=st.sampled_from("abc")),
    proof=st.just("form"),
)


def folded(batches):
    """Fold batches one after the other."""
    stored = {}
    for batch in batches:
        stored.update(newer_consent(stored, batch))
    return stored


@given(st.lists(changes), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_changes_gives_the_same_consent(said, random):
    """Fold shuffled batches, all of them twice, and compare with all at once."""
    shuffled = [*said, *said]
    random.shuffle(shuffled)
    assert folded([each] for each in shuffled) == folded([said])


@given(st.lists(changes))
def test_after_a_withdrawal_only_a_later_grant_counts(said):
    """Whoever withdrew is not mailed unless a grant of a later time exists."""
    for purpose, last in folded([said]).items():
        withdrawn_at = max(
            (each.stamp.at_ms for each in said if each.purpose == purpose and not each.granted), default=-1
        )
        assert last.granted == (last.stamp.at_ms > withdrawn_at)


def test_the_event_that_tells_of_a_withdrawal_leaves_its_proof_alone():
    """Same time, no proof, a larger id: the row still says which mail it came from, whichever is first."""
    said = ConsentChange("email", granted=False, stamp=Stamp(2, "a"), proof="preference page, send x", source="page")
    told = ConsentChange("email", granted=False, stamp=Stamp(2, "b"), source="event")
    assert folded([[said], [told]]) == folded([[told], [said]]) == {"email": said}


def test_a_grant_without_proof_cannot_exist():
    """Refuse to build it."""
    with pytest.raises(GrantWithoutProof):
        ConsentChange("email", granted=True, stamp=Stamp(1, "a"))


def test_what_was_never_granted_is_not_granted():
    """Read consent from a stored row."""
    grant = ConsentChange("email", granted=True, stamp=Stamp(1, "a"), proof="form", source="crm")
    row = {"subject": "s", "part": "consent", **consent_cells([grant])}
    assert row["c_email"] == {"granted": True, "at": 1, "id": "a", "proof": "form", "source": "crm"}
    assert read_consent(row) == {"email": grant}
    assert has_consent(row)
    assert not has_consent(row, "profiling")
    assert not has_consent({})
    assert not has_consent(consent_cells([ConsentChange("email", granted=False, stamp=Stamp(2, "b"))]))
