"""A report's figures and findings in words, for the terminal and the page alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from babel.numbers import format_currency

from addressee.emails.campaign import Standing
from addressee.emails.money import Money, money_text
from addressee.feedback.figures import Results
from addressee.feedback.holdout import LEAST_BUYERS, LEAST_PEOPLE, MOST_SKEWNESS, Comparison, Verdict, Why
from addressee.feedback.intervals import Estimate

LOCALE = "en_US"
NOTHING = "\N{EN DASH}"
_JOINER = "\N{WORD JOINER}"
_HUNDRED = 100
_THOUSAND_UNITS = 100_000
_WHY: dict[Why, str] = {
    "interval_spans_zero": "the interval holds 0, so the sign of the difference is not known",
    "too_few_people": f"a group has fewer than {LEAST_PEOPLE} people",
    "too_few_buyers": f"fewer than {LEAST_BUYERS} people bought",
    "too_skewed": "a few large orders weigh so much that the interval's ends cannot be trusted yet",
    "sample_ratio_mismatch": "the groups are not the sizes that the draw should have given: look for a fault first",
}


ALWAYS = (
    (
        "Credit is not cause: an order after a click might have come anyway. Only the comparison with held-out people"
        " tells what the mails added."
    ),
    (
        "An open means that a picture was fetched. Machines are told apart by signs that they leave, so some opens in"
        " either group are in the wrong one; clicks err less."
    ),
    "Orders that nobody could link to a person (a guest, another device) count for neither side.",
    "Segments are compared one by one, without correction: among twenty, one interval misses the truth on average.",
)
"""What holds for every report."""


class Span(NamedTuple):
    """A value and its interval, as text."""

    value: str
    interval: str


def percent(value: float, *, sign: bool = False) -> str:
    """Write a share in percent with one decimal, two below 1 %."""
    digits = 2 if 0 < abs(value) < 0.01 else 1  # noqa: PLR2004  # said above
    return f"{value * 100:{'+' if sign else ''}.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def rate(estimate: Estimate | None) -> Span:
    """Write a share with its interval."""
    return _span(estimate, percent)


def points(estimate: Estimate | None) -> Span:
    """Write a difference of shares in percentage points."""

    def text(value: float) -> str:
        digits = 2 if 0 < abs(value) < 0.001 else 1  # noqa: PLR2004  # a tenth of a point
        return f"{value * 100:+.{digits}f}".replace("-", "\N{MINUS SIGN}")

    span = _span(estimate, text)
    return span if estimate is None else Span(f"{span.value} points", span.interval)


def money(minor_units: float, currency: str, *, sign: bool = False) -> str:
    """Write minor units (hundredths) as money: three decimals below one unit, none from a thousand on."""
    if not currency:
        return NOTHING
    size = abs(minor_units)
    text = _plain(minor_units, currency)
    if size >= _THOUSAND_UNITS:
        text = _patterned(minor_units, currency, "#,##0")
    elif 0 < size < _HUNDRED:
        text = _patterned(minor_units, currency, "0.000")
    return (f"+{_JOINER}{text}" if sign and minor_units > 0 else text).replace("-", f"\N{MINUS SIGN}{_JOINER}")


def _plain(minor_units: float, currency: str) -> str:
    return money_text(Money(round(minor_units), currency), LOCALE)


def _patterned(minor_units: float, currency: str, digits: str) -> str:
    pattern = f"\N{CURRENCY SIGN}{digits};-\N{CURRENCY SIGN}{digits}"
    return format_currency(minor_units / _HUNDRED, currency, pattern, locale=LOCALE, currency_digits=False)


def amount(estimate: Estimate | None, currency: str, *, sign: bool = False) -> Span:
    """Write an amount of money with its interval."""
    return _span(estimate if currency else None, lambda value: money(value, currency, sign=sign))


def _span(estimate: Estimate | None, text: Callable[[float], str]) -> Span:
    if estimate is None:
        return Span(NOTHING, "")
    return Span(text(estimate.value), f"{text(estimate.low)} to {text(estimate.high)}")


def day(moment_ms: int) -> str:
    """Write a moment as day and time, UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%-d %b %Y, %H:%M UTC")


def conclude(verdict: Verdict, what: str) -> str:
    """Say in one sentence what a comparison shows; `what` is what people did, as in `bought`."""
    if verdict.finding == "no_conclusion":
        where = " in one of the groups" if (what, verdict.why) == ("spent", "too_few_buyers") else ""
        return f"No conclusion on what people {what}: {_WHY[verdict.why]}{where}."
    return f"Mailed people {what} {verdict.finding} than held-out people."


def findings(comparison: Comparison | None) -> list[str]:
    """Say what the holdout shows, or that there is none."""
    if comparison is None:
        return ["Nobody was held out, so nothing tells what people would have bought without the mail."]
    said = [conclude(comparison.conversion_verdict, "bought"), conclude(comparison.revenue_verdict, "spent")]
    if comparison.revenue_verdict.why == "too_skewed":
        times = (comparison.skewness / MOST_SKEWNESS) ** 2
        said.append(f"About {max(times, 1.1):.1f} times as many people in the same shares would make revenue tell.")
    return said


def limits(results: Results, standing: Standing, *, simulated: bool) -> list[str]:
    """List what the numbers cannot say."""
    said = []
    if simulated:
        said.append("Opens, clicks and orders after the mails were simulated: they show the report, not the campaign.")
    over_ms = standing.campaign.end_ms + results.scope.window_ms
    if results.scope.until_ms < over_ms:
        said.append(
            f"Not over yet: orders count until {day(over_ms)}. Whoever stops or decides as soon as an interval leaves 0"
            " is wrong more often than the 5 % that it promises."
        )
    said += ALWAYS
    if results.money.other_currencies:
        said.append(
            f"{results.money.other_currencies} orders in other currencies count as orders, without their money."
        )
    return said
