"""The use cases behind the routes: read what can be read, decide, record once; trouble costs rungs, not the answer."""

from typing import Any, NamedTuple

from addressee.decisions.again import again
from addressee.decisions.campaign import Campaign
from addressee.decisions.champions import Champions
from addressee.decisions.decide import decide
from addressee.decisions.decision import Decision, unknown_person
from addressee.decisions.failing import answer_with
from addressee.decisions.guarded import Guarded
from addressee.decisions.ladder import Wish
from addressee.decisions.person import Person, Scores
from addressee.decisions.portrait import Portrait, portray
from addressee.decisions.ports import Unavailable
from addressee.decisions.request import DecisionRequest, Who


class Answered(NamedTuple):
    """An answer, and whether the table holds the decision that it gives."""

    decision: Decision
    recorded: bool


class Scored(NamedTuple):
    """What the models say of a person, by which versions, and the day of the last scoring run; why, where asked."""

    portrait: Portrait
    versions: dict[str, str]
    as_of: str
    explanations: dict[str, Any] | None = None


def answer_decision(request: DecisionRequest, campaign: Campaign, guarded: Guarded, *, now_ms: int) -> Answered:
    """Give the decision of (campaign, person): the first answer that mails fixes it, later ones filter it again.

    Without the person's rows: no mail, `consent_unknown`, not recorded. Without the Decisions table: the decision as it
    would be now, not recorded.
    """
    subject = ""
    try:
        subject = guarded.subject(request.who)
        person = guarded.with_suppression(guarded.person(subject))
    except Unavailable:
        return Answered(unknown_person(subject, campaign.campaign_id, now_ms=now_ms), recorded=False)
    try:
        stored = guarded.stored(person.subject, campaign.campaign_id)
    except Unavailable:
        return Answered(_fresh(request, person, campaign, guarded, now_ms), recorded=False)
    if stored is not None and stored.mail:
        return Answered(again(stored, person, campaign, guarded, now_ms=now_ms), recorded=True)
    return _record(_fresh(request, person, campaign, guarded, now_ms), person, campaign, guarded)


def _fresh(request: DecisionRequest, person: Person, campaign: Campaign, guarded: Guarded, now_ms: int) -> Decision:
    wish = Wish(use=request.use, among=request.products, time_zone=request.time_zone)
    return _decided(person, wish, campaign, guarded, now_ms)


def _decided(person: Person, wish: Wish, campaign: Campaign, guarded: Guarded, now_ms: int) -> Decision:
    decision = decide(person, campaign, guarded, guarded.champions(), wish, now_ms=now_ms)
    guarded.note(decision.faults, decision.models)
    return decision


def _record(fresh: Decision, person: Person, campaign: Campaign, guarded: Guarded) -> Answered:
    """Store a decision; whoever loses a race answers with the winner's."""
    try:
        kept = guarded.put_once(fresh)
    except Unavailable:
        return Answered(fresh, recorded=False)
    if kept == fresh:
        return Answered(fresh, recorded=True)
    return Answered(again(kept, person, campaign, guarded, now_ms=fresh.decided_at_ms), recorded=True)


def recommend(who: Who, wish: Wish, campaign: Campaign, guarded: Guarded, *, now_ms: int) -> Decision:
    """Give products alone, always fresh, never recorded; without the person's rows none, rung `editorial`."""
    try:
        person = guarded.person(guarded.subject(who))
    except Unavailable:
        return unknown_person("", campaign.campaign_id, now_ms=now_ms)
    return _decided(person, wish, campaign, guarded, now_ms)


def score(who: Who, guarded: Guarded, *, now_ms: int, explain: bool = False) -> Scored:
    """Give propensities and segments, on request with the reasons in JSON's form; without the person's rows none."""
    champions = guarded.champions()
    try:
        person = guarded.person(guarded.subject(who))
    except Unavailable:
        return Scored(Portrait(), dict(champions.versions), Scores().as_of, {} if explain else None)

    def ask(mine: Champions) -> Scored:
        guarded.note(mine.faults, mine.versions)
        portrait = portray(person, mine, now_ms=now_ms)
        why = _explained(person, mine, now_ms) if explain else None
        return Scored(portrait, dict(mine.versions), person.scores.as_of, why)

    return answer_with(champions, person.subject, ask)


def _explained(person: Person, champions: Champions, now_ms: int) -> dict[str, Any]:
    from addressee.decisions.explanation import explanations, explanations_json  # noqa: PLC0415  # few calls ask for it

    return explanations_json(explanations(person, champions, now_ms=now_ms))


def look_up(subject: str, campaign: str, guarded: Guarded, *, now_ms: int) -> Answered | None:
    """Give a stored decision as it was recorded, or None; without the table what is known without it: nothing."""
    try:
        stored = guarded.stored(subject, campaign)
    except Unavailable:
        return Answered(unknown_person(subject, campaign, now_ms=now_ms), recorded=False)
    return None if stored is None else Answered(stored, recorded=True)
