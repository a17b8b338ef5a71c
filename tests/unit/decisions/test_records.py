"""Stored rows to a person, a decision to its record and to public JSON."""

import json
import zlib
from base64 import b64decode
from dataclasses import asdict, replace
from random import Random

import pytest

from addressee.decisions import decision
from addressee.decisions.decision import Decision, Product, from_body, to_body, unknown_person
from addressee.decisions.packing import unpack
from addressee.decisions.person import Person, Scores, read_person
from addressee.decisions.portrait import Portrait
from addressee.decisions.wire import decision_json, recommendations_json, scores_json
from addressee.models.ranking import Scored
from addressee.profiles.packing import DamagedState, pack
from tests.unit.decisions.people import NOW, SUBJECT, state

DECISION = Decision(
    subject=SUBJECT,
    campaign="spring",
    mail=True,
    reason="eligible",
    rung="popular",
    arm="default",
    arm_propensity=1.0,
    template="default",
    slot_ms=NOW,
    products=(Product("milk", "popular", 1.0, 0.5),),
    decided_at_ms=NOW,
    models={"discover": "2024-10-03-abc"},
    scores={"buys_in_7_days": 0.25},
)
ROWS = [
    {"part": "state", "version": 3, "packed": pack(state(bought={"milk": 1}))},
    {"part": "person", "user_id": "anna", "address": "anna@example.com"},
    {"part": "traits", "t_time_zone": {"v": "Europe/Berlin", "at": 1, "id": "a"}},
    {"part": "consent", "c_email": {"granted": True, "at": 7, "id": "a", "proof": "form", "source": "admin"}},
    {"part": "touches", "body": b'[["send-1", 5]]'},
    {
        "part": "scores",
        "body": json.dumps(
            {
                "as_of": "2024-10-03",
                "segments": {"rfm_tiers": "loyal"},
                "scores": {"buys_in_7_days": 0.5},
                "candidates": {"discover": [["kiwi", 1.5, 3]]},
                "versions": {"discover": "v"},
            }
        ).encode(),
    },
    {"part": "cause#cart", "due_ms": 1},
]


def test_the_rows_of_a_person_are_read_whatever_their_order():
    """Every part finds its field; parts of others are ignored."""
    person = read_person(SUBJECT, reversed(ROWS), purpose="email")
    assert (person.granted, person.granted_at_ms, person.address) == (True, 7, "anna@example.com")
    assert (person.time_zone, person.touches) == ("Europe/Berlin", (("send-1", 5),))
    assert person.state == state(bought={"milk": 1})
    assert person.scores == Scores(
        "2024-10-03",
        {"rfm_tiers": "loyal"},
        {"buys_in_7_days": 0.5},
        {"discover": (Scored("kiwi", 1.5, 3.0),)},
        {"discover": "v"},
    )


def test_somebody_without_rows_is_empty():
    """Consent was never given, which is not the same as unknown."""
    assert read_person(SUBJECT, [], purpose="email") == Person(SUBJECT)
    assert read_person(SUBJECT, ROWS, purpose="sms").granted is False


def test_a_damaged_state_is_not_taken_for_an_empty_one():
    """Nobody is treated as new because bytes were lost."""
    with pytest.raises(DamagedState):
        read_person(SUBJECT, [{"part": "state", "packed": b"\x01"}], purpose="email")


def test_a_record_reads_as_it_was_written():
    """JSON in between, compressed, as plain as it once was; fields of a later version are ignored."""
    assert from_body(to_body(DECISION)) == DECISION
    products = [each._asdict() for each in DECISION.products]
    later = {**asdict(DECISION), "products": products, "mood": "good"}
    assert from_body(json.dumps(later).encode()) == DECISION
    assert from_body(zlib.compress(json.dumps(later).encode())) == DECISION


