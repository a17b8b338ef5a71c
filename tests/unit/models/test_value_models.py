"""BG/NBD and Gamma-Gamma find what customers were drawn from, and say the same in numpy and without."""

from math import expm1, log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_jacobi

from addressee.models.bg_nbd import BgNbd, Customers, alive_chance, expected_orders, fit_bg_nbd
from addressee.models.gamma_gamma import GammaGamma, expected_amount, fit_gamma_gamma
from addressee.models.item_sections import packed
from addressee.models.likelihood import maximise
from addressee.models.scorers import WrongFeatures
from addressee.models.valuers import ExpectedRevenue, alive, orders_if_alive

TRUE = BgNbd(0.8, 6.0, 0.7, 2.5)
SPENT = GammaGamma(6.0, 4.0, 1500.0)
POSITIVE = st.floats(0.3, 20.0)


def customers(number=2_000, *, until=60.0):
    """Draw customers from the model, each seen for another time."""
    rng = np.random.default_rng(1)
    ages = rng.uniform(10.0, until, number)
    rates, leaves = rng.gamma(TRUE.r, 1 / TRUE.alpha, number), rng.beta(TRUE.a, TRUE.b, number)
    frequency, recency = np.zeros(number), np.zeros(number)
    for at, (age, rate, leave) in enumerate(zip(ages, rates, leaves, strict=True)):
        time = rng.exponential(1 / rate)
        while time < age:
            frequency[at], recency[at] = frequency[at] + 1, time
            time = np.inf if rng.random() < leave else time + rng.exponential(1 / rate)
    return Customers(frequency, recency, ages)


def test_the_parameters_are_recovered_within_their_errors():
    """Two thousand customers; three standard errors each way, and the errors are no wider than the parameters."""
    found = fit_bg_nbd(customers())
    for value, error, true in zip(found.parameters, found.errors, TRUE, strict=True):
        assert abs(value - true) < 3 * error < value


def test_what_an_order_is_worth_is_recovered():
    """Orders of a customer differ around a mean that differs between customers."""
    rng = np.random.default_rng(2)
    orders = rng.integers(1, 20, 4_000).astype(float)
    nu = rng.gamma(SPENT.q, 1 / SPENT.v, 4_000)
    found = fit_gamma_gamma(orders, rng.gamma(SPENT.p * orders, 1 / nu) / orders)
    for value, error, true in zip(found.parameters, found.errors, SPENT, strict=True):
        assert abs(value - true) < 3 * error < value


def test_a_mean_of_few_orders_is_drawn_to_everybodys():
    """One order says less than fifty; both lie between their own mean and that of all."""
    everybody = SPENT.p * SPENT.v / (SPENT.q - 1)
    one, many = expected_amount(SPENT, np.array([1.0, 50.0]), np.array([9_000.0, 9_000.0]))
    assert everybody < one < many < 9_000.0


def test_a_flat_likelihood_has_no_errors():
    """A parameter that nothing hangs on can not be known: NaN, not a number."""
    flat = maximise(lambda _: (0.0, np.zeros(2)), start=(1.0, 2.0), least=(0.1, 0.1))
    assert flat.parameters == (1.0, 2.0)
    assert np.isnan(flat.errors).all()


@settings(max_examples=60, deadline=None)
@given(model=st.tuples(POSITIVE, POSITIVE, POSITIVE, POSITIVE), x=st.integers(0, 40), age=st.floats(0.0, 80.0))
def test_the_series_is_the_mean_over_the_chance_to_leave(model, x, age):
    """Given p, a customer who is alive orders (1 - (1 + p t / (alpha + T))^-(r + x)) / p times; p ~ Beta(a, b + x)."""
    r, alpha, a, b = model
    places, weights = roots_jacobi(120, b + x - 1.0, a - 1.0)
    ratio = 12.9 / (alpha + age)
    each = [-expm1(-(r + x) * log1p((1 + place) / 2 * ratio)) / ((1 + place) / 2) for place in places]
    expected = float(np.average(each, weights=weights))
    assert orders_if_alive(model, x, age, 12.9) == pytest.approx(expected, rel=1e-9)


