"""A wired `decide_content` in memory, and a call of it."""

import json
from pathlib import Path

from addressee.decisions.campaign import Campaign
from addressee.decisions.guarded import Sources
from addressee.profiles.items import ItemChange
from addressee.profiles.subject import subject_of
from functions.decide_content.handler import Wiring, handle
from tests.fakes.decisions import InMemoryDecisions, InMemoryPeople, ToldChampions
from tests.fakes.items import InMemoryItemStore
from tests.fakes.suppressions import InMemorySuppressions
from tests.unit.decisions.people import NOW, champions, state, willing

SAMPLE = json.loads(Path("events/decide_content.json").read_text(encoding="utf-8"))
KEY = b"a key of this test"
ANNA = subject_of("anna", kind="user", key=KEY)
POST = "POST /v1/decisions"
ITEMS = ("milk", "eggs", "kiwi", "rice", "tea", "jam")


def wire(**given: object):
    """Wire the handler to memory, save what is given otherwise."""
    items = InMemoryItemStore()
    items.put_many([ItemChange(name, {"title": name, "category": "food"}) for name in ITEMS])
    models = champions(buy_again=("milk", "eggs"), discover=("kiwi", "rice"), segment=("tea",), popular=("jam",))
    working = {
        "key": lambda: KEY,
        "people": InMemoryPeople(willing(subject=ANNA, state=state(bought={"milk": 60}), address="anna@example.com")),
        "suppressions": InMemorySuppressions(),
        "catalogue": items,
        "champions": ToldChampions(models),
        "decisions": InMemoryDecisions(),
    }
    return Wiring(Sources(**{**working, **given}), Campaign("default", repurchase_days={"*": 30}), now_ms=lambda: NOW)


def call(wired, route=POST, body=None, **given: object):
    """Send one request, with a `path`, a `query` or another `scope`; return status and body."""
    path, query, scope = given.get("path", {}), given.get("query", {}), given.get("scope", "decide")
    event = {**SAMPLE, "routeKey": route, "pathParameters": path, "queryStringParameters": query}
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    event["requestContext"] = {**SAMPLE["requestContext"], "authorizer": {"lambda": {"scope": scope}}}
    answer = handle(event, None, wired=wired)
    return answer["statusCode"], json.loads(answer["body"])
