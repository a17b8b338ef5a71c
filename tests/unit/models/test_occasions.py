"""Occasions: people at cut-offs and mails at their sending, kept apart in time, told apart by exposure."""

import numpy as np
import pytest

from addressee.models.kind import Window
from addressee.models.occasions import DAY_MS, HOUR_MS, Occasions, cuts, exposed, inner_split, occasions
from addressee.models.tables import BUYS, CLICKS_24H, CLICKS_72H, Sends
from tests.models.generated import AS_OF_DAY, generate

TABLES = generate(people=60)


def enough(chosen):
    """Tell whether a part teaches, for these tests: ten rows."""
    return int(chosen.sum()) >= 10


def sends(subject, sent_ms):
    """Return mails without features."""
    size = len(subject)
    return Sends(
        np.empty((size, 0)), np.array(subject, np.int32), np.array(sent_ms, np.int64), np.zeros(size, np.int32), {}, {}
    )


@pytest.mark.parametrize("label", [BUYS, CLICKS_24H, CLICKS_72H])
def test_no_label_reaches_into_a_later_part(label):
    """What is learned from was known when validation opens, and what validation asks when the test opens."""
    rows = occasions(TABLES, label)
    found = cuts(rows, (21, 14, 7, 0), enough)
    trained = rows.usable(found.validation.first)
    assert trained.any()
    assert rows.ready[trained].max() <= found.validation.first
    assert rows.ready[rows.inside(found.validation)].max() <= found.test.first
    assert rows.ready[rows.inside(found.test)].max() <= AS_OF_DAY


def test_a_mail_is_asked_by_a_model_of_the_day_before():
    """Sent on day 100 at noon: asked at the end of day 99; a click within 24 hours is known at the end of day 101."""
    rows = occasions(TABLES, CLICKS_24H)
    noon = rows.moment_ms % DAY_MS // HOUR_MS == 12
    day = rows.moment_ms // DAY_MS
    assert noon.any()
    assert (rows.asked[noon] == day[noon] - 1).all()
    assert (rows.ready[noon] == day[noon] + 1).all()


def test_too_few_rows_have_no_cuts():
    """None where a part would be empty, as before the first mail."""
    rows = occasions(TABLES, BUYS)
    assert cuts(rows, (21, 0), lambda chosen: int(chosen.sum()) > 10**6) is None
    nothing = Occasions(*(getattr(rows, name)[:0] for name in Occasions.__dataclass_fields__))
    assert cuts(nothing, (21, 0), enough) is None


def test_the_latest_rows_are_held_back():
    """Every label of the earlier ones was known when the first of the later ones was asked."""
    rows = occasions(TABLES, BUYS)
    early, held = inner_split(rows, rows.usable(AS_OF_DAY), (21, 0), enough)
    assert rows.ready[early].max() <= rows.asked[held].min()
    assert not (early & held).any()


def test_people_are_held_back_where_time_leaves_too_little():
    """A fifth of those with, and of those without a yes; nobody is on both sides."""
    rows = occasions(TABLES, BUYS)
    first = rows.inside(Window(int(rows.asked.min()), int(rows.asked.min())))
    early, held = inner_split(rows, first, (21, 0), enough)
    assert not set(rows.subject[early]) & set(rows.subject[held])
    assert held.sum() / first.sum() == pytest.approx(0.2, abs=0.08)
    assert (early | held).tolist() == first.tolist()


def test_a_fifth_is_one_of_those_who_can_be_held_back():
    """However the people of whom nothing is usable are numbered: every fifth of the others goes, none of four."""
    size = 100
    rows = Occasions(
        features=np.empty((size, 0)),
        subject=np.arange(size, dtype=np.int32),
        moment_ms=np.zeros(size, np.int64),
        asked=np.zeros(size, np.int32),
        ready=np.ones(size, np.int32),
        labels=np.arange(size) % 20 == 0,
        known=np.ones(size, np.bool_),
    )
    tenth = np.arange(size) % 10 == 0
    _, held = inner_split(rows, tenth, (0,), lambda chosen: int(chosen.sum()) > size)
    assert (held.sum(), rows.labels[held].sum()) == (2, 1)
    _, nobody = inner_split(rows, np.arange(size) < 4, (0,), lambda chosen: int(chosen.sum()) > size)
    assert not nobody.any()


def test_exposed_is_who_got_another_mail_in_the_week_before():
    """A mail eight days ago, the mail itself, and somebody else's do not count."""
    mails = sends([0, 1, 2, 3], [92 * DAY_MS, 94 * DAY_MS, 100 * DAY_MS, 99 * DAY_MS])
    moment = np.full(4, 100 * DAY_MS, np.int64)
    assert exposed(mails, np.array([0, 1, 2, 4], np.int32), moment).tolist() == [False, True, False, False]
    assert exposed(sends([], []), np.array([0], np.int32), moment[:1]).tolist() == [False]
