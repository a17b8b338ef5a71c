"""Hours at which people click: shrunk profiles, the replay that judges them, and what is read of the sends."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models.chunks import pack_chunk, read_chunk
from addressee.models.hour_profiles import HOURS, fit_hours, own_profiles, own_rates
from addressee.models.kind import Answers, Audience, Exam
from addressee.models.kinds.send_hour import KIND
from addressee.models.mails import Mails, mails_until, no_mails
from addressee.models.send_time import (
    MailExam,
    best_hours,
    click_rate,
    extra_clicks,
    hours_told,
    is_near,
    matched,
    replayed,
    segments_of,
)
from addressee.models.tables import no_sends
from addressee.models.timers import ANY_DAY
from tests.models.conftest import eager, tables

LARK, OWL = 8, 21


def mails(each=40, people=200, seed=0, *, flat=False):
    """Send to larks and owls at any hour from seven to ten; flat: nobody minds the hour."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(people, dtype=np.int32), each)
    hour = rng.integers(7, 23, len(subject))
    liked = np.where(subject % 2, LARK, OWL)
    chance = np.where(~np.array(flat) & (np.abs(hour - liked) <= 1), 0.6, 0.1)
    day = rng.integers(0, 7, len(subject))
    return Mails(subject, (day * 24 + hour).astype(np.int32), rng.random(len(subject)) < chance)


def fitted(sent, *, segments=None, weekdays=False):
    """Fit profiles; everybody is of one segment unless told."""
    of = np.zeros(len(sent.subject), np.int64) if segments is None else segments[sent.subject]
    return fit_hours(sent, of, segments=2, weekdays=weekdays)


def test_everybodys_segments_and_own_hours_are_found():
    """Larks and owls differ; as segments they are told apart by these, without by their own mails."""
    sent, kinds = mails(), np.arange(200, dtype=np.int64) % 2
    by_segment = fitted(sent, segments=kinds)
    assert abs(int(np.argmax(by_segment.segments[1])) - LARK) <= 1
    assert abs(int(np.argmax(by_segment.segments[0])) - OWL) <= 1
    model = fitted(sent)
    own = own_profiles(model, sent, np.zeros(200, np.int64), 200)
    best = np.argmax((own * model.hours)[:, 7:23], axis=1) + 7
    assert np.mean(np.abs(best - np.where(kinds, LARK, OWL)) <= 1) > 0.85
    assert model.hours_spread > by_segment.hours_spread


def test_where_the_hour_makes_no_difference_profiles_are_nearly_flat():
    """Chance is shrunk away: a best hour is hardly better than the average one."""
    sent = mails(flat=True)
    model = fitted(sent, weekdays=True)
    own = own_profiles(model, sent, np.zeros(200, np.int64), 200)
    assert np.ptp(model.hours) < 0.15
    assert model.hours_spread < 0.1
    assert float(np.quantile(own.max(axis=1), 0.5)) < 1.4


def test_weekdays_have_a_profile_of_their_own_on_top():
    """Mails of Sundays are clicked twice as often."""
    sent = mails(flat=True, each=60)
    sunday = sent.hour_of_week >= 6 * 24
    clicked = sent.clicked | (sunday & (np.random.default_rng(1).random(len(sunday)) < 0.15))
    week = fitted(replace(sent, clicked=clicked), weekdays=True).week.reshape(7, 24)[:, 7:23].mean(axis=1)
    assert int(np.argmax(week)) == 6
    assert week[6] > 1.3


def test_people_of_whom_nothing_is_known_are_like_all():
    """No mails: ones; no clicks anywhere: nothing fails."""
    model = fitted(mails())
    assert own_profiles(model, no_mails(), np.zeros(3, np.int64), 3).tolist() == np.ones((3, HOURS)).tolist()
    assert own_rates(model, no_mails(), 2).tolist() == [1.0, 1.0]
    none = fitted(replace(mails(), clicked=np.zeros(8_000, np.bool_)))
    assert (none.rate, none.hours_spread) == (0.0, 0.0)
    assert own_rates(none, mails(), 200).tolist() == [1.0] * 200
    assert fitted(no_mails()).hours.tolist() == [1.0] * HOURS


def test_mails_follow_their_people():
    """Subjects are renumbered, others left out; what was sent too late to be known is not seen."""
    sent = Mails(np.array([0, 0, 2, 3], np.int32), np.array([1, 2, 3, 4], np.int32), np.array([1, 0, 1, 0], np.bool_))
    assert sent.of_subjects(2, 4).subject.tolist() == [0, 1]
    chosen = sent.of_places(np.array([-1, -1, 0, 1], np.int32))
    assert (chosen.subject.tolist(), chosen.hour_of_week.tolist()) == ([0, 1], [3, 4])
    until = mails_until(eager().sends, eager().metadata.as_of_day - 20)
    early = eager().sends.sent_ms + 86_400_000 <= (eager().metadata.as_of_day - 19) * 86_400_000
    assert len(until.subject) == int(early.sum())
    assert (np.diff(until.subject) >= 0).all()
    assert len(mails_until(replace(no_sends(), labels={}), 1).subject) == 0


