"""`decide`: whether, what and when to mail one person, each with its reason."""

from addressee.decisions.arm import arm_of
from addressee.decisions.because import with_causes
from addressee.decisions.campaign import Campaign
from addressee.decisions.champions import Champions
from addressee.decisions.decision import Decision
from addressee.decisions.eligibility import ELIGIBLE, refusal
from addressee.decisions.failing import answer_with
from addressee.decisions.filters import showable
from addressee.decisions.hours import Wanted, wanted_hours
from addressee.decisions.ladder import Wish, ranked
from addressee.decisions.person import Person
from addressee.decisions.portrait import portray
from addressee.decisions.ports import Catalogue
from addressee.decisions.products import choose_products
from addressee.decisions.slot import choose_slot, time_zone
from addressee.profiles.state import DAY_MS


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
    wanted, slot_ms = slot_for(person, campaign, now_ms=now_ms, time_zone_hint=wish.time_zone)
    shows = showable(person, campaign, now_ms=now_ms)
    choice = choose_products(picks, catalogue, shows, k=wish.k, diversity=campaign.diversity)
    return Decision(
        subject=person.subject,
        campaign=campaign.campaign_id,
        mail=reason is None,
        reason=reason or ELIGIBLE,
        rung=choice.rung,
        arm=arm.name,
        arm_propensity=arm.share,
        template=arm.template,
        slot_ms=slot_ms,
        products=with_causes(choice.products, person, champions, wish),
        decided_at_ms=now_ms,
        models=dict(champions.versions),
        scores=dict(portrait.scores),
        faults=dict(champions.faults),
        send_time=wanted.why,
        send_propensity=round(wanted.propensity, 6),
    )


def slot_for(person: Person, campaign: Campaign, *, now_ms: int, time_zone_hint: str = "") -> tuple[Wanted, int]:
    """Return the hours that suit the person, and the first time from `now_ms` on at the best of them, not quiet.

    Whatever the weekday: who asks for a decision waits a day at most. The time zone is the person's, else the hint's,
    else the campaign's.
    """
    zone = time_zone(person.time_zone, time_zone_hint, campaign.default_time_zone)
    wanted = wanted_hours(person, campaign, now_ms=now_ms, zone=zone)
    return wanted, choose_slot(now_ms=now_ms, hour=wanted.hour, quiet=campaign.quiet_hours, zone=zone)
