"""Creating a campaign once, planning it, and stopping it."""

from dataclasses import replace

import pytest

from addressee.decisions.campaign import Campaign
from addressee.decisions.request import InvalidField
from addressee.emails.campaign import Standing
from addressee.emails.campaign_request import Defaults
from addressee.emails.plan import PlanPorts
from addressee.emails.plan_steps import NotAllPlanned, StepPorts, do_step
from addressee.emails.run_campaign import Conflict, CreatePorts, UnknownCampaign, change_status, create_campaign
from tests.fakes.campaign_ports import InMemoryAudience, NotedRuns, ToldVersions
from tests.fakes.campaigns import InMemoryCampaigns
from tests.fakes.chunks import InMemoryChunks
from tests.fakes.sends import InMemorySends
from tests.unit.emails.campaigns import DAY_MS, NOON, campaign, somebody

DEFAULTS = Defaults(Campaign("default"), {"news": "News"}, 0.1)
BODY = {"campaign": "autumn", "audience": {"everyone": True}, "template": "digest"}


def create_ports():
    """Publish one template."""
    return CreatePorts(InMemoryCampaigns(), ToldVersions(digest="0123456789abcdef"), NotedRuns())


def create(ports, body=None, *, now_ms=NOON):
    """Send a request."""
    return create_campaign(BODY if body is None else body, DEFAULTS, ports, now_ms=now_ms)


def test_a_campaign_is_written_and_its_planning_started():
    """With the template's version of now; the run has the campaign's name."""
    ports = create_ports()
    created = create(ports)
    assert created.is_new
    assert created.standing == ports.campaigns.get("autumn")
    assert created.standing.campaign.template_version == "0123456789abcdef"
    assert ports.planner.runs == [("autumn", "autumn")]


def test_the_same_request_later_is_the_same_campaign():
    """The template may have a new version by then, the window's default another start; the run is the same one."""
    ports = create_ports()
    first = create(ports).standing
    ports.templates.versions["digest"] = "fedcba9876543210"
    again = create(ports, now_ms=NOON + 3 * DAY_MS)
    assert (again.standing, again.is_new) == (first, False)
    assert ports.planner.runs == [("autumn", "autumn")] * 2


@pytest.mark.parametrize(
    "change", [{"holdout": 0.2}, {"template": "offers"}, {"audience": {"everyone": True}, "topic": "news"}]
)
def test_another_campaign_of_the_same_id_is_a_conflict(change):
    """Nothing is started."""
    ports = create_ports()
    create(ports)
    with pytest.raises(Conflict):
        create(ports, {**BODY, **change})
    assert len(ports.planner.runs) == 1


def test_what_was_created_but_never_started_is_started_by_the_repeat():
    """The process died between the two."""
    ports = create_ports()
    ports.planner.away = True
    with pytest.raises(ConnectionError):
        create(ports)
    ports.planner.away = False
    assert not create(ports).is_new
    assert ports.planner.runs == [("autumn", "autumn")]


def test_what_failed_is_started_under_another_name_and_what_is_planned_not_at_all():
    """The failed run keeps its name."""
    ports = create_ports()
    create(ports)
    ports.campaigns.set_planning("autumn", "failed")
    create(ports, now_ms=NOON + 5)
    assert ports.planner.runs[1:] == [("autumn", f"autumn.{NOON + 5}")]
    ports.campaigns.set_planning("autumn", "planned", recipients=3)
    create(ports)
    assert len(ports.planner.runs) == 2


def test_a_template_that_was_never_published_is_refused_after_all_other_mistakes():
    """Nothing is written."""
    ports = create_ports()
    with pytest.raises(InvalidField, match="template: is not published"):
        create(ports, {**BODY, "template": "unheard-of"})
    with pytest.raises(InvalidField, match="timing"):
        create(ports, {**BODY, "template": "unheard-of", "timing": "soon"})
    assert ports.campaigns.standings == {}


class Racing(InMemoryCampaigns):
    """Somebody else writes just before; `winner` None: and removes it again."""

    winner = None

    def create(self, standing):
        """Lose."""
        if self.winner is not None:
            self.standings[standing.campaign.campaign_id] = replace(standing, campaign=self.winner)
        return False


