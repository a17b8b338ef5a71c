"""Prices as shops send them (floats, strings, major units) to exact integers in minor units."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from addressee.events.declared import MAX_AMOUNT_MINOR_UNITS, MAX_PRICE, MAX_QUANTITY
from addressee.events.messages import NotAccepted

_ONE = Decimal(1)
_WHOLE_CENTS = 1e-8
"""A price this near to whole minor units is whole: times the largest quantity it still is a hundredth of a unit."""
_LONGEST_NUMBER = 40
_LOW, _HIGH = -float(MAX_PRICE), float(MAX_PRICE)
_FEWEST, _MOST = -10_000, 10_000
"""Within these, price times quantity cannot be beyond the largest amount."""


def line_amount(price: str | float | None, quantity: str | float | None) -> tuple[int, int]:
    """Return (quantity, amount in minor units) of a line: price times quantity times 100, half to even.

    Computed as if in decimals: `4.35` times 3 is 1305. A missing quantity is 1, a missing price 0. A quantity by weight
    counts as whole pieces (0.4 kg is one piece) but its amount is exact. Raises `NotAccepted` for one of the two.
    """
    if quantity is None:
        quantity = 1
    if type(price) is float and type(quantity) is int and _LOW <= price <= _HIGH and _FEWEST <= quantity <= _MOST:
        hundredfold = price * 100
        whole = round(hundredfold)
        if abs(hundredfold - whole) < _WHOLE_CENTS:
            return quantity, whole * quantity
    pieces = _decimal(1 if quantity == "" else quantity, MAX_QUANTITY, "quantity")
    exact = _decimal(price or 0, MAX_PRICE, "price") * pieces * 100
    return _pieces(pieces), _within(_round(exact), "price")


def minor_units(amount: str | float, *, field: str) -> int:
    """Convert an amount in major units to minor units, half to even. Raises `NotAccepted` for `field`."""
    if type(amount) is float and abs(amount) <= MAX_PRICE:
        whole = round(amount * 100)
        if abs(amount * 100 - whole) < _WHOLE_CENTS:
            return whole
    return _within(_round(_decimal(amount, MAX_AMOUNT_MINOR_UNITS, field) * 100), field)


def exact_amount(amount: int, *, field: str) -> int:
    """Return an amount that already is in minor units. Raises `NotAccepted` where it is too large."""
    return _within(amount, field)


def _decimal(value: str | float | None, largest: int, field: str) -> Decimal:
    text = value if isinstance(value, str) else repr(value)
    try:
        number = Decimal(text) if len(text) <= _LONGEST_NUMBER else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NotAccepted(field, "is not a number")
    if abs(number) > largest:
        raise NotAccepted(field, f"is larger than {largest}")
    return number


def _round(number: Decimal) -> int:
    return int(number.quantize(_ONE, rounding=ROUND_HALF_EVEN))


def _pieces(quantity: Decimal) -> int:
    return 1 if 0 < quantity < 1 else _round(quantity)


def _within(amount: int, field: str) -> int:
    if abs(amount) > MAX_AMOUNT_MINOR_UNITS:
        raise NotAccepted(field, f"makes more than {MAX_AMOUNT_MINOR_UNITS} minor units")
    return amount
