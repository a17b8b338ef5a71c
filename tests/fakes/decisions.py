"""What a decision reads and writes, in memory: people, decisions, models that say what they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.models.ranking import Scored, confidence
from addressee.models.recommenders import Nightly
from addressee.profiles.hashing import item_hash


class InMemoryPeople:
    """Subject -> person; `pointers` maps merged anonymous subjects to users."""

    def __init__(self, *people: Person) -> None:
        """Know some people."""
        self.people = {person.subject: person for person in people}
        self.pointers: dict[str, str] = {}

    def get(self, subject: str) -> Person:
        """Read one person; never seen: an empty one."""
        target = self.pointers.get(subject, subject)
        return self.people.get(target, Person(target))


class InMemoryDecisions:
    """(Subject, campaign) -> decision, by the same rules as the table."""

    def __init__(self) -> None:
        """Hold nothing; `values` are (subject, campaign) -> content -> the values of a mail."""
        self.rows: dict[tuple[str, str], Decision] = {}
        self.values: dict[tuple[str, str], dict[str, bytes]] = {}

    def get(self, subject: str, campaign: str) -> Decision | None:
        """Read a decision, or None."""
        return self.rows.get((subject, campaign))

    def put_once(self, decision: Decision, *, content: str = "", values: bytes = b"") -> Decision:
        """Store a decision, and values, unless one that mails is there already; return the stored one."""
        key = (decision.subject, decision.campaign)
        if key not in self.rows or not self.rows[key].mail:
            self.rows[key] = decision
            self.values[key] = {content: values} if content else {}
        return self.rows[key]

    def keep_values(self, subject: str, campaign: str, content: str, values: bytes) -> None:
        """Store a mail's values beside its decision; raises where that is gone."""
        self.values[subject, campaign][content] = values

    def kept_values(self, subject: str, campaign: str, content: str) -> bytes | None:
        """Read the values of one mail, or None."""
        return self.values.get((subject, campaign), {}).get(content)


@dataclass
class ToldRecommender:
    """Ranks what it was told, for anybody with a history; half confidence at 2 observations."""

    told: Sequence[Scored] = ()
    bestsellers: Sequence[Scored] = ()
    because: Mapping[str, str] = field(default_factory=dict)

    def causes(self, item_ids: Sequence[str], history: Mapping[int, int]) -> dict[str, str]:
        """Return the causes it was told, of products that are in the history."""
        known = {item_id: cause for item_id, cause in self.because.items() if item_id in item_ids}
        return {item_id: cause for item_id, cause in known.items() if item_hash(cause) in history}

    def rank(
        self,
        history: Mapping[int, int],
        *,
        today: int,
        candidates: Sequence[str] | None = None,
        k: int,
        nightly: Nightly | None = None,
    ) -> list[Scored]:
        """Return what it was told, of `candidates` alone where there are some."""
        del today
        if not history and nightly is None:
            return []
        return [each for each in self.told if candidates is None or each.item_id in candidates][:k]

    def popular(self, k: int, spend: Sequence[float] = ()) -> list[Scored]:
        """Return the bestsellers it was told."""
        del spend
        return list(self.bestsellers[:k])

    def confidence(self, support: float) -> float:
        """Return n / (n + 2)."""
        return confidence(support, 2.0)


@dataclass
class ToldSegmenter:
    """Puts everybody into the one segment."""

    bestsellers: Sequence[Scored] = ()
    overall: Sequence[Scored] = ()
    names: tuple[str, ...] = ("loyal",)

    def segment(self, features: Sequence[float]) -> str:
        """Return the segment."""
        del features
        return self.names[0]

    def popular(self, segment: str, k: int) -> list[Scored]:
        """Return the segment's bestsellers."""
        return list(self.bestsellers[:k]) if segment in self.names else []

    def popular_overall(self, k: int) -> list[Scored]:
        """Return everybody's bestsellers."""
        return list(self.overall[:k])

    def confidence(self, support: float) -> float:
        """Return n / (n + 2)."""
        return confidence(support, 2.0)


@dataclass
class ToldScorer:
    """Gives everybody the same probability, because of the first features, the later the less."""

    probability: float = 0.25
    expected: float = 0.0
    thresholds: Mapping[str, float] = field(default_factory=lambda: {"high": 0.75, "medium": 0.4})

    def explain(self, features: Sequence[float]) -> list[float]:
        """Return contributions that fall from -1 by halves, every other one positive."""
        return [(-0.5) ** place * -1.0 for place in range(len(features))]

    def score(self, features: Sequence[float]) -> float:
        """Return the probability."""
        del features
        return self.probability


@dataclass
class ToldChampions:
    """Holds the champions that it was told."""

    champions: Champions = field(default_factory=Champions)

    def current(self) -> Champions:
        """Return them."""
        return self.champions


class Broken:
    """A port whose every call fails, as when a service is away."""

    def __getattr__(self, name: str) -> object:
        """Return a method that raises."""

        def fail(*_: object, **__: object) -> None:
            raise TimeoutError(name)

        return fail
