"""The use cases behind the campaign routes: create once, start planning, pause, resume, cancel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from addressee.decisions.request import InvalidField
from addressee.emails.campaign import Standing, Status
from addressee.emails.campaign_request import Defaults, read_email_campaign, read_id, read_template
from addressee.emails.campaign_wire import campaign_json
from addressee.emails.ports import CampaignStore

LEAVING: Mapping[Status, frozenset[Status]] = {
    "paused": frozenset({"running"}),
    "running": frozenset({"paused"}),
    "cancelled": frozenset({"running", "paused"}),
}
"""Status -> the ones that it may follow. Nothing follows `cancelled`: its rows are being skipped."""


class UnknownCampaign(Exception):
    """There is no campaign of this id."""


class Conflict(Exception):
    """What was asked does not fit what stands; the message says why."""


class TemplateVersions(Protocol):
    """Knows which version of each template is current."""

    def current_version(self, name: str) -> str | None:
        """Return the version that was published last, or None where the template was never published."""
        ...


class Planner(Protocol):
    """Starts the planning of a campaign."""

    def start(self, campaign: str, run: str) -> None:
        """Start a run; where one of this name was started before, nothing happens."""
        ...


@dataclass(frozen=True, slots=True)
class CreatePorts:
    """What creating a campaign needs from outside."""

    campaigns: CampaignStore
    templates: TemplateVersions
    planner: Planner


class Created(NamedTuple):
    """A campaign as it stands, and whether this call created it."""

    standing: Standing
    is_new: bool


def create_campaign(body: object, defaults: Defaults, ports: CreatePorts, *, now_ms: int) -> Created:
    """Create a campaign and start its planning; the same body again finds both done, or does what was not.

    The template's version is the current one when the campaign is created; a repeat reads its body with the version
    and the time of then. Raises `InvalidField`, and `Conflict` where the id belongs to another campaign.
    """
    campaign_id = read_id(body)
    standing = ports.campaigns.get(campaign_id)
    is_new = False
    if standing is None:
        fresh = _fresh(body, defaults, ports.templates, now_ms)
        is_new = ports.campaigns.create(fresh)
        standing = fresh if is_new else ports.campaigns.get(campaign_id)
    if standing is None:
        raise UnknownCampaign(campaign_id)
    if not is_new:
        _refuse_another(body, defaults, standing)
    if standing.planning != "planned":
        # A failed run keeps its name, so the next one needs another; the same name twice is the same run.
        run = campaign_id if standing.planning == "planning" else f"{campaign_id}.{now_ms}"
        ports.planner.start(campaign_id, run)
    return Created(standing, is_new)


def change_status(campaign_id: str, status: Status, campaigns: CampaignStore) -> Standing:
    """Pause, resume or cancel; when it returns, it is written. A repeat changes nothing.

    Raises `UnknownCampaign`, and `Conflict` where the status cannot follow the one that stands.
    """
    standing = campaigns.set_status(campaign_id, status, leaving=LEAVING[status])
    if standing is None:
        raise UnknownCampaign(campaign_id)
    if standing.status != status:
        raise Conflict(f"the campaign is {standing.status}")
    return standing


def _fresh(body: object, defaults: Defaults, templates: TemplateVersions, now_ms: int) -> Standing:
    template = read_template(body)
    read_email_campaign(body, defaults, template_version="", now_ms=now_ms)  # mistakes are told before any look-up
    version = templates.current_version(template)
    if version is None:
        raise InvalidField("template", "is not published")
    return Standing(read_email_campaign(body, defaults, template_version=version, now_ms=now_ms))


def _refuse_another(body: object, defaults: Defaults, standing: Standing) -> None:
    stored = standing.campaign
    again = read_email_campaign(body, defaults, template_version=stored.template_version, now_ms=stored.created_at_ms)
    if campaign_json(again) != campaign_json(stored):
        raise Conflict("there is another campaign of this id")
