"""From campaigns' plans to `Trials`: who was assigned what, seen alike on both sides, and who then bought."""

import numpy as np
import pytest

from addressee.emails import plan
from addressee.models.delays import Delays
from addressee.models.examples import end_of
from addressee.models.prepare import load_people
from addressee.models.purchases import load_orders
from addressee.models.tables import TRIAL_DAYS
from addressee.models.trials import HOLDOUT, Plan, read_trials
from addressee.profiles.features import FEATURE_NAMES
from tests.fakes.lake import DAY_MS, lake_of, link, mail, order

TODAY = 20_543
DUE = TODAY - 20
ANN, BOB, CAT, COOKIE = ("a" * 32, "b" * 32, "c" * 32, "0" * 32)
SEEN = [order(who, DUE - 30, "milk") for who in (ANN, BOB, CAT)]


def planned(*recipients, campaign="spring", day=DUE - 1.0):
    """Make a plan; recipients are (subject, day due, reason)."""
    rows = [(subject, round(due * DAY_MS), reason) for subject, due, reason in recipients]
    return Plan(campaign, round(day * DAY_MS), rows)


SPRING = planned((ANN, DUE + 0.4, ""), (BOB, 0, HOLDOUT), (CAT, DUE + 1.4, ""))


def trials(rows, plans, *people, **how):
    """Return the trials of `people` (else of Ann, Bob and Cat)."""
    with lake_of(rows) as lake:
        load_orders(lake, end_ms=end_of(TODAY))
        load_people(lake, people or (ANN, BOB, CAT))
        return read_trials(lake, plans, end_ms=end_of(TODAY), **how)


def test_everybody_of_a_campaign_is_seen_at_the_same_moment():
    """Before the first mail is due: features and outcome cannot depend on who is to be mailed, or when."""
    found = trials([*SEEN, order(CAT, DUE + 0.1, "milk")], [SPRING])
    assert found.day.tolist() == [DUE - 1] * 3
    assert found.mailed.tolist() == [True, False, True]
    assert found.share.tolist() == [2 / 3] * 3
    assert found.features[:, FEATURE_NAMES.index("orders_total")].tolist() == [1, 1, 1]
    assert found.known.all()


def test_orders_of_the_fortnight_count_in_full():
    """From the day on which the first mail is due, whoever was mailed; amounts are summed."""
    rows = [
        *SEEN,
        order(ANN, DUE, "milk"),
        order(ANN, DUE + 13.9, "milk", "bread"),
        order(BOB, DUE - 0.1, "milk"),
        order(BOB, DUE + TRIAL_DAYS, "milk"),
    ]
    found = trials(rows, [SPRING])
    assert found.bought.tolist() == [True, False, False]
    assert found.revenue_minor_units.tolist() == [300, 0, 0]


def test_the_mail_itself_brings_nobody_into_the_table():
    """Cat's only event before is none: with `Email Sent` the mailed alone would be people whom nobody knows."""
    for reason in ("", HOLDOUT):
        rows = [*SEEN[:2], mail(CAT, "spring", DUE + 0.4)]
        found = trials(rows, [planned((ANN, DUE + 0.4, ""), (BOB, 0, HOLDOUT), (CAT, DUE + 0.4, reason))])
        assert found.subject.tolist() == [0, 1]
        assert found.share.tolist() == [0.5, 0.5]


def test_other_reasons_are_no_assignment():
    """Whose window held no hour was neither to be mailed nor held out."""
    found = trials(SEEN, [planned((ANN, DUE + 0.4, ""), (BOB, 0, plan.NO_HOUR), (CAT, 0, HOLDOUT))])
    assert found.subject.tolist() == [0, 2]
    assert HOLDOUT == plan.HOLDOUT
    assert plan.Recipient(ANN, 1)[2] == ""


