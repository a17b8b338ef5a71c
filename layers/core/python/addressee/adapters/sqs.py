"""The Sends queue: messages put in batches of ten, each with its delay, and again while some of them fail."""

import json
from collections.abc import Callable, Iterator, Sequence
from time import sleep
from typing import Any

from botocore.exceptions import BotoCoreError

from addressee.adapters.aws import client
from addressee.emails.ports import SendKey

BATCH = 10
ATTEMPTS = 3
PAUSE_SECONDS = 0.1
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
Delayed = tuple[SendKey, int]


class SqsSendQueue:
    """A `SendQueue` on SQS."""

    def __init__(self, url: str, sqs: Any = None, *, pause: Callable[[float], None] = sleep) -> None:  # noqa: ANN401
        """Name the queue; `sqs` is a botocore client, the process's own by default; `pause` takes seconds."""
        self._url, self._pause = url, pause
        self._sqs = sqs or client("sqs")

    def put(self, keys: Sequence[tuple[SendKey, int]]) -> list[SendKey]:
        """Queue rows, ten a call, each with a delay in seconds (0 to 900); return those that failed three times.

        A batch whose answer was lost is put again: its messages may come twice, which every reader has to bear.
        """
        failed: list[Delayed] = list(keys)
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(PAUSE_SECONDS * 2**attempt)
            failed = [each for batch in _batches(failed) for each in self._put_batch(batch)]
            if not failed:
                break
        return [key for key, _ in failed]

    def waiting(self) -> int:
        """Count, roughly, the messages that wait or are delayed; those in a reader's hands are not among them."""
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=list(WAITING))
        return sum(int(answer["Attributes"][name]) for name in WAITING)

    def _put_batch(self, batch: Sequence[Delayed]) -> list[Delayed]:
        entries = [
            {"Id": str(place), "MessageBody": message_of(key), "DelaySeconds": delay}
            for place, (key, delay) in enumerate(batch)
        ]
        try:
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
        except BotoCoreError:  # the endpoint cannot be reached or did not answer: the outcome is unknown, so repeat
            return list(batch)
        return [batch[int(each["Id"])] for each in answer.get("Failed", ())]


class NoSendMessage(Exception):
    """A message of the queue names no row."""


def message_of(key: SendKey) -> str:
    """Write the message of a row: `{"subject", "campaign"}`."""
    return json.dumps(key._asdict(), separators=(",", ":"))


def key_of(message: str) -> SendKey:
    """Read a message. Raises `NoSendMessage`, whatever it holds."""
    try:
        body = json.loads(message)
        subject, campaign = body["subject"], body["campaign"]
    except (KeyError, TypeError, ValueError):
        raise NoSendMessage("a message holds no subject and campaign") from None
    if not (isinstance(subject, str) and isinstance(campaign, str) and subject and campaign):
        raise NoSendMessage("a message's subject or campaign is no text")
    return SendKey(subject, campaign)


def _batches(keys: Sequence[Delayed]) -> Iterator[Sequence[Delayed]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
