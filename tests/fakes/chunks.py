"""The chunks of campaigns' plans in memory."""

from collections.abc import Sequence

from addressee.emails.plan import Chunk


class InMemoryChunks:
    """A `ChunkStore`; `stored` is (campaign, number) -> chunk, for tests to look at."""

    def __init__(self) -> None:
        """Begin empty."""
        self.stored: dict[tuple[str, int], Chunk] = {}

    def get(self, campaign: str, number: int) -> Chunk | None:
        """Read a chunk, or None."""
        return self.stored.get((campaign, number))

    def put_once(self, campaign: str, number: int, chunk: Chunk) -> Chunk:
        """Write a chunk unless there is one; return the one that stands."""
        return self.stored.setdefault((campaign, number), chunk)

    def numbers(self, campaign: str) -> Sequence[int]:
        """List the chunks that there are, in order."""
        return sorted(number for name, number in self.stored if name == campaign)
