"""Money: as exact as decimals, whatever path computed it."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from addressee.events.amounts import line_amount, minor_units
from addressee.events.messages import NotAccepted

PRICES = st.one_of(
    st.floats(-1e6, 1e6), st.decimals(-(10**6), 10**6, places=2).map(float), st.decimals(-99, 99, places=4).map(float)
)


def exactly(*factors):
    """Multiply in decimals and round half to even."""
    product = Decimal(100)
    for each in factors:
        product *= Decimal(repr(each))
    return int(product.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@given(PRICES, st.integers(-1_000_000, 1_000_000))
@example(4.35, 3)
@example(1.005, 1)
@example(0.005, 1)
@example(1e6, 1_000_000)
def test_a_line_is_price_times_quantity_in_decimals(price, quantity):
    """Compare with decimal arithmetic on the shortest form of the float."""
    assert line_amount(price, quantity) == (quantity, exactly(price, quantity))


@given(PRICES)
@example(1.005)
def test_an_amount_is_rounded_half_to_even_in_decimals(amount):
    """Compare with decimal arithmetic."""
    assert minor_units(amount, field="x") == exactly(amount)


@pytest.mark.parametrize(
    ("price", "quantity", "expected"),
    [
        (None, None, (1, 0)),
        ("", "", (1, 0)),
        ("19.99", "2", (2, 3998)),
        (3, 2, (2, 600)),
        (2.5, 0.4, (1, 100)),
        (2.5, 1.5, (2, 375)),
        (-1.5, 2, (2, -300)),
        (0.0, 0, (0, 0)),
        ("1e-999999999", 1, (1, 0)),
        (0.019, 89_638, (89_638, 170_312)),
    ],
)
def test_prices_come_in_many_forms(price, quantity, expected):
    """Read missing values, strings, whole numbers, weights, returns, nothing at all, fuel."""
    assert line_amount(price, quantity) == expected


@pytest.mark.parametrize("price", ["much", "Infinity", "NaN", "1" * 41])
def test_what_is_no_number_is_refused(price):
    """Read words and infinities."""
    with pytest.raises(NotAccepted):
        line_amount(price, 1)
