"""Simulated traffic of a web shop's SDKs, and the same with nonsense in it; both from a seed."""

import json
from copy import deepcopy
from random import Random
from typing import Any

NOW_MS = 1_769_860_800_000
MESSAGES_A_BATCH = 20
NONSENSE: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e300, 10**40, "", " ", "x", "x\0", "9" * 300, "ann@example.com", "1e5", [], {}, [[]],
    {"a": 1}, ["a"], [1], "2026-01-31", "1960-01-01T00:00:00Z", "EUR", "7.5",
)  # fmt: skip
CONTEXT = {
    "library": {"name": "analytics.js", "version": "2.11.1"},
    "locale": "en-GB",
    "timezone": "Europe/Berlin",
    "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "page": {
        "path": "/shoes/running",
        "referrer": "https://www.example.com/",
        "search": "",
        "title": "Running shoes",
        "url": "https://shop.example.com/shoes/running",
    },
}


def traffic(count: int, *, seed: int) -> list[bytes]:
    """Make `count` valid messages: views, pages, carts, orders of 1 to 20 lines, identify calls, e-mail events."""
    random = Random(seed)  # noqa: S311  # a simulation
    return [json.dumps(_message(random, number)).encode() for number in range(count)]


def fuzz(count: int, *, seed: int) -> list[bytes]:
    """Make `count` messages of which most have one to three fields replaced by nonsense, and some are cut."""
    random = Random(seed)  # noqa: S311  # a simulation
    return [_broken(random, _message(random, number)) for number in range(count)]


def _message(random: Random, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": "track",
        "messageId": f"ajs-next-{random.getrandbits(64):016x}-{number}",
        "anonymousId": f"{random.getrandbits(64):016x}",
        "userId": f"household-{random.randrange(2_500)}",
        "timestamp": f"2026-01-31T11:{random.randrange(60):02}:{random.randrange(60):02}.{random.randrange(1000):03}Z",
        "sentAt": f"2026-01-31T12:00:00.{number // MESSAGES_A_BATCH % 1000:03}Z",
        "context": CONTEXT,
        "integrations": {},
    }
    return message | random.choices([_view, _page, _order, _identify, _email], [50, 25, 10, 5, 10])[0](random)


def _product(random: Random) -> dict[str, Any]:
    return {
        "product_id": str(random.randrange(10**6)),
        "sku": f"sku-{random.randrange(10**4)}",
        "category": random.choice(["milk", "bread", "wine", "shoes"]),
        "name": "Some product of the shop",
        "brand": "Example",
        "price": random.randrange(1, 10_000) / 100,
        "quantity": random.randrange(1, 5),
    }


def _view(random: Random) -> dict[str, Any]:
    name = random.choice(["Product Viewed", "Product Added", "Product Removed", "Product Clicked"])
    return {"event": name, "properties": _product(random) | {"currency": "USD", "position": 3}}


def _page(_: Random) -> dict[str, Any]:
    return {"type": "page", "name": "Running shoes", "properties": {"path": "/shoes", "title": "Shoes", "search": ""}}


def _order(random: Random) -> dict[str, Any]:
    lines = [_product(random) for _ in range(random.randrange(1, 21))]
    order = {"order_id": str(random.randrange(10**9)), "revenue": random.randrange(10**5) / 100, "currency": "USD"}
    return {"event": "Order Completed", "properties": order | {"products": lines}}


def _identify(random: Random) -> dict[str, Any]:
    return {"type": "identify", "traits": {"gender": random.choice("fm"), "age": 36, "plan": "free", "name": "Ann"}}


def _email(random: Random) -> dict[str, Any]:
    name = random.choice(["Email Delivered", "Email Opened", "Email Link Clicked"])
    return {"event": name, "properties": {"send_id": f"s-{random.randrange(10**6)}", "campaign_id": "spring"}}


def _broken(random: Random, message: dict[str, Any]) -> bytes:
    for _ in range(random.randrange(4)):
        places: list[dict[str, Any]] = [message]
        places += [each for each in (message.get("properties"), message.get("traits")) if isinstance(each, dict)]
        products = places[-1].get("products")
        places += [each for each in products if isinstance(each, dict)][:1] if isinstance(products, list) else []
        place = random.choice(places)
        names = ["type", "previousId", "groupId", "event"] if place is message else ["currency", "duration_ms", "city"]
        place[random.choice([*place, *names])] = deepcopy(random.choice(NONSENSE))
    data = json.dumps(message).encode()
    return data[: random.randrange(len(data))] if random.random() < 0.05 else data  # noqa: PLR2004  # one in twenty
