"""`send_hour` on generated mails with planted hours: finds them, says nothing where there is nothing, is scored."""

from dataclasses import replace

import numpy as np

from addressee.models.chunks import pack_chunk, read_chunk
from addressee.models.kind import audience_at, fitted_of
from addressee.models.kinds.send_hour import KIND
from addressee.models.mails import mails_until
from addressee.models.occasions import DAY_MS, occasions
from addressee.models.score import Served, score_chunk
from addressee.models.serving import open_timer
from addressee.models.tables import CLICKS_24H, no_sends
from addressee.models.timers import ANY_DAY
from addressee.models.train import Run, train
from tests.models.conftest import SEED, eager, tables, trained
from tests.models.generated import AS_OF_DAY, FEATURE_HASH, FEATURES
from tests.models.generated_mails import nature


def everybody(of):
    """Return all people as they are now."""
    subjects = np.arange(len(of.subjects), dtype=np.int32)
    return audience_at(of, subjects, of.now.features, AS_OF_DAY)


def fit(of, recipe):
    """Fit on all days."""
    return KIND.fit(of, until=AS_OF_DAY, recipe=recipe, rng=np.random.default_rng(SEED)).served()


def test_planted_hours_are_found_again():
    """Two in three are told their hour, or one beside it, where chance would tell three in sixteen."""
    hours = KIND.predict(fitted_of(trained("send_hour").bundle), everybody(eager()), k=1).hours
    best = np.array([each[0] - ANY_DAY for each in hours])
    liked = nature(500, seed=0).hour
    assert max(map(len, hours)) <= 3
    assert np.mean(np.abs(best - liked) <= 1) > 0.6


def test_where_the_hour_matters_little_the_default_stands():
    """The gate says why: the recommended hours are not surely clicked more than one hour for all."""
    result = train(Run(KIND, tables(), seed=SEED))
    assert result.bundle is None
    assert result.verdict.reason.startswith("does not beat its floor: extra_clicks")


def test_a_sender_of_one_hour_learns_nothing():
    """Without other hours there is no test; without mails there is none either."""
    one = replace(eager().sends, hour_of_week=eager().sends.hour_of_week // 24 * 24 + 10)
    assert KIND.cuts(replace(eager(), sends=one)) is None
    assert KIND.cuts(replace(eager(), sends=no_sends(8))) is None


def test_a_mail_at_midnight_is_known_to_all_parts_or_to_none():
    """Its 24 hours are over as the day ends: all that is learned from the mails of a day counts the same ones."""
    sends = eager().sends
    midnight = sends.sent_ms[len(sends.sent_ms) // 2] // DAY_MS * DAY_MS
    late = sends.sent_ms == sends.sent_ms[sends.sent_ms >= midnight].min()
    of = replace(eager(), sends=replace(sends, sent_ms=np.where(late, midnight, sends.sent_ms)))
    until = int(midnight // DAY_MS)
    assert len(mails_until(of.sends, until).subject) == occasions(of, CLICKS_24H).usable(until).sum() > 0
    assert KIND.fit(of, until=until, recipe=KIND.recipes()[0], rng=np.random.default_rng(SEED)).family


def test_the_floor_of_too_few_mails_is_the_default():
    """No hour had enough of them, and none is made up."""
    exam = KIND.exam(eager(), KIND.cuts(eager()).test)
    few = replace(eager(), sends=no_sends(len(FEATURES)))
    assert KIND.floor(few, exam, until=AS_OF_DAY)[:, 0].tolist() == [1.0] * len(exam.truth)


def test_nobody_minds_the_hour_so_nobody_is_told_one():
    """Clicks drawn without regard to the hour: the best is hardly better than the average for nearly all."""
    sends = eager().sends
    drawn = np.random.default_rng(1).random(len(sends.subject)) < 0.3
    flat = replace(eager(), sends=replace(sends, labels={**sends.labels, CLICKS_24H: drawn}))
    fitted = fit(flat, KIND.recipes()[0])
    assert fitted.settings["hours_spread"] < 0.05


def test_reasons_are_factors_of_the_best_hour():
    """The person's own mails move it most."""
    told = KIND.explain(fitted_of(trained("send_hour").bundle), everybody(eager()))
    strongest = [reasons[0].name for reasons in told if reasons]
    assert strongest.count("own mails") > len(told) / 2
    assert {reason.name for reasons in told for reason in reasons} <= {"everybody", "segment", "own mails"}


def test_weekdays_and_trees_are_candidates_too():
    """Both answer everybody; weekdays name hours of the week, trees hours of any day, and give no reasons."""
    weekly, trees = (fit(eager(), {**recipe, "rounds": 20}) for recipe in KIND.recipes()[1:])
    audience = everybody(eager())
    assert max(hour for hours in KIND.predict(weekly, audience, k=1).hours for hour in hours) < ANY_DAY
    assert min(hour for hours in KIND.predict(trees, audience, k=1).hours for hour in hours) >= ANY_DAY
    assert (weekly.family, trees.family) == ("hour_profiles", "hour_trees")
    assert KIND.explain(trees, audience) == [[]] * 500
    nobody = replace(audience, size=0, features=audience.features[:0])
    assert list(KIND.predict(trees, nobody, k=1).hours) == []
    assert "everybody's clicks by hour (1: average)" not in KIND.details(eager(), trees)


def test_the_night_writes_hours_into_peoples_rows():
    """As predicted, from a chunk; who has none has no entry; the served file knows everybody's."""
    bundle = trained("send_hour").bundle
    chunk = read_chunk(pack_chunk(eager(), 100, 140))
    people = score_chunk(chunk, {"send_hour": Served(bundle)}, on_fault=lambda *_: None)
    expected = KIND.predict(fitted_of(bundle), everybody(eager()), k=1).hours[100:140]
    assert [tuple(each.body.get("hours", {}).get("send_hour", ())) for each in people] == list(expected)
    halves = {"send_hour": Served(bundle, bundle, 0.5)}
    assert [each.body for each in score_chunk(chunk, halves, on_fault=lambda *_: None)] == [
        each.body for each in people
    ]
    timer = open_timer("send_hour", bundle.files, feature_hash=FEATURE_HASH)
    assert all(hour >= ANY_DAY for hour in timer.hours())