def test_a_campaign_counts_once_its_first_mail_is_due():
    """Planned tomorrow, or due tomorrow: nothing yet; begun a week ago: not yet known; nobody mailed: no trial."""
    tomorrow = planned((ANN, TODAY + 1.4, ""), (BOB, 0, HOLDOUT))
    unplanned = planned((ANN, DUE, ""), day=TODAY + 1)
    nobody = planned((ANN, 0, HOLDOUT))
    assert len(trials(SEEN, [tomorrow]).subject) == 0
    assert len(trials(SEEN, [unplanned]).subject) == 0
    assert len(trials(SEEN, [nobody]).subject) == 0
    assert len(trials(SEEN, []).subject) == 0
    lately = trials(SEEN, [planned((ANN, TODAY - 6.6, ""), (BOB, 0, HOLDOUT))])
    assert lately.known.tolist() == [False, False]


@pytest.mark.parametrize(("ago", "known"), [(TRIAL_DAYS - 1, True), (TRIAL_DAYS - 2, False)])
def test_the_outcome_is_known_when_its_days_are_over(ago, known):
    """The day of the first mail is the first of the fortnight."""
    found = trials(SEEN, [planned((ANN, TODAY - ago + 0.4, ""), (BOB, 0, HOLDOUT), day=TODAY - 30)])
    assert found.known.tolist() == [known] * 2


@pytest.mark.parametrize(("late", "known"), [({0: 99, 1: 1}, True), ({1: 100}, False)])
def test_an_outcome_waits_where_orders_come_late(late, known):
    """A fortnight that ended today lacks the orders of its last day, where all come a day late."""
    plans = [planned((ANN, TODAY - TRIAL_DAYS + 1.4, ""), (BOB, 0, HOLDOUT), day=TODAY - 30)]
    assert trials(SEEN, plans, delays=Delays(late)).known.tolist() == [known] * 2


def test_a_campaign_without_a_holdout_is_no_trial():
    """Its people were chosen, not drawn: among the mailed of other campaigns they would be compared with strangers."""
    everybody = planned((ANN, DUE - 7.6, ""), (CAT, DUE - 7.6, ""), campaign="may", day=DUE - 9)
    found = trials(SEEN, [SPRING, everybody])
    assert found.day.tolist() == [DUE - 1] * 3
    assert len(trials(SEEN, [everybody]).subject) == 0


def test_two_campaigns_are_two_trials_of_a_person():
    """Sorted by day and subject; each looks at its own fortnight."""
    may = planned((CAT, DUE - 7.6, ""), (ANN, 0, HOLDOUT), campaign="may", day=DUE - 9)
    found = trials([*SEEN, order(ANN, DUE + 8, "milk")], [SPRING, may])
    assert found.day.tolist() == [DUE - 9] * 2 + [DUE - 1] * 3
    assert found.subject.tolist() == [0, 2, 0, 1, 2]
    assert found.mailed.tolist() == [False, True, True, False, True]
    assert found.bought.tolist() == [False, False, True, False, False]


def test_who_was_merged_since_is_one_person():
    """The cookie's assignment is Bob's if he had none of his own; one of two counts."""
    rows = [*SEEN, order(COOKIE, DUE - 3, "milk"), link(COOKIE, BOB, DUE - 2), order(COOKIE, DUE + 2, "milk")]
    both = planned((COOKIE, DUE + 0.4, ""), (BOB, 0, HOLDOUT), (CAT, 0, HOLDOUT))
    found = trials(rows, [both])
    assert found.subject.tolist() == [1, 2]
    assert found.bought.tolist() == [True, False]
    assert found.features[0, FEATURE_NAMES.index("orders_total")] == 2


def test_the_order_of_plans_and_rows_changes_nothing():
    """Parts of a plan come as the bucket lists them; of too many rows people stay, or go, with all of theirs."""
    people = [f"{number:032x}" for number in range(30)]
    rows = [order(who, DUE - 30 + place / 40, "milk") for place, who in enumerate(people)]
    said = [(who, DUE + 0.4, HOLDOUT if place % 5 else "") for place, who in enumerate(people)]
    parts = [planned(*said[first::3]) for first in range(3)]
    first, second = trials(rows, parts, *people, most=20), trials(rows[::-1], parts[::-1], *people, most=20)
    assert len(first.subject) == 20
    for name, values in vars(first).items():
        np.testing.assert_array_equal(values, vars(second)[name])
