"""The Feedback queue, as `serve_links` writes to it."""

from typing import Any

from addressee.adapters.aws import client
from addressee.emails.engagement import Engagement, engagement_message


class SqsFeedback:
    """A `FeedbackQueue` on SQS."""

    def __init__(self, url: str, sqs: Any = None) -> None:  # noqa: ANN401
        """Name the queue; `sqs` is a botocore client, the process's own by default."""
        self._url, self._sqs = url, sqs or client("sqs")

    def put(self, engagement: Engagement) -> None:
        """Send one message; it is queued once this returns."""
        self._sqs.send_message(QueueUrl=self._url, MessageBody=engagement_message(engagement))
