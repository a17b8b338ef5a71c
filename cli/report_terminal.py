"""The report in the terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from addressee.feedback.figures import Results
from addressee.feedback.intervals import Estimate
from cli.report_sources import Reported
from cli.report_words import NOTHING, Span, amount, day, findings, limits, money, percent, points, rate


def show_report(reported: Reported, console: Console, *, simulated: bool) -> None:
    """Print the report."""
    standing, results, without_row = reported
    scope = results.scope
    console.rule(f"Results of {scope.campaign}{' (simulated engagement)' if simulated else ''}", align="left")
    console.print(f"{day(scope.start_ms)} to {day(scope.until_ms)}; {standing.status}; 95 % intervals", highlight=False)
    console.print(_outcomes(results))
    if without_row:
        console.print(f"{without_row:,} recipients have no row: not yet written, or erased")
    console.print(_headlines(results))
    console.print(_machines(results))
    if results.comparison:
        console.print(_holdout(results))
    for said in findings(results.comparison):
        console.print(said, markup=False, highlight=False)
    if results.segments:
        console.print(_segments(results))
    console.print("\nWhat the numbers cannot say")
    for said in limits(results, standing, simulated=simulated):
        console.print(f"  {said}", markup=False, highlight=False)


def _outcomes(results: Results) -> Table:
    table = _table("sends", "reason", "rows")
    for state, reason, rows in results.outcomes:
        table.add_row(state, reason or NOTHING, f"{rows:,}")
    return table


def _headlines(results: Results) -> Table:
    funnel, rates, paid = results.funnel, results.rates, results.money
    table = _table("of humans", "people", "rate", "95 %")
    table.add_row("delivered", f"{funnel.delivered:,}", "", f"of {funnel.went_out:,} that went out")
    steps: tuple[tuple[str, int, Estimate | None], ...] = (
        ("opened", funnel.opened, rates.opened),
        ("clicked", funnel.clicked, rates.clicked),
        ("bought after a click", funnel.bought, rates.bought),
    )
    for title, people, estimate in steps:
        table.add_row(title, f"{people:,}", *rate(estimate))
    table.add_row("unsubscribed", "", *rate(rates.unsubscribed))
    table.add_row("complained", "", *rate(rates.complained))
    table.add_row("revenue a delivered mail", "", *amount(paid.revenue_per_mail, paid.currency))
    revenue = money(paid.credited.revenue_minor_units, paid.currency)
    table.add_row("revenue credited", "", revenue, f"{paid.credited.orders:,} orders")
    return table


def _machines(results: Results) -> Table:
    table = _table("who", "opened", "times", "clicked", "times")
    opens, clicks = results.engaged["open"], results.engaged["click"]
    for label in opens:
        table.add_row(label, *(f"{count:,}" for count in (*opens[label], *clicks.get(label, (0, 0)))))
    return table


def _holdout(results: Results) -> Table:
    found, currency = results.comparison, results.money.currency
    table = _table("group", "people", "bought", "share", "spent a person")
    if found is None:
        return table
    for title, group in (("assigned to mail", found.assigned), ("held out", found.held_out)):
        spent = money(group.spend.mean, currency)
        table.add_row(title, f"{group.people:,}", f"{group.buyers:,}", percent(group.bought.value), spent)
    table.add_row(
        "difference", "", "", _line(points(found.conversion)), _line(amount(found.revenue, currency, sign=True))
    )
    table.add_row("incremental revenue", "", "", "", _line(amount(found.incremental, currency, sign=True)))
    return table


def _segments(results: Results) -> Table:
    table = _table("segment", "people", "delivered", "click rate", "revenue a mail", "bought, against held out")
    for each in results.segments:
        difference = points(each.comparison.conversion) if each.comparison else Span(NOTHING, "")
        revenue = amount(each.revenue_per_mail, results.money.currency)
        counts = (f"{each.people:,}", f"{each.delivered:,}")
        table.add_row(
            f"{each.kind} {each.name}", *counts, _line(rate(each.click_rate)), _line(revenue), _line(difference)
        )
    return table


def _line(span: Span) -> str:
    return f"{span.value} ({span.interval})" if span.interval else span.value


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column)
    return table
