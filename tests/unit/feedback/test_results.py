"""A campaign's results: every figure from its rows, and what may be concluded from them."""

from dataclasses import replace
from random import Random

import pytest
from scipy import stats

from addressee.emails.send import Send
from addressee.feedback.attribution import CANCELLED, COMPLETED, Engagement, OrderEvent
from addressee.feedback.figures import Engaged, Funnel, Outcome, Sales, Story
from addressee.feedback.holdout import Verdict, compare
from addressee.feedback.results import results
from tests.campaign_story import CAMPAIGN, DAY_MS, START_MS, scope, story, subject_of

HOUR_MS = 3_600_000


def send(subject, state="delivered", reason=""):
    """Make a row."""
    return Send(subject, CAMPAIGN, state, reason=reason)


def did(subject, kind, hours, *, label="human", campaign=CAMPAIGN):
    """Make an open, a click or an unsubscription."""
    return Engagement(f"{subject}-{kind}-{hours}-{label}", subject, campaign, kind, label, START_MS + hours * HOUR_MS)


def order(subject, hours, amount=1_000, currency="EUR", name=COMPLETED):
    """Make an order's row."""
    return OrderEvent(f"{subject}-{hours}", subject, name, f"{subject}-o", START_MS + hours * HOUR_MS, amount, currency)


SMALL = Story(
    sends=[
        send("a"),
        send("b"),
        send("c", "complained"),
        send("d", "sent"),
        send("e", "bounced"),
        send("f", "skipped", "cap_per_day"),
        send("g", "skipped", "holdout"),
        send("h", "unknown"),
    ],
    engagements=[
        *(did("a", "open", 1), did("a", "open", 2), did("a", "click", 3)),
        *(did("b", "open", 1, label="machine"), did("b", "click", 1, label="machine")),
        *(did("c", "open", 4), did("d", "click", 5), did("d", "click", 30, campaign="other")),
        *(did("a", "unsubscribe", 6, label=""), did("x", "click", 1), did("b", "click", 24 * 30)),
    ],
    orders=[
        *(order("a", 10, 1_500), order("c", 10, 700), order("d", 31, 900), order("g", 5, 400)),
        *(order("b", 7, 300, currency="USD"), order("x", 7), order("e", 24 * 30), order("f", -1)),
    ],
    segments={
        "a": {"tier": "loyal", "other": "one"},
        "b": {"tier": "loyal"},
        "g": {"tier": "new"},
        "x": {"tier": "new"},
    },
)


def test_whom_the_window_left_no_hour_is_in_neither_group():
    """They were never drawn; among the assigned they would have nobody to be compared with."""
    more = [send("i", "skipped", "no_hour"), send("j", "skipped", "no_hour")]
    told = replace(SMALL, sends=[*SMALL.sends, *more], orders=[*SMALL.orders, order("i", 10, 9_900)])
    found, small = results(scope(), told), results(scope(), SMALL)
    assert (found.funnel, found.comparison, found.segments) == (small.funnel, small.comparison, small.segments)
    assert found.recipients == small.recipients + 2
    assert Outcome("skipped", "no_hour", 2) in found.outcomes


def test_every_figure_of_a_small_campaign_is_as_counted_by_hand():
    """Delivered: a, b, c by their rows, d because somebody clicked. The bounced, skipped and unknown are not."""
    found = results(scope(), SMALL)
    assert found.funnel == Funnel(assigned=7, went_out=5, delivered=4, opened=3, clicked=2, bought=1)
    assert (found.recipients, found.held_out) == (8, 1)
    assert found.engaged["open"] == {"human": Engaged(2, 3), "machine": Engaged(1, 1), "unknown": Engaged(0, 0)}
    assert found.engaged["click"] == {"human": Engaged(2, 2), "machine": Engaged(1, 1), "unknown": Engaged(0, 0)}
    assert found.outcomes[0] == Outcome("delivered", "", 2)
    assert Outcome("skipped", "holdout", 1) in found.outcomes
    rates = found.rates
    values = (
        rates.opened,
        rates.opened_with_machines,
        rates.clicked,
        rates.bought,
        rates.unsubscribed,
        rates.complained,
    )
    assert [each.value for each in values] == [0.75, 1.0, 0.5, 0.25, 0.25, 0.25]


def test_each_order_of_the_campaigns_people_is_in_one_sort():
    """A click, an open alone, another campaign's later click, nothing; strangers and other times in none."""
    money = results(scope(), SMALL).money
    assert (money.credited, money.opened_only) == (Sales(1, 1_500), Sales(1, 700))
    assert (money.elsewhere, money.uncredited) == (Sales(1, 900), Sales(2, 400))
    assert (money.currency, money.other_currencies) == ("EUR", 1)
    assert money.revenue_per_mail.value == 375.0


def test_segments_hold_the_campaigns_people_alone():
    """The largest first within its kind."""
    segments = results(scope(), SMALL).segments
    assert [(each.kind, each.name, each.people, each.delivered) for each in segments] == [
        ("other", "one", 1, 1),
        ("tier", "loyal", 2, 2),
        ("tier", "new", 1, 0),
    ]
    assert segments[1].click_rate.value == 0.5
    assert segments[1].revenue_per_mail.value == 750.0
    assert segments[1].comparison is segments[2].click_rate is segments[2].revenue_per_mail is None


