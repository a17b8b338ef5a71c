"""Addressee's HTTP API as a shop or a mailer calls it: JSON, keys, gzip."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import urllib3

MESSAGES_PER_BATCH = 100
MAX_BATCH_BYTES = 400_000
SECONDS = 30.0
OK = frozenset({200, 201})
RETRIES = urllib3.Retry(3, status_forcelist=[503], allowed_methods=None, backoff_factor=0.2)
"""Every call may be repeated: messages carry ids, decisions are repeat-safe, rows are merged."""


class Unexpected(Exception):
    """The API answered with another status than 200 or 201; the message holds route, status and body."""


class Api:
    """One deployment's API with a key per scope."""

    def __init__(self, url: str, keys: Mapping[str, str]) -> None:
        """Name the API and the keys by scope: write, decide, admin."""
        self._url, self._keys = url.rstrip("/"), keys
        self._pool = urllib3.PoolManager(timeout=SECONDS, retries=RETRIES)

    def track(self, messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Post one gzipped batch of Segment messages with the write key."""
        headers = urllib3.make_headers(basic_auth=f"{self._keys['write']}:")
        body = gzip.compress(json.dumps({"batch": list(messages)}).encode())
        return self._send("POST", "/v1/batch", headers | {"content-encoding": "gzip"}, body)

    def decide(self, campaign: str, **who: object) -> dict[str, Any]:
        """Ask for a decision about `userId=` or `anonymousId=`."""
        return self._json("POST", "/v1/decisions", {"campaign": campaign, **who})

    def recommendations(self, user_id: str, use: str, count: int) -> dict[str, Any]:
        """Ask for products."""
        return self._json("GET", f"/v1/users/{quote(user_id, safe='')}/recommendations?use={use}&k={count}")

    def scores(self, user_id: str) -> dict[str, Any]:
        """Ask for scores and segments."""
        return self._json("GET", f"/v1/users/{quote(user_id, safe='')}/scores")

    def put_users(self, users: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Write people with the admin key."""
        return self._json("PUT", "/v1/users", {"users": list(users)}, scope="admin")

    def create_campaign(self, campaign: Mapping[str, Any]) -> dict[str, Any]:
        """Create a campaign with the admin key; the same body again changes nothing."""
        return self._json("POST", "/v1/campaigns", campaign, scope="admin")

    def campaign(self, campaign: str, *, chunk: int | None = None) -> dict[str, Any]:
        """Ask how far a campaign is, or for the counts of one of its chunks."""
        query = "" if chunk is None else f"?chunk={chunk}"
        return self._json("GET", f"/v1/campaigns/{quote(campaign, safe='')}{query}", scope="admin")

    def move_campaign(self, campaign: str, move: str) -> dict[str, Any]:
        """Pause, resume or cancel a campaign; once this returns, no mail goes out that was not claimed before."""
        return self._json("POST", f"/v1/campaigns/{quote(campaign, safe='')}/{move}", scope="admin")

    def _json(self, method: str, path: str, body: object = None, *, scope: str = "decide") -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, {"authorization": f"Bearer {self._keys[scope]}"}, data)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
        sent = {"content-type": "application/json", **headers}
        answer = self._pool.request(method, self._url + path, headers=sent, body=body)
        if answer.status not in OK:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.data[:300].decode(errors='replace')}")
        said: dict[str, Any] = json.loads(answer.data)
        return said


def batches(messages: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Cut messages into batches of at most 100 and about 400 kB, in order."""
    batch: list[Mapping[str, Any]] = []
    size = 0
    for message in messages:
        weight = len(json.dumps(message))
        if batch and (len(batch) == MESSAGES_PER_BATCH or size + weight > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += weight
    if batch:
        yield batch
