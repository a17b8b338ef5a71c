"""`sync_profiles`: CRM and catalogue, one result per row."""

import json
from pathlib import Path

import pytest

from addressee.adapters.secrets import Secret
from addressee.profiles.consent import has_consent
from addressee.profiles.subject import subject_of
from addressee.profiles.traits import trait_values
from functions.sync_profiles.handler import Wiring, handle
from tests.fakes.items import InMemoryItemStore
from tests.fakes.people import InMemoryPersonStore

SAMPLE = json.loads(Path("events/sync_profiles.json").read_text(encoding="utf-8"))
KEY = "made-up key"


class FixedSecrets:
    """A Secrets Manager that knows one key."""

    def get_secret_value(self, SecretId):  # noqa: N803  # botocore's name
        """Return the key."""
        return {"Name": SecretId, "SecretString": KEY}


@pytest.fixture
def wires():
    """Wire the handler to memory."""
    return Wiring(InMemoryPersonStore(), InMemoryItemStore(), Secret("subject", secrets=FixedSecrets()))


def call(wires, route, body, *, scope="admin", path=None):
    """Send one request and return status and body."""
    event = {**SAMPLE, "routeKey": route, "body": body if isinstance(body, str) else json.dumps(body)}
    event["pathParameters"] = path or {}
    event["requestContext"] = {**SAMPLE["requestContext"], "authorizer": {"lambda": {"scope": scope}}}
    answer = handle(event, None, wired=wires)
    return answer["statusCode"], json.loads(answer["body"])


def rows_of(wires, user_id):
    """Read a person's rows, by part."""
    subject = subject_of(user_id, kind="user", key=KEY.encode())
    return {part: row for (owner, part), row in wires.people.rows.items() if owner == subject}


def test_the_sample_writes_person_traits_and_consent(wires):
    """Handle the sample payload."""
    answer = handle(SAMPLE, None, wired=wires)
    assert answer["statusCode"] == 200
    rows = rows_of(wires, "household-1")
    assert rows["person"] == {"user_id": "household-1", "address": "household-1@example.com"}
    assert trait_values(rows["traits"]) == {"age_band": "35-44", "time_zone": "Europe/Berlin", "locale": "en-GB"}
    assert has_consent(rows["consent"])


def test_the_same_request_twice_changes_nothing(wires):
    """Repeat the sample payload."""
    handle(SAMPLE, None, wired=wires)
    before = {key: dict(row) for key, row in wires.people.rows.items()}
    handle(SAMPLE, None, wired=wires)
    assert wires.people.rows == before


def test_bulk_users_answer_one_result_per_row(wires):
    """Write the good rows, name field and reason of the bad one."""
    rows = [{"userId": "a"}, {"userId": "b", "timeZone": "Nowhere"}, 5]
    status, body = call(wires, "PUT /v1/users", {"users": rows})
    assert status == 200
    assert [(each["index"], each["id"], each["ok"]) for each in body["results"]] == [
        (0, "a", True),
        (1, "b", False),
        (2, None, False),
    ]
    assert body["results"][1]["error"]["field"] == "timeZone"
    assert rows_of(wires, "a")["person"] == {"user_id": "a"}
    assert rows_of(wires, "b") == {}


def test_nothing_accepted_is_a_400(wires):
    """Answer 400 with the results."""
    status, body = call(wires, "PUT /v1/users", {"users": [{}]})
    assert status == 400
    assert body["results"][0]["error"] == {"field": "userId", "reason": "must be a string that is not empty"}


def test_items_are_written_whole_and_changed_in_part(wires):
    """A full row replaces, a delta changes what it names, an unknown item is an error of its row."""
    whole = {"itemId": "a", "title": "Milk", "category": "Dairy", "price": 1.2, "image": "https://x.example.com/a.png"}
    assert call(wires, "PUT /v1/items", {"items": [whole]})[0] == 200
    delta = [{"itemId": "a", "inStock": False}, {"itemId": "b", "inStock": False}]
    status, body = call(wires, "PUT /v1/items", {"mode": "delta", "items": delta})
    assert status == 200
    assert [each["ok"] for each in body["results"]] == [True, False]
    item = wires.items.get_many(["a"])["a"]
    assert (item.title, item.price_minor_units, item.in_stock) == ("Milk", 120, False)
    call(wires, "PUT /v1/items", {"items": [{"itemId": "a", "title": "Oat milk"}]})
    assert wires.items.get_many(["a"])["a"].image == ""


@pytest.mark.parametrize(
    ("route", "body", "status", "field"),
    [
        ("PUT /v1/users/{id}", "{", 400, "body"),
        ("PUT /v1/users/{id}", [], 400, "body"),
        ("PUT /v1/users/{id}", {"traits": {"A": 1}}, 400, "traits.A"),
        ("PUT /v1/users", [], 400, "users"),
        ("PUT /v1/users", {"users": []}, 400, "users"),
        ("PUT /v1/users", {"users": [{}] * 501}, 413, "users"),
        ("PUT /v1/items", {"items": {}}, 400, "items"),
        ("PUT /v1/items", {"items": [{"itemId": "a"}], "mode": "merge"}, 400, "mode"),
        ("PUT /v1/items", {"items": [{"itemId": "a"}], "mode": []}, 400, "mode"),
        ("PUT /v1/coupons", {}, 404, "path"),
    ],
)
def test_a_callers_mistake_is_a_4xx_with_field_and_reason(wires, route, body, status, field):
    """Name what is wrong."""
    answered, said = call(wires, route, body, path={"id": "u1"})
    assert (answered, said["error"]["field"]) == (status, field)


def test_other_scopes_are_refused(wires):
    """Answer 403 to a key that only decides."""
    assert call(wires, "PUT /v1/users/{id}", {}, scope="decide", path={"id": "u1"})[0] == 403


def test_no_address_reaches_the_log_not_even_as_the_name_of_a_field(wires, capsys):
    """A caller may put an address anywhere: as an id, a name of a trait, of a purpose, of a field."""
    address = "ada@example.com"
    for body in (
        {"address": address, "traits": {address: 1}},
        {"consent": {address: {"granted": True}}},
        {address: "x"},
        {"address": address, "userId": address},
    ):
        call(wires, "PUT /v1/users/{id}", body, path={"id": "u1"})
        call(wires, "PUT /v1/users", {"users": [{**body, "userId": "u1"}]})
    call(wires, "PUT /v1/items", {"items": [{"itemId": address, address: 1}], "mode": address})
    call(wires, "PUT /v1/items", {address: []})
    logged = capsys.readouterr().out
    assert "refused" in logged
    assert "example.com" not in logged
