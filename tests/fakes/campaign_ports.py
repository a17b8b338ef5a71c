"""Around campaigns, in memory: templates' versions, a planner that notes what it starts, an audience in segments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from addressee.decisions.person import Person


class ToldVersions:
    """`TemplateVersions`: `versions` is name -> the current one."""

    def __init__(self, **versions: str) -> None:
        """Know some templates."""
        self.versions = versions

    def current_version(self, name: str) -> str | None:
        """Return the version, or None."""
        return self.versions.get(name)


class NotedRuns:
    """A `Planner`: `runs` are (campaign, run) as they were asked for; while `away`, starting fails."""

    def __init__(self) -> None:
        """Note nothing yet."""
        self.runs: list[tuple[str, str]] = []
        self.away = False

    def start(self, campaign: str, run: str) -> None:
        """Note a run."""
        if self.away:
            raise ConnectionError("no state machine")
        self.runs.append((campaign, run))


class InMemoryAudience:
    """An `Audience` of people, and the `Manifests`; `cut` is into how many segments they are cut next."""

    def __init__(self, *people: Person, cut: int = 1) -> None:
        """Know some people."""
        self.people, self.cut = people, cut
        self.stored: dict[str, Sequence[Mapping[str, Any]]] = {}

    def segments(self) -> int:
        """Say into how many segments they should be cut now."""
        return self.cut

    def persons(self, segment: int, of: int) -> Iterator[Person]:
        """Read the people of a segment."""
        return (each for place, each in enumerate(self.people) if place % of == segment)

    def manifest(self, campaign: str) -> Sequence[Mapping[str, Any]]:
        """Read a manifest; empty where there is none."""
        return self.stored.get(campaign, ())

    def put_manifest(self, campaign: str, items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Write it unless there is one; return the one that stands."""
        return self.stored.setdefault(campaign, items)