def test_a_record_of_today_will_be_read_tomorrow():
    """The words that it was written with may not change."""
    kept = (
        "ePlTWO+KQw5nA0MjYxNTM3MLy8SkZGDQoPNR46G4oCgTGLLERwA0ZZIR9nCVSIFvZGFgbGRiAAI44yE3MycbW+YgGGqmWIMNxUp4CKLmFyMTX"
        "UMDXQNjXWCQEUr7Rqa1tQC3oXm5"
    )
    assert from_body(b64decode(kept)) == DECISION


def test_why_and_how_likely_an_hour_was_is_kept():
    """Most records say nothing of it, and are as small as before."""
    explored = replace(DECISION, send_time="explored", send_propensity=0.003125)
    assert from_body(to_body(explored)) == explored
    assert decision_json(explored, recorded=True)["sendTime"] == "explored"


def test_because_of_what_a_product_is_there_is_kept():
    """A product without a cause costs the record nothing, and one from before has none; bought before is of itself."""
    chosen = (Product("kiwi", "bought_together_with", 1.0, 0.0, "milk"), Product("milk", "bought_often", 1.0, 0.9))
    caused = replace(DECISION, products=chosen)
    assert from_body(to_body(caused)) == caused
    told = decision_json(caused, recorded=True)["products"]
    assert [each["becauseOf"] for each in told] == ["milk", "milk"]
    stored = json.loads(unpack(to_body(caused), decision._WORDS))["products"]
    assert [set(each) - {"because_of"} for each in stored] == [{"item_id", "reason", "propensity", "confidence"}] * 2
    assert ["because_of" in each for each in stored] == [True, False]
    assert stored[0]["confidence"] == 0.0


def test_a_record_of_twelve_products_with_their_causes_is_one_write_unit():
    """Half of them follow from others, of a few different ones; DynamoDB bills whole kilobytes of an item."""
    rng = Random(5)
    numbers = [str(rng.randrange(800_000, 18_000_000)) for _ in range(16)]
    chosen = tuple(
        Product(
            numbers[place],
            "bought_together_with" if place % 2 else "bought_often",
            1.0,
            round(rng.random(), 4),
            rng.choice(numbers[12:]) if place % 2 else "",
        )
        for place in range(12)
    )
    models = dict.fromkeys(("buy_again", "discover", "buys_in_7_days", "rfm_tiers"), "2024-10-03-0123456789ab")
    scores = {"buys_in_7_days": 0.123456, "lapses_in_28_days": 0.654321}
    body = to_body(replace(DECISION, products=chosen, models=models, scores=scores))
    assert len(body) + len(SUBJECT) + 60 < 1_024


def test_public_json_is_camel_case():
    """The answer of the API, whole."""
    assert decision_json(DECISION, recorded=True) == {
        "decisionId": f"{SUBJECT}.spring",
        "campaign": "spring",
        "mail": True,
        "reason": "eligible",
        "rung": "popular",
        "arm": "default",
        "template": "default",
        "slot": "2024-10-04T09:00:00Z",
        "sendTime": None,
        "products": [{"itemId": "milk", "reason": "popular", "propensity": 1.0, "confidence": 0.5, "becauseOf": None}],
        "models": {"discover": "2024-10-03-abc"},
        "recorded": True,
    }
    assert recommendations_json(DECISION, "mixed")["use"] == "mixed"
    assert decision_json(replace(unknown_person("", "x", now_ms=NOW)), recorded=False)["decisionId"] is None


def test_scores_say_as_of_when():
    """The day of the last scoring run, or null."""
    assert scores_json(Portrait({"a": 0.5}, {"b": "c"}), {"a": "v"}, "2024-10-03") == {
        "scores": {"a": 0.5},
        "segments": {"b": "c"},
        "models": {"a": "v"},
        "asOf": "2024-10-03",
    }
    assert scores_json(Portrait(), {}, "")["asOf"] is None
    assert scores_json(Portrait(hours={"send_hour": (186,)}), {}, "")["hours"] == {"send_hour": [186]}
