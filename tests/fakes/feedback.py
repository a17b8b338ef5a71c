"""A Feedback queue in memory."""

from addressee.emails.engagement import Engagement


class InMemoryFeedback:
    """A `FeedbackQueue` that keeps what was put, and can be away."""

    def __init__(self) -> None:
        """Start empty."""
        self.put_so_far: list[Engagement] = []
        self.away = False

    def put(self, engagement: Engagement) -> None:
        """Keep it, or raise."""
        if self.away:
            raise ConnectionError
        self.put_so_far.append(engagement)
