"""What callers may ask, and what they are told where they may not."""

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addressee.decisions.request import (
    DecisionRequest,
    InvalidField,
    Who,
    read_count,
    read_decision_id,
    read_decision_request,
    read_use,
    read_who,
)

LEAST = {"campaign": "spring", "userId": "anna"}


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        (LEAST, DecisionRequest("spring", Who("anna"))),
        ({"campaign": "spring", "anonymousId": "x", "userId": None}, DecisionRequest("spring", Who("x", "anonymous"))),
        ({**LEAST, "use": "discover", "later": 1}, DecisionRequest("spring", Who("anna"), "discover")),
        ({**LEAST, "products": ["b", "a", "b"]}, DecisionRequest("spring", Who("anna"), products=("b", "a"))),
        ({**LEAST, "products": []}, DecisionRequest("spring", Who("anna"), products=())),
        ({**LEAST, "context": {"timeZone": "UTC", "x": {}}}, DecisionRequest("spring", Who("anna"), time_zone="UTC")),
    ],
)
def test_a_request_is_read(body, request_):
    """Fields that are not known are ignored, duplicates of a product too."""
    assert read_decision_request(body) == request_


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        (None, "body"),
        ({"userId": "anna"}, "campaign"),
        ({**LEAST, "campaign": "a b"}, "campaign"),
        ({**LEAST, "campaign": "x" * 65}, "campaign"),
        ({**LEAST, "campaign": "spring\n"}, "campaign"),
        ({**LEAST, "campaign": 7}, "campaign"),
        ({"campaign": "spring"}, "userId"),
        ({**LEAST, "anonymousId": "x"}, "userId"),
        ({"campaign": "spring", "userId": 7}, "userId"),
        ({"campaign": "spring", "userId": ""}, "userId"),
        ({"campaign": "spring", "userId": "\ud800"}, "userId"),
        ({"campaign": "spring", "anonymousId": "x" * 257}, "anonymousId"),
        ({**LEAST, "use": "sell"}, "use"),
        ({**LEAST, "use": ["discover"]}, "use"),
        ({**LEAST, "products": "a"}, "products"),
        ({**LEAST, "products": ["a"] * 13}, "products"),
        ({**LEAST, "products": ["a", 7]}, "products[1]"),
        ({**LEAST, "products": [""]}, "products[0]"),
        ({**LEAST, "context": "x"}, "context"),
        ({**LEAST, "context": {"timeZone": 1}}, "context.timeZone"),
    ],
)
def test_a_mistake_is_named_with_its_field(body, field):
    """The reason is for a developer to read."""
    with pytest.raises(InvalidField) as wrong:
        read_decision_request(body)
    assert wrong.value.field == field
    assert wrong.value.reason


@pytest.mark.parametrize("k", ["0", "51", "-1", "1.5", "", "ten", "1,2", "²", "99999"])
def test_a_count_is_1_to_50(k):
    """Whatever else is refused; absent means 10."""
    with pytest.raises(InvalidField):
        read_count(k)
    assert (read_count(None), read_count("50"), read_count("1")) == (10, 50, 1)


def test_a_path_names_a_user_or_an_anonymous_id():
    """The query says which."""
    assert read_who("anna", anonymous=None) == Who("anna") == read_who("anna", anonymous="false")
    assert read_who("x", anonymous="true") == Who("x", "anonymous")
    with pytest.raises(InvalidField, match="anonymous"):
        read_who("x", anonymous="yes")
    with pytest.raises(InvalidField, match="id"):
        read_who("", anonymous=None)


def test_a_decision_id_is_subject_and_campaign():
    """So one GetItem finds it."""
    subject = "0" * 32
    assert read_decision_id(f"{subject}.spring") == (subject, "spring")
    for wrong in ("", "spring", f"{subject}.", f"{subject}.a.b", f"{subject[1:]}.a", f"{'G' * 32}.a"):
        with pytest.raises(InvalidField):
            read_decision_id(wrong)


def test_no_use_is_mixed():
    """The default is both."""
    assert read_use(None) == "mixed"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["campaign", "userId", "anonymousId", "use", "products", "context", "other"])


@settings(suppress_health_check=[HealthCheck.too_slow])  # a fresh clone first writes its table of characters
@given(st.dictionaries(FIELDS, VALUES | st.just("spring")))
def test_any_json_is_read_or_refused(body):
    """Nothing that JSON can say breaks the reader."""
    with suppress(InvalidField):
        assert read_decision_request(json.loads(json.dumps(body))).campaign == body["campaign"]
