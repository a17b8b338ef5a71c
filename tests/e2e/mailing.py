"""What tests of mails set up and look at: consenting people, a campaign for them alone, rows, outbox, workers."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from addressee.adapters.dynamo_scores import DynamoScores
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_templates import S3Templates
from addressee.emails.ports import SendKey
from addressee.emails.send import Send, send_id_in, send_id_of
from cli.templates import publish_folder
from tests.e2e.stack import Stack, until
from twin.outbox import SentMail
from twin.process import ROOT

CONSENT = {"email": {"granted": True, "proof": "simulated", "at": "2026-01-05T10:00:00Z", "source": "test"}}
WITHDRAWAL = {"email": {"granted": False, "proof": "simulated", "source": "test"}}
KIND = "made_up"
"""The kind of segment that no model makes: rows of `scores` name it, so that tests do not mail each other's people."""
ROWS = 500
ITEMS = 8
OFTEN = {"perDay": 9, "perWeek": 9}
"""Caps of campaigns that mail the same people within minutes."""
OPEN = frozenset({"planned", "queued", "claimed"})


@dataclass(frozen=True)
class Recipient:
    """Somebody who agreed to e-mails. The words before the first mark of `address` say what becomes of their mail."""

    user_id: str
    address: str
    subject: str


@dataclass(frozen=True)
class Crowd:
    """The people of one segment."""

    segment: str
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True)
class Mailing:
    """A stack with a published template and some items."""

    stack: Stack

    # --- set-up ------------------------------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Publish the sample template, and put products into the catalogue."""
        publish_folder(ROOT / "templates" / "digest", S3Templates(self._bucket("EmailsBucket")))
        mark = uuid4().hex[:6]
        items = [
            {"itemId": f"mail-{mark}-{n}", "title": f"Tea {n}", "category": "Tea", "price": 4.5, "currency": "EUR"}
            | {
                "inStock": True,
                "url": f"https://shop.example.com/tea-{n}",
                "image": f"https://shop.example.com/{n}.png",
            }
            for n in range(ITEMS)
        ]
        assert self.stack.call("PUT", "/v1/items", {"items": items}, scope="admin").status == 200

    def gather(self, *words: str, segment: str = "") -> Crowd:
        """Put consenting people, one for each word: the begin of the address, such as `reader` or `slow5-silent`.

        They are in a segment of their own, or in the one named.
        """
        mark = f"x{uuid4().hex[:8]}"
        names = [f"{word}-{mark}-{place}" for place, word in enumerate(words)]
        return self.put([self.recipient(name) for name in names], segment)

    def recipient(self, name: str) -> Recipient:
        """Make somebody up, without putting them: the name is the user id and begins the address."""
        return Recipient(name, f"{name}@example.com", self.stack.subject(name))

    def put(self, recipients: Sequence[Recipient], segment: str = "") -> Crowd:
        """Put people as they are, with consent, into a segment of their own or the one named."""
        users = [{"userId": each.user_id, "address": each.address, "consent": CONSENT} for each in recipients]
        for start in range(0, len(users), ROWS):
            reply = self.stack.call("PUT", "/v1/users", {"users": users[start : start + ROWS]}, scope="admin")
            assert all(row["ok"] for row in reply.body["results"])
        crowd = Crowd(segment or f"crowd-{uuid4().hex[:8]}", tuple(recipients))
        scores = DynamoScores(self.stack.outputs["ProfilesTable"], self.stack.client("dynamodb"))
        scores.put_all((each.subject, {"segments": {KIND: crowd.segment}}) for each in recipients)
        return crowd

    def withdraw(self, who: Recipient) -> None:
        """Withdraw the consent; once this returns, no re-check may pass."""
        reply = self.stack.call("PUT", f"/v1/users/{who.user_id}", {"consent": WITHDRAWAL}, scope="admin")
        assert reply.status == 200, reply

    # --- campaigns ---------------------------------------------------------------------------------------------------
    def plan(self, crowd: Crowd, **more: Any) -> str:
        """Create a campaign for a crowd, at once and at any hour, wait until it is planned, and return its id."""
        campaign = f"test-{uuid4().hex[:8]}"
        end = datetime.now(UTC) + timedelta(days=1)
        body = {
            "campaign": campaign,
            "audience": {"segment": {"kind": KIND, "name": crowd.segment}},
            "template": "digest",
            "window": {"end": end.isoformat()},
            "timing": "at_once",
            "quietHours": "",
            "holdout": 0,
            **more,
        }
        reply = self.stack.call("POST", "/v1/campaigns", body, scope="admin")
        assert reply.status == 201, reply
        said = until(lambda: (found := self.status(campaign))["planning"] != "planning" and found, seconds=60)
        assert (said["planning"], said["recipients"]) == ("planned", len(crowd.recipients))
        return campaign

    def move(self, campaign: str, word: str) -> None:
        """Pause, resume or cancel."""
        reply = self.stack.call("POST", f"/v1/campaigns/{campaign}/{word}", scope="admin")
        assert reply.status == 200, reply

    def status(self, campaign: str) -> dict[str, Any]:
        """Ask the API for the campaign with its counts."""
        return dict(self.stack.call("GET", f"/v1/campaigns/{campaign}", scope="admin").body)

    def dispatch(self) -> dict[str, int]:
        """Run `dispatch_sends` now, for all campaigns, as its schedule does each minute; return its counts."""
        answer = self.stack.client("lambda").invoke(FunctionName=self.stack.outputs["DispatchFunction"])
        said = answer["Payload"].read()
        assert "FunctionError" not in answer, said
        return dict(json.loads(said))

    # --- what became of it -------------------------------------------------------------------------------------------
    def rows(self, campaign: str, crowd: Crowd) -> dict[str, Send]:
        """Read the rows of a crowd as they are now, by subject."""
        sends = DynamoSendStore(self.stack.outputs["SendsTable"], self.stack.client("dynamodb"))
        found = sends.get_many([SendKey(each.subject, campaign) for each in crowd.recipients])
        return {key.subject: row for key, row in found.items()}

    def row(self, campaign: str, who: Recipient) -> Send:
        """Read a row as it is now."""
        return self.rows(campaign, Crowd("", (who,)))[who.subject]

    def settled(self, campaign: str, crowd: Crowd, *, seconds: float = 60, every: float = 0.5) -> dict[str, Send]:
        """Wait until nobody's row is open, and SES has told of every mail that is not `silent`."""
        silent = {each.subject for each in crowd.recipients if "silent" in each.address}

        def look() -> dict[str, Send] | None:
            rows = self.rows(campaign, crowd)
            told = all(row.state != "sent" or subject in silent for subject, row in rows.items())
            return rows if told and not any(row.state in OPEN for row in rows.values()) else None

        return dict(until(look, seconds=seconds, every=every))

    def mails(self, campaign: str) -> list[SentMail]:
        """List the mails of a campaign that SES took."""
        return [mail for mail in self.stack.twin.outbox.mails() if send_id(mail).endswith(f".{campaign}")]

    def mails_to(self, campaign: str, who: Recipient) -> list[SentMail]:
        """List the mails of one row: one at most, or something is wrong."""
        return [mail for mail in self.mails(campaign) if send_id(mail) == send_id_of(who.subject, campaign)]

    # --- functions ---------------------------------------------------------------------------------------------------
    @contextmanager
    def held(self, function: str) -> Iterator[None]:
        """Let messages wait in the queue that `send_email` or `record_feedback` reads, as long as the block lasts."""
        name = f"addressee-{function}"
        awslambda = self.stack.client("lambda")
        (mapping,) = awslambda.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        awslambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            awslambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def logged(self, function: str) -> list[Mapping[str, Any]]:
        """Read the lines that a function logged, oldest first."""
        logs = self.stack.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/addressee-{function}")
        texts = [each["message"].strip() for page in pages for each in page["events"]]
        return [json.loads(text) for text in texts if text.startswith("{")]

    def kill(self, function: str) -> list[int]:
        """End every process that runs a function, by the ids that it logged, with SIGKILL; return the ids."""
        named = {line["pid"] for line in self.logged(function) if "pid" in line}
        ours = str(self.stack.twin.folder / "tmp" / f"ministack-lambda-addressee-{function}-")
        killed = sorted(pid for pid in named if ours in _command(pid))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        return killed

    def _bucket(self, output: str) -> S3Bucket:
        return S3Bucket(self.stack.outputs[output], self.stack.client("s3"))


def send_id(mail: SentMail) -> str:
    """Return the send id that a mail carries as a tag."""
    return send_id_in(mail.tags.get("send_id", ""))


def _command(pid: int) -> str:
    """Return what a process was started as, empty where it has ended: ids are used again."""
    asked = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
