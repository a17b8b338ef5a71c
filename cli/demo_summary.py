"""The demo's summary: the figures of its report, for people."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Report = Mapping[str, Any]


def show_summary(report: Report, console: Console) -> None:
    """Print what a run found."""
    console.rule("What happened", align="left")
    _data(report, console)
    _models(report["learn"], console)
    _decisions(report["decisions"], console)
    _purchase(report["purchase"], console)
    total = report["seconds"]["all"]
    console.print(f"\nAll of it took {total:.0f} s. Consent, addresses and browsing before purchases are simulated.")


def _data(report: Report, console: Console) -> None:
    imported, replay = report["import"], report["replay"]
    orders, stream, http = imported["orders"], replay["put_records"], replay["http"]
    console.print(
        f"Imported {orders['accepted']:,} orders in {orders['seconds']} s, {imported['subscribers']['accepted']:,}"
        f" subscribers and {imported['catalogue']['accepted']:,} items; {orders['refused']:,} orders refused,"
        f" {imported['lines_without_value_left_out']:,} lines without a value left out."
    )
    console.print(
        f"Replayed {replay['orders']:,} orders of {imported['replayed_from']} to {imported['replayed_to']} and"
        f" {replay['simulated_browsing_events']:,} simulated views and carts: {stream['events']:,} events by PutRecords"
        f" ({stream['events_per_second']:,}/s), {http['events']:,} over HTTP ({http['events_per_second']:,}/s);"
        f" folded {report['folded']['seconds_after_replay']} s after the last."
    )


def _models(learned: Report, console: Console) -> None:
    title = f"Learn, as of {learned['as_of']}, {learned['seconds']} s"
    table = Table("kind", "published", "why", title=title, title_justify="left")
    for kind in learned["kinds"]:
        table.add_row(kind["kind"], "yes" if kind["published"] else "no", kind["reason"])
    console.print(table)


def _decisions(decisions: Report, console: Console) -> None:
    table = Table("who", "mail", "reason", "rung", "products", "ms", title="Decisions", title_justify="left")
    for who, each in decisions.items():
        products = "\n".join(each["products"][:3])
        mail = "yes" if each["mail"] else "no"
        table.add_row(who, mail, each["reason"] or "", each["rung"] or "", products, str(each["milliseconds"]))
    console.print(table)


def _purchase(purchase: Report, console: Console) -> None:
    table = Table("before", "after", title=f"Bought {purchase['bought']}", title_justify="left")
    table.add_row("\n".join(purchase["before"]), "\n".join(purchase["after"]))
    console.print(table)
    seconds = purchase["seconds_until_it_left_the_recommendations"]
    console.print(f"It left the recommendations {seconds} s after the purchase was sent.")
