"""The Sends queue in memory."""

from collections.abc import Collection, Sequence

from addressee.emails.ports import SendKey


class InMemoryQueue:
    """A `SendQueue`; `messages` are (key, delay in seconds) in the order in which they came."""

    def __init__(self, *, refuses: Collection[SendKey] = ()) -> None:
        """Begin empty; the rows of `refuses` cannot be queued."""
        self.messages: list[tuple[SendKey, int]] = []
        self.refuses = refuses

    def put(self, keys: Sequence[tuple[SendKey, int]]) -> list[SendKey]:
        """Queue rows; return those that could not be queued."""
        self.messages += [each for each in keys if each[0] not in self.refuses]
        return [key for key, _ in keys if key in self.refuses]

    def waiting(self) -> int:
        """Count the messages."""
        return len(self.messages)
