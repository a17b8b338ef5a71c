"""What became of a campaign's rows: counted from the rows themselves, so that the numbers are exact at any time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from addressee.emails.plan import ChunkStore, Spread
from addressee.emails.ports import SendKey, SendStore
from addressee.emails.states import State, is_settled

ROWS_PER_READ = 100
Kind = tuple[State, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by state and reason (empty where a state has none), and the recipients whose row is yet to be written."""

    rows: Counter[Kind] = field(default_factory=Counter)
    unwritten: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up parts of a campaign."""
        return Counts(self.rows + other.rows, self.unwritten + other.unwritten)

    @property
    def recipients(self) -> int:
        """Everybody who has a row or is to get one."""
        return self.rows.total() + self.unwritten

    @property
    def settled(self) -> int:
        """The rows for which nothing more is to be done."""
        return sum(count for (state, _), count in self.rows.items() if is_settled(state))

    def by_state(self) -> Counter[State]:
        """Rows by state."""
        found: Counter[State] = Counter()
        for (state, _), count in self.rows.items():
            found[state] += count
        return found


def count_chunk(campaign: str, number: int, chunks: ChunkStore, sends: SendStore, spread: Spread = map) -> Counts:
    """Count one chunk's rows, 100 a read, the reads spread over threads; a chunk that is not there has none."""
    chunk = chunks.get(campaign, number)
    keys = [SendKey(each.subject, campaign) for each in chunk.recipients] if chunk else []

    def count(part: Sequence[SendKey]) -> Counts:
        rows = sends.get_many(part)
        return Counts(Counter((row.state, row.reason) for row in rows.values()), len(part) - len(rows))

    return sum(spread(count, _parts(keys)), Counts())


def count_campaign(
    campaign: str, chunks: ChunkStore, sends: SendStore, spread: Spread = map, *, at_most: int
) -> Counts | None:
    """Count all rows, chunk by chunk; None where there are more than `at_most`: count those by chunk, then add up."""
    total = Counts()
    for number in chunks.numbers(campaign):
        total += count_chunk(campaign, number, chunks, sends, spread)
        if total.recipients > at_most:
            return None
    return total


def _parts(keys: Sequence[SendKey]) -> Iterator[Sequence[SendKey]]:
    for start in range(0, len(keys), ROWS_PER_READ):
        yield keys[start : start + ROWS_PER_READ]
