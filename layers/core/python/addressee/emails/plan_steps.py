"""The steps of the state machine `Plan`; any of them may be repeated, whatever became of it before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from addressee.decisions.person import Person
from addressee.emails.campaign import Standing
from addressee.emails.plan import PlanPorts, plan_chunk
from addressee.emails.run_campaign import UnknownCampaign

Event = Mapping[str, Any]


class NotAllPlanned(Exception):
    """Planning was to be closed, but lists of recipients are missing."""


class Audience(Protocol):
    """Reads everybody who could be mailed, cut into segments."""

    def segments(self) -> int:
        """Say into how many segments they should be cut now."""
        ...

    def persons(self, segment: int, of: int) -> Iterable[Person]:
        """Read the people of one of `of` segments; everybody is in exactly one."""
        ...


class Manifests(Protocol):
    """Keeps what the Distributed Map reads."""

    def manifest(self, campaign: str) -> Sequence[Event]:
        """Read it; empty where there is none."""
        ...

    def put_manifest(self, campaign: str, items: Sequence[Event]) -> Sequence[Event]:
        """Write it unless there is one; return the one that stands."""
        ...


@dataclass(frozen=True, slots=True)
class StepPorts:
    """What the steps need from outside."""

    plan: PlanPorts
    audience: Audience
    manifests: Manifests


def do_step(event: Event, ports: StepPorts, *, now_ms: int) -> dict[str, Any]:
    """Do the step `{"step", "campaign", ...}`. Raises `UnknownCampaign`, and what the step raises."""
    campaign = str(event["campaign"])
    standing = ports.plan.campaigns.get(campaign)
    if standing is None:
        raise UnknownCampaign(campaign)
    return STEPS[event["step"]](standing, ports, event, now_ms)


def _list(standing: Standing, ports: StepPorts, event: Event, now_ms: int) -> dict[str, Any]:
    """Cut the audience into segments, once for a campaign: a repeat that cut it otherwise would lose people."""
    del event, now_ms
    name = standing.campaign.campaign_id
    items = ports.manifests.manifest(name)
    if not items:
        of = ports.audience.segments()
        fresh = [{"campaign": name, "segment": segment, "of": of} for segment in range(of)]
        items = ports.manifests.put_manifest(name, fresh)
    if standing.planning == "failed":
        ports.plan.campaigns.set_planning(name, "planning")
    return {"chunks": len(items)}


def _chunk(standing: Standing, ports: StepPorts, event: Event, now_ms: int) -> dict[str, Any]:
    """Give everybody of a segment a row."""
    segment = int(event["segment"])
    persons = ports.audience.persons(segment, int(event["of"]))
    return plan_chunk(standing.campaign, segment, persons, ports.plan, now_ms=now_ms)._asdict()


def _planned(standing: Standing, ports: StepPorts, event: Event, now_ms: int) -> dict[str, Any]:
    """Count everybody who has a row, and say that there will be no more. Raises `NotAllPlanned`."""
    del event, now_ms
    name, chunks = standing.campaign.campaign_id, ports.plan.chunks
    wanted = [item["segment"] for item in ports.manifests.manifest(name)]
    found = [chunk for chunk in ports.plan.spread(partial(chunks.get, name), wanted) if chunk is not None]
    if not wanted or len(found) < len(wanted):
        raise NotAllPlanned(f"{name}: {len(found)} of {len(wanted)} lists")
    recipients = sum(len(chunk.recipients) for chunk in found)
    ports.plan.campaigns.set_planning(name, "planned", recipients=recipients)
    return {"recipients": recipients}


def _failed(standing: Standing, ports: StepPorts, event: Event, now_ms: int) -> dict[str, Any]:
    """Say that planning failed for good; rows that are there go out. What was planned whole stays so."""
    del event, now_ms
    if standing.planning != "planned":
        ports.plan.campaigns.set_planning(standing.campaign.campaign_id, "failed")
    return {"planning": "planned" if standing.planning == "planned" else "failed"}


STEPS: Mapping[str, Callable[[Standing, StepPorts, Event, int], dict[str, Any]]] = {
    "list": _list,
    "chunk": _chunk,
    "planned": _planned,
    "failed": _failed,
}