def test_an_even_chance_to_leave_is_no_exception():
    """With a = 1 the paper's formula is 0 / 0; here it is what its neighbours are."""
    low, exact, high = (orders_if_alive((0.5, 4.0, a, 2.0), 3.0, 20.0, 13.0) for a in (1 - 1e-7, 1.0, 1 + 1e-7))
    assert low == pytest.approx(exact, rel=1e-6)
    assert high == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("model", [TRUE, BgNbd(0.2, 0.3, 1.0, 0.4), BgNbd(4.0, 80.0, 9.0, 0.1)])
def test_many_at_once_and_one_by_one_agree(model):
    """Expected orders and the chance to be alive, to the ninth digit."""
    some = customers(200)
    many = expected_orders(model, some, 12.9)
    chances = alive_chance(model, some)
    for at, (x, last, age) in enumerate(zip(some.frequency, some.recency, some.age, strict=True)):
        stays = alive(model, x, last, age)
        assert stays == pytest.approx(chances[at], abs=1e-9)
        assert stays * orders_if_alive(model, x, age, 12.9) == pytest.approx(many[at], rel=1e-9)


def valuer(**settings_besides):
    """Open a valuer of vectors with a feature that it does not read."""
    sections = {
        "bg_nbd": packed("d", np.array(TRUE)),
        "gamma_gamma": packed("d", np.array(SPENT)),
        "typical": packed("d", np.array([3.0, 20.0, 120.0, 2_500.0])),
        "stranger": packed("d", np.array([12.0])),
        "column": packed("I", np.array([1, 2, 3, 4])),
    }
    return ExpectedRevenue(sections, {"features": 5, "horizon_days": 90, **settings_besides})


class TestExpectedRevenue:
    """What is served."""

    def test_it_is_orders_times_amount(self):
        """Both by the formulas for many."""
        model = valuer()
        some = Customers(np.array([4.0]), np.array([100.0]), np.array([130.0]))
        orders = expected_orders(TRUE, some, 90.0)[0]
        amount = expected_amount(SPENT, np.array([5.0]), np.array([3_000.0]))[0]
        assert model.score([7.0, 5.0, 30.0, 130.0, 3_000.0]) == pytest.approx(orders * amount, rel=1e-9)
        assert model.alive([7.0, 5.0, 30.0, 130.0, 3_000.0]) == pytest.approx(alive_chance(TRUE, some)[0])

    def test_contributions_add_up_to_the_answer_less_the_typical_one(self):
        """Only the four features that are read have any; nobody is owed anything for being typical."""
        model = valuer()
        for row in ([7.0, 5.0, 30.0, 130.0, 3_000.0], [0.0, 0.0, 3650.0, 3650.0, 0.0], [1.0, 1.0, 2.0, 2.0, 900.0]):
            given = model.explain(row)
            assert sum(given) == pytest.approx(model.score(row) - model.expected, abs=1e-9)
            assert given[0] == 0.0
        assert model.explain([0.0, 3.0, 20.0, 120.0, 2_500.0]) == [0.0] * 5

    def test_who_never_ordered_is_worth_what_such_people_were(self):
        """There is no age to count from."""
        assert valuer().score([0.0, 0.0, 3650.0, 3650.0, 0.0]) == 12.0
        assert valuer().alive([0.0, 0.0, 3650.0, 3650.0, 0.0]) == 0.0

    def test_what_is_missing_is_typical_and_what_cannot_be_is_the_nearest_that_can(self):
        """NaN neither fails nor decides; an order before the first one is the first one."""
        model = valuer()
        assert model.score([float("nan")] * 5) == model.expected
        assert model.score([0.0, 3.0, 500.0, 120.0, 2_500.0]) == model.score([0.0, 3.0, 120.0, 120.0, 2_500.0])

    def test_a_fresh_order_of_a_frequent_customer_raises_the_value_and_a_long_silence_lowers_it(self):
        """And an overdue frequent customer is worth less than an overdue rare one: more likely gone."""
        model = valuer()
        fresh, silent = ([0.0, 20.0, silence, 300.0, 2_000.0] for silence in (5.0, 280.0))
        rare = [0.0, 2.0, 280.0, 300.0, 2_000.0]
        assert model.score(fresh) > model.score(rare) > model.score(silent)
        assert model.alive(fresh) > model.alive(rare) > model.alive(silent)

    def test_vectors_and_sections_of_another_size_are_refused(self):
        """A feature too few is an error, not a guess; so is a model of more features than there are."""
        with pytest.raises(WrongFeatures):
            valuer().score([1.0] * 4)
        with pytest.raises(ValueError, match="column 4"):
            valuer(features=4)
