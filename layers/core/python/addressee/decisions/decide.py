"""`decide`: whether, what and when to mail one person, each with its reason."""

from datetime import tzinfo

from addressee.decisions.arm import arm_of
from addressee.decisions.campaign import HOURS_PER_DAY, Campaign
from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.eligibility import ELIGIBLE, refusal
from addressee.decisions.failing import answer_with
from addressee.decisions.filters import showable
from addressee.decisions.ladder import Wish, ranked
from addressee.decisions.person import Person
from addressee.decisions.portrait import portray
from addressee.decisions.ports import Catalogue
from addressee.decisions.products import choose_products
from addressee.decisions.slot import choose_slot, local_hour, time_zone
from addressee.profiles.state import DAY_MS

LEAST_ACTIVITY = 8


def decide(  # noqa: PLR0913  # every input of a decision is named: there is no other
    person: Person, campaign: Campaign, catalogue: Catalogue, champions: Champions, wish: Wish, *, now_ms: int
) -> Decision:
    """Decide for one person: pure, and the same for the same arguments; nothing is drawn at random.

    Somebody who may not be mailed gets products all the same: the caller may show them elsewhere. The time zone is the
    person's, else the wish's, else the campaign's. Who is in a canary is answered by its challenger; a model that
    fails is named in the decision's `faults`.
    """

    def ask(mine: Champions) -> Decision:
        return _decide_with(mine, person, campaign, catalogue, wish, now_ms)

    return answer_with(champions, person.subject, ask)


def _decide_with(  # noqa: PLR0913, PLR0917  # private; the arguments of its caller
    champions: Champions, person: Person, campaign: Campaign, catalogue: Catalogue, wish: Wish, now_ms: int
) -> Decision:
    arm = arm_of(campaign, person.subject)
    reason = refusal(person, campaign, now_ms=now_ms)
    portrait = portray(person, champions, now_ms=now_ms)
    picks = ranked(person, champions, wish, segments=portrait.segments, today=now_ms // DAY_MS)
    choice = choose_products(picks, catalogue, showable(person, campaign, now_ms=now_ms), k=wish.k)
    return Decision(
        subject=person.subject,
        campaign=campaign.campaign_id,
        mail=reason is None,
        reason=reason or ELIGIBLE,
        rung=choice.rung,
        arm=arm.name,
        arm_propensity=arm.share,
        template=arm.template,
        slot_ms=slot_for(person, campaign, now_ms=now_ms, time_zone_hint=wish.time_zone),
        products=choice.products,
        decided_at_ms=now_ms,
        models=dict(champions.versions),
        scores=dict(portrait.scores),
        faults=dict(champions.faults),
    )


def slot_for(person: Person, campaign: Campaign, *, now_ms: int, time_zone_hint: str = "") -> int:
    """Return the first time from `now_ms` on that suits the person: their usual hour, else the default one, not quiet.

    The time zone is the person's, else the hint's, else the campaign's.
    """
    zone = time_zone(person.time_zone, time_zone_hint, campaign.default_time_zone)
    wanted = wanted_hour(person, campaign, now_ms=now_ms, zone=zone)
    return choose_slot(now_ms=now_ms, hour=wanted, quiet=campaign.quiet_hours, zone=zone)


def wanted_hour(person: Person, campaign: Campaign, *, now_ms: int, zone: tzinfo) -> int:
    """Return the local hour around which the person is active most, else the campaign's default hour; maybe quiet."""
    shift = local_hour(now_ms, zone) - local_hour(now_ms, time_zone())
    hour = usual_hour(person.state.hour_of_week, shift_hours=shift)
    return campaign.default_hour if hour is None else hour


def usual_hour(hour_of_week: bytearray, *, shift_hours: int) -> int | None:
    """Return the local hour around which a person is active most, or None below `LEAST_ACTIVITY` activities.

    `hour_of_week` counts activity per UTC hour, 168 values; local time is `shift_hours` later. Each hour counts with
    half of its neighbours (people are not punctual); ties go to the earliest hour.
    """
    if sum(hour_of_week) < LEAST_ACTIVITY:
        return None
    by_hour = [
        sum(hour_of_week[(hour - shift_hours) % HOURS_PER_DAY :: HOURS_PER_DAY]) for hour in range(HOURS_PER_DAY)
    ]
    smooth = [
        2 * by_hour[hour] + by_hour[hour - 1] + by_hour[(hour + 1) % HOURS_PER_DAY] for hour in range(HOURS_PER_DAY)
    ]
    return max(range(HOURS_PER_DAY), key=lambda hour: smooth[hour])