def test_whoever_loses_the_race_answers_with_the_winner():
    """The same request: the same campaign; another: a conflict; none any more: unknown."""
    ports = replace(create_ports(), campaigns=Racing())
    with pytest.raises(UnknownCampaign):
        create(ports)
    ports.campaigns.winner = create(create_ports(), now_ms=NOON - 4).standing.campaign
    assert create(ports).standing.campaign == ports.campaigns.winner
    other = replace(create_ports(), campaigns=Racing())
    other.campaigns.winner = campaign()
    with pytest.raises(Conflict):
        create(other)


@pytest.mark.parametrize(
    ("before", "wanted", "done"),
    [
        ("running", "paused", True),
        ("paused", "paused", True),
        ("cancelled", "paused", False),
        ("running", "running", True),
        ("paused", "running", True),
        ("cancelled", "running", False),
        ("running", "cancelled", True),
        ("paused", "cancelled", True),
        ("cancelled", "cancelled", True),
    ],
)
def test_a_status_follows_the_one_it_may_follow(before, wanted, done):
    """A repeat changes nothing; what is cancelled stays so."""
    campaigns = InMemoryCampaigns(Standing(campaign(), status=before))
    if done:
        assert change_status("autumn", wanted, campaigns).status == wanted
    else:
        with pytest.raises(Conflict, match=f"is {before}"):
            change_status("autumn", wanted, campaigns)
    assert campaigns.get("autumn").status == (wanted if done else before)


def test_a_campaign_that_does_not_exist_has_no_status():
    """It is unknown."""
    with pytest.raises(UnknownCampaign):
        change_status("autumn", "paused", InMemoryCampaigns())


def steps(*people, cut=2, **standing):
    """Wire the steps of a campaign."""
    audience = InMemoryAudience(*people, cut=cut)
    campaigns = InMemoryCampaigns(Standing(campaign(holdout_share=0.3), **standing))
    return StepPorts(PlanPorts(InMemorySends(), campaigns, InMemoryChunks()), audience, audience)


def run(ports, step, **more):
    """Do a step."""
    return do_step({"step": step, "campaign": "autumn", **more}, ports, now_ms=NOON)


PEOPLE = [somebody(number) for number in range(20)]


def test_the_steps_in_their_order_plan_everybody():
    """List, each chunk, planned."""
    ports = steps(*PEOPLE, cut=3)
    assert run(ports, "list") == {"chunks": 3}
    items = ports.manifests.manifest("autumn")
    assert items[2] == {"campaign": "autumn", "segment": 2, "of": 3}
    done = [run(ports, "chunk", **item) for item in items]
    assert sum(each["recipients"] for each in done) == 20
    assert run(ports, "planned") == {"recipients": 20}
    assert ports.plan.campaigns.get("autumn").planning == "planned"
    assert ports.plan.campaigns.get("autumn").recipients == len(ports.plan.sends.rows) == 20


def test_a_repeated_list_keeps_the_segments_of_the_first():
    """The table has grown since; cut otherwise, chunks that are there would miss people."""
    ports = steps(cut=2, planning="failed")
    run(ports, "list")
    assert ports.plan.campaigns.get("autumn").planning == "planning"
    ports.audience.cut = 5
    assert run(ports, "list") == {"chunks": 2}


@pytest.mark.parametrize("done", [0, 1])
def test_planning_is_not_closed_while_lists_are_missing(done):
    """Nor before there is any."""
    ports = steps(*PEOPLE)
    for item in range(done):
        run(ports, "list")
        run(ports, "chunk", segment=item, of=2)
    with pytest.raises(NotAllPlanned):
        run(ports, "planned")
    assert ports.plan.campaigns.get("autumn").planning == "planning"


@pytest.mark.parametrize(("before", "then"), [("planning", "failed"), ("failed", "failed"), ("planned", "planned")])
def test_a_failure_is_told_unless_all_was_planned(before, then):
    """A second run that failed takes nothing back."""
    ports = steps(planning=before)
    assert run(ports, "failed") == {"planning": then}
    assert ports.plan.campaigns.get("autumn").planning == then


def test_a_step_of_a_campaign_that_does_not_exist_fails():
    """It says so."""
    ports = StepPorts(
        PlanPorts(InMemorySends(), InMemoryCampaigns(), InMemoryChunks()), InMemoryAudience(), InMemoryAudience()
    )
    with pytest.raises(UnknownCampaign):
        run(ports, "list")
