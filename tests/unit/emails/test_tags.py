"""Send ids as SES's message tags: a dot is refused there ("only alphanumeric ASCII characters, '_', and '-'")."""

import re

from hypothesis import given
from hypothesis import strategies as st

from addressee.emails.send import send_id_in, send_id_of, tag_of

SUBJECTS = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
CAMPAIGNS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(SUBJECTS, CAMPAIGNS)
def test_a_send_id_survives_ses_as_a_tag(subject: str, campaign: str):
    """SES takes it, and its events give it back."""
    send_id = send_id_of(subject, campaign)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", tag_of(send_id))
    assert send_id_in(tag_of(send_id)) == send_id


@given(SUBJECTS, CAMPAIGNS)
def test_a_send_id_with_its_dot_is_read_as_it_is(subject: str, campaign: str):
    """A campaign's own dashes stay."""
    send_id = send_id_of(subject, campaign)
    assert send_id_in(send_id) == send_id