def test_a_chunk_carries_its_peoples_mails():
    """What scoring reads of a person is what the tables say."""
    packed = pack_chunk(eager(), 10, 30)
    whole = mails_until(eager().sends, eager().metadata.as_of_day).of_subjects(10, 30)
    assert read_chunk(packed).mails.hour_of_week.tolist() == whole.hour_of_week.tolist()


@pytest.mark.parametrize(
    ("hour", "near"),
    [(ANY_DAY + 0, [0, 1, 23, 24, 25, 167]), (0, [0, 1, 167]), (25, [24, 25, 26])],
)
def test_near_is_within_an_hour_of_the_clock_or_of_the_week(hour, near):
    """Midnight's neighbours are of two days."""
    assert np.flatnonzero(is_near(np.arange(168), hour))[: len(near)].tolist()[:2] == near[:2]
    assert set(near) <= set(np.flatnonzero(is_near(np.arange(168), hour)).tolist())
    assert is_near(np.arange(168), hour).sum() == (21 if hour >= ANY_DAY else 3)


def exam(hours, clicked, expected, person=None):
    """Make an exam of mails to one person each."""
    count = len(hours)
    person = np.arange(count, dtype=np.int32) if person is None else person
    nothing = tables().interactions.where(slice(0, 0))
    audience = Audience(int(person.max()) + 1, 1, np.zeros((count, 1)), nothing, tables().items)
    columns = (np.array(hours, np.int32), person, np.array(expected, np.float64))
    return MailExam(audience, np.array(clicked, np.float64), person, (), {}, *columns)


def test_a_replay_counts_mails_at_the_recommended_hour_by_how_rare_it_is():
    """Three of four mails come at noon, one in the evening: that one speaks for its person with weight 4."""
    asked = exam([12, 12, 12, 20], [0, 1, 0, 1], [0.25] * 4)
    marks = replayed(asked, [(ANY_DAY + 12,), (ANY_DAY + 20,), (), (ANY_DAY + 20,)])
    assert marks[:, 0].tolist() == pytest.approx([4 / 3, 0.0, 1.0, 4.0])
    weight = marks[:, 0].sum()
    assert click_rate(asked.truth, marks) == pytest.approx(4.0 / weight)
    assert extra_clicks(asked.truth, marks) == pytest.approx((4.0 * 0.75 - 0.25 * (4 / 3 + 1.0)) / weight)
    assert matched(asked.truth, marks) == 0.75
    assert extra_clicks(asked.truth, np.zeros((4, 2))) == matched(np.empty(0), np.empty((0, 2))) == 0.0


def test_eager_people_do_not_speak_for_the_hour_at_which_they_are_mailed():
    """Half of the people click twice as often, and are mailed in the evening: the hour itself brings nothing."""
    rng = np.random.default_rng(3)
    keen = rng.random(40_000) < 0.5
    clicked = rng.random(40_000) < np.where(keen, 0.4, 0.2)
    asked = exam(np.where(keen, 20, 12), clicked, np.where(keen, 0.4, 0.2))
    marks = replayed(asked, [(ANY_DAY + 20,)] * 40_000)
    assert click_rate(asked.truth, marks) == pytest.approx(0.4, abs=0.01)
    assert extra_clicks(asked.truth, marks) == pytest.approx(0.0, abs=0.01)


def test_an_hour_that_nobody_was_mailed_at_is_not_named():
    """However well its neighbours do; nor is one that is hardly better than the average."""
    seen = np.zeros(HOURS)
    seen[[9, 12, 18]] = 1 / 3
    scores = np.ones((2, HOURS))
    scores[0, [3, 18, 12]] = (9.0, 2.0, 1.5)
    assert best_hours(scores, seen, most=3, least_gain=0.02) == [(ANY_DAY + 18,), ()]
    told = hours_told(Mails(np.zeros(25, np.int32), np.array([9] * 20 + [33] * 5), np.zeros(25, np.bool_)), least=21)
    assert (told[9], told[33]) == (0.8, 0.2)
    assert not hours_told(Mails(np.zeros(3, np.int32), np.arange(3), np.zeros(3, np.bool_)), least=20).any()


def test_segments_are_cut_by_one_feature_or_are_one():
    """A missing value is in the first."""
    features = np.array([[0.1], [0.5], [0.9], [np.nan]])
    assert segments_of(features, np.array([0.3, 0.6]), 0).tolist() == [0, 1, 2, 0]
    assert segments_of(features, np.empty(0), -1).tolist() == [0] * 4


def test_an_exam_of_something_else_is_refused():
    """A timer is judged by mails."""
    asked = exam([12], [1], [0.5])
    with pytest.raises(TypeError, match="about mails"):
        KIND.marks(Exam(asked.audience, asked.truth, asked.person), Answers(hours=[()]))
