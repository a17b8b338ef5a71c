"""Which local hour a person is mailed at: a model's, the usual one, the default one, or another to learn from."""

import json
from dataclasses import replace
from datetime import UTC

import pytest

from addressee.decisions.campaign import Campaign, QuietHours
from addressee.decisions.champions import Champions, champions_of
from addressee.decisions.decide import decide, slot_for
from addressee.decisions.hours import EXPLORED_SHARE, wanted_hours
from addressee.decisions.ladder import Wish
from addressee.decisions.person import Scores, read_person
from addressee.decisions.portrait import portray
from addressee.decisions.slot import HOUR_MS, local_hour
from addressee.models.timers import ANY_DAY, Timer
from tests.unit.decisions.people import NOW, SUBJECT, Shop, state, willing

SPRING = Campaign("spring", quiet_hours=QuietHours(22, 7))
EVENING, NIGHT, TUESDAY_NOON = ANY_DAY + 19, ANY_DAY + 23, 24 + 12


def timed(*hours, **given):
    """Make somebody for whom last night's model had these hours."""
    return willing(scores=Scores("2024-10-03", hours={"send_hour": hours} if hours else {}), **given)


def busy_at(hour):
    """Count activity at one UTC hour."""
    counts = bytearray(168)
    counts[hour] = 10
    return state(hour_of_week=counts)


def wanted(person, campaign=SPRING):
    """Ask at nine o'clock UTC."""
    return wanted_hours(person, campaign, now_ms=NOW, zone=UTC)


@pytest.mark.parametrize(
    ("person", "hours", "why"),
    [
        (timed(EVENING, NIGHT), (EVENING,), "model"),
        (timed(TUESDAY_NOON, EVENING), (TUESDAY_NOON, EVENING), "model"),
        (timed(NIGHT), (ANY_DAY + 10,), "default"),
        (timed(state=busy_at(15)), (ANY_DAY + 15,), "usual"),
        (timed(NIGHT, state=busy_at(15)), (ANY_DAY + 15,), "usual"),
        (willing(), (ANY_DAY + 10,), "default"),
    ],
)
def test_a_models_hours_come_before_the_usual_one_and_the_default(person, hours, why):
    """Quiet hours of a model are left out; where all of them are quiet it has none."""
    assert wanted(person)[:2] == (hours, why)


def test_the_slot_is_the_next_time_at_the_best_hour_whatever_the_weekday():
    """Nine o'clock now, nineteen wanted: ten hours later; a weekday's noon is today's."""
    assert slot_for(timed(EVENING), SPRING, now_ms=NOW)[1] == NOW + 10 * HOUR_MS
    assert slot_for(timed(TUESDAY_NOON), SPRING, now_ms=NOW)[1] == NOW + 3 * HOUR_MS
    berlin = timed(EVENING, traits={"time_zone": "Europe/Berlin"})
    assert slot_for(berlin, SPRING, now_ms=NOW)[1] == NOW + 8 * HOUR_MS


@pytest.mark.no_cover  # other tests cover these lines; here they run by the thousand
def test_a_known_share_of_people_is_mailed_at_other_hours():
    """One in twenty, by a hash: at any hour that is neither quiet nor the best, with the propensity that it had."""
    said = [wanted(replace(timed(EVENING), subject=f"{number:032x}")) for number in range(8_000)]
    explored = [each for each in said if each.why == "explored"]
    assert len(explored) / len(said) == pytest.approx(EXPLORED_SHARE, abs=0.01)
    assert {each.hour for each in explored} == set(range(7, 22)) - {19}
    assert {each.propensity for each in explored} == {EXPLORED_SHARE / 14}
    assert {each.propensity for each in said if each.why == "model"} == {1 - EXPLORED_SHARE}
    assert said == [wanted(replace(timed(EVENING), subject=f"{number:032x}")) for number in range(8_000)]


def test_other_people_explore_in_the_next_campaign():
    """The campaign's name is in the hash."""
    people = [replace(timed(EVENING), subject=f"{number:032x}") for number in range(1_000)]
    first, second = (
        {person.subject for person in people if wanted(person, campaign).why == "explored"}
        for campaign in (SPRING, replace(SPRING, campaign_id="summer"))
    )
    assert first
    assert len(first & second) < len(first) / 2


def test_where_one_hour_alone_is_allowed_nothing_is_explored():
    """There is no other to learn from."""
    assert wanted(timed(EVENING), Campaign("x", quiet_hours=QuietHours(20, 19))).propensity == 1.0


def test_the_decision_says_why_it_has_its_hour():
    """And how likely that was."""
    decision = decide(timed(EVENING), SPRING, Shop(), Champions(), Wish(), now_ms=NOW)
    assert (decision.send_time, decision.send_propensity) == ("model", 0.95)
    assert local_hour(decision.slot_ms, UTC) == 19
    assert decide(willing(), SPRING, Shop(), Champions(), Wish(), now_ms=NOW).send_time == "default"


def test_hours_are_read_from_the_nights_row():
    """A row of before has none."""
    body = {"as_of": "2024-10-03", "hours": {"send_hour": [187, 188]}}
    rows = [{"part": "scores", "body": json.dumps(body).encode()}]
    assert read_person(SUBJECT, rows, purpose="email").scores.hours == {"send_hour": (187, 188)}


def test_scores_tell_everybodys_hours_of_who_was_never_scored():
    """The night knows better, also where it says that the default is as good."""
    timer = Timer({"everybody": bytes([EVENING])}, {"model": "profiles"})
    champions = champions_of({"send_hour": ("v", timer)})
    assert champions.models() == {"send_hour": ("v", timer)}
    assert portray(willing(), champions, now_ms=NOW).hours == {"send_hour": (EVENING,)}
    assert portray(timed(NIGHT), champions, now_ms=NOW).hours == {"send_hour": (NIGHT,)}
    assert portray(timed(), champions, now_ms=NOW).hours == {}


def test_an_hour_that_is_none_is_refused():
    """A timer of another release is not guessed at."""
    with pytest.raises(ValueError, match="192"):
        Timer({"everybody": bytes([200])}, {"model": "profiles"})
