"""What mails offer: products that a test puts into the catalogue and suggests to somebody, and what they are called."""

from uuid import uuid4

from addressee.adapters.dynamo_scores import DynamoScores
from tests.e2e.mailing import KIND, Crowd, Recipient
from tests.e2e.stack import Stack


def put_items(stack: Stack) -> dict[str, str]:
    """Put three products, with what is awkward in addresses and titles."""
    mark = uuid4().hex[:6]
    urls = {
        f"plain-{mark}": "https://shop.example.com/tea",
        f"query-{mark}": "https://shop.example.com/tea?size=1&colour=a%20b",
        f"words-{mark}": "https://shop.example.com/tee/grün",
    }
    titles = ("Tea & <b>more</b>", 'A "quoted" tea', "Grüner Tee = gut")
    rows = [
        {
            "itemId": item,
            "title": title,
            "category": "Tea",
            "price": 4.5,
            "currency": "EUR",
            "inStock": True,
            "url": url,
        }
        for (item, url), title in zip(urls.items(), titles, strict=True)
    ]
    reply = stack.call("PUT", "/v1/items", {"items": rows}, scope="admin")
    assert [row["ok"] for row in reply.body["results"]] == [True] * 3
    return urls


def name(stack: Stack, who: Recipient, first_name: str) -> None:
    """Give somebody a first name."""
    reply = stack.call("PUT", f"/v1/users/{who.user_id}", {"firstName": first_name}, scope="admin")
    assert reply.status == 200, reply


def suggest(stack: Stack, crowd: Crowd, who: Recipient, items: list[str]) -> None:
    """Let last night's run have found products for somebody."""
    candidates = {"buy_again": [[item, 1.0, 20.0] for item in items]}
    scores = {"as_of": "2026-01-31", "segments": {KIND: crowd.segment}, "candidates": candidates}
    DynamoScores(stack.outputs["ProfilesTable"], stack.client("dynamodb")).put_all([(who.subject, scores)])