def test_a_campaign_without_anything_has_results():
    """No rows, no mail, no order, nobody held out: nothing is estimated."""
    found = results(scope(), Story([]))
    assert found.rates.opened is found.money.revenue_per_mail is found.comparison is None
    assert found.money.currency == ""
    assert found.funnel == Funnel(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_rows_changes_nothing(seed: int):
    """Shuffled rows, the same results to the last bit: sums of floats do not depend on their order."""
    told = story(300, seed=seed)
    mixed = [Random(seed).sample(part, len(part)) for part in (told.sends, told.engagements, told.orders)]
    assert results(scope(), Story(*mixed, told.segments)) == results(scope(), told)


def test_skipped_people_stay_where_they_were_assigned():
    """Intention to treat: the comparison holds everybody, mailed or not, and equals scipy's on the same numbers."""
    told = story(3_000, seed=5)
    found = results(scope(), told).comparison
    assert (found.assigned.people, found.held_out.people) == (2_700, 300)
    held = {each.subject for each in told.sends if each.reason == "holdout"}
    amounts = {each.subject: each.amount_minor_units for each in told.orders}
    sides = [
        [amounts.get(each.subject, 0) for each in told.sends if (each.subject in held) == out] for out in (False, True)
    ]
    reference = stats.ttest_ind(*sides, equal_var=False).confidence_interval()
    assert (found.revenue.low, found.revenue.high) == pytest.approx((reference.low, reference.high))
    assert found.incremental.value == pytest.approx(found.revenue.value * 2_700)


def test_a_true_effect_is_found_and_no_effect_is_not():
    """A strong lift is `more`, a strong loss `less`; without one the interval spans 0 in about 19 of 20 campaigns."""
    strong = results(scope(), story(6_000, lift=0.08)).comparison
    assert strong.conversion_verdict == Verdict("more")
    assert results(scope(), story(6_000, lift=-0.06)).comparison.conversion_verdict == Verdict("less")
    quiet = [results(scope(), story(1_200, lift=0.0, seed=seed)).comparison for seed in range(20)]
    assert sum(each.conversion.spans_zero for each in quiet) >= 16
    assert sum(each.revenue_verdict.finding == "no_conclusion" for each in quiet) >= 18


PEOPLE = [subject_of(number) for number in range(4_000)]


@pytest.mark.parametrize(
    ("assigned", "held_out", "buyers", "why"),
    [
        (PEOPLE[:900], PEOPLE[900:999], PEOPLE[::2], "too_few_people"),
        (PEOPLE[:1], [], PEOPLE[:1], "too_few_people"),
        (PEOPLE[:900], PEOPLE[900:1_000], PEOPLE[:9], "too_few_buyers"),
        (PEOPLE[:900], PEOPLE[900:1_000], PEOPLE[::10], "interval_spans_zero"),
        (PEOPLE[:900], PEOPLE[900:1_100], PEOPLE[:800], "sample_ratio_mismatch"),
    ],
)
def test_a_verdict_names_what_forbids_a_conclusion(assigned, held_out, buyers, why):
    """Small groups, few buyers, an interval over 0, groups that the draw cannot have given."""
    found = compare(assigned, held_out, dict.fromkeys(buyers, 1_000), share=0.1)
    assert found.conversion_verdict == Verdict("no_conclusion", why)


def test_revenue_needs_buyers_on_both_sides():
    """The share of buyers may be told where the spending of nine cannot."""
    found = compare(PEOPLE[:900], PEOPLE[900:1_000], dict.fromkeys(PEOPLE[100:909], 1_000), share=0.1)
    assert found.conversion_verdict == Verdict("more")
    assert found.revenue_verdict == Verdict("no_conclusion", "too_few_buyers")


def test_skewed_revenue_concludes_nothing_until_the_groups_are_large():
    """Equal groups conclude; a small holdout that drew no large order by luck does not, whatever its interval says."""
    large = PEOPLE[1::40]
    spend = dict.fromkeys(PEOPLE[::10], 1_000) | dict.fromkeys(large, 20_000)
    halves = compare(PEOPLE[:2_000], PEOPLE[2_000:], spend | dict.fromkeys(PEOPLE[2:1_900:3], 5_000), share=0.5)
    assert halves.revenue_verdict == Verdict("more")
    lucky = {subject: amount for subject, amount in spend.items() if subject not in set(large) & set(PEOPLE[3_600:])}
    found = compare(PEOPLE[:3_600], PEOPLE[3_600:], lucky, share=0.1)
    assert (found.revenue.spans_zero, found.revenue_verdict.why) == (False, "too_skewed")
    assert abs(found.skewness) > 0.2


def test_a_cancelled_order_is_no_purchase():
    """Neither credited nor compared."""
    rows = [order("a", 10), order("a", 20, name=CANCELLED)]
    found = results(scope(until_ms=START_MS + DAY_MS), Story([send("a"), send("g", "skipped", "holdout")], (), rows))
    assert found.comparison.assigned.buyers == found.money.uncredited.orders == 0
