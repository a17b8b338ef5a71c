"""The demo's summary: the figures of its report, for people."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Report = Mapping[str, Any]
TITLE = 34
PRODUCTS = 3


def show_summary(report: Report, console: Console) -> None:
    """Print what a run found."""
    console.rule("What happened", align="left")
    _data(report, console)
    _models(report["learn"], console)
    _decisions(report, console)
    _purchase(report["purchase"], console)
    if "send" in report:
        _mails(report, console)
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
    """Print a line for each kind: the deciding figure beside its floor's, and the gain with its 95 % interval."""
    console.print(f"\nLearn, as of {learned['as_of']}, {learned['seconds']} s; gains with 95 % intervals")
    table = _table("kind", "served", "metric", "model", "floor", "gain")
    for kind in learned["kinds"]:
        figures = next(iter(kind["metrics"].items()), None)
        table.add_row(kind["kind"], "yes" if kind["published"] else "no", *(_figures(*figures) if figures else ()))
    console.print(table)
    for kind in learned["kinds"]:
        if not kind["published"]:
            console.print(f"{kind['kind']} is withheld: {kind['reason']}", markup=False)


def _figures(metric: str, sides: Report) -> tuple[str, str, str, str]:
    gain = sides["difference"]
    interval = f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]"
    return metric, f"{sides['model']['value']:.3f}", f"{sides['rival']['value']:.3f}", escape(interval)


def _decisions(report: Report, console: Console) -> None:
    """Print for each person whether to mail, what is known, and the first products with the API's own reasons."""
    console.print("\nDecisions")
    for who, each in report["decisions"].items():
        mail = "mail" if each["mail"] else "no mail"
        console.print(f"\n[bold]{who}[/bold]: {mail} ({each['reason']}), {each['rung']}, {each['milliseconds']} ms")
        if known := _portrait(each["portrait"]):
            console.print(f"  {known}", markup=False)
        table = _table("product", "reason", "confidence")
        for product in each["products"][:PRODUCTS]:
            table.add_row(_title(product), product["reason"], f"{product['confidence']:.2f}")
        console.print(table)
    took = report["decision_milliseconds"]
    console.print(
        f"The first call took {took['first_call']:,} ms: the function started and loaded its models. The"
        f" {took['later_calls']} calls after it took {took['median_of_later_calls']:.0f} ms at the median, through the"
        " emulator's gateway."
    )


def _portrait(portrait: Report) -> str:
    """Put segment and propensities into one line."""
    segments = [f"{kind} {name}" for kind, name in portrait["segments"].items()]
    return ", ".join([*segments, *_scores(portrait["scores"])])


def _scores(scores: Report) -> list[str]:
    """Write chances as they are, and what a person is worth, which is stored in minor units, as an amount."""
    worth = {kind for kind in scores if kind.startswith("value_")}
    return [
        f"{kind} {score / 100:,.0f} $" if kind in worth else f"{kind} {score:.2f}" for kind, score in scores.items()
    ]


def _purchase(purchase: Report, console: Console) -> None:
    """Print the recommendations on both sides of a purchase."""
    console.print(f"\nBought: {_title(purchase['bought'])}", markup=False)
    table = _table("buy again, before", "after")
    for sides in zip_longest(purchase["before"], purchase["after"]):
        table.add_row(*(_title(product) if product else "" for product in sides))
    console.print(table)
    before, after = (", ".join(_scores(purchase[side])) for side in ("scores_before", "scores_after"))
    console.print(f"  {before or 'no scores'} before; {after or 'no scores'} after", markup=False)
    seconds = purchase["seconds_until_it_left_the_recommendations"]
    console.print(f"It left the recommendations {seconds} s after the purchase was sent.")


def _mails(report: Report, console: Console) -> None:
    """Print what was sent, what came back, and what it changed."""
    template, send, engagement = report["template"], report["send"], report["engagement"]
    pause, counts = send["pause"], ", ".join(f"{count:,} {state}" for state, count in send["counts"].items())
    console.print(
        f"\nTemplate {template['name']} {template['version']} was published in {template['seconds']} s. Campaign"
        f" {send['campaign']}: {send['recipients']:,} recipients planned in {send['planned_seconds']} s,"
        f" {send['mails']:,} mails in {send['sent_seconds']} s, a pause among them."
    )
    console.print(
        f"Paused after {pause['mails_when_paused']:,} mails; {pause['claimed_before']} that were claimed before still"
        f" went out, then none until it was resumed. Rows: {counts}."
    )
    console.print(
        f"Simulated: {engagement['people_opened']} people opened, {engagement['people_clicked']} clicked,"
        f" {engagement['people_ordered']} ordered, {engagement['unsubscribed']} unsubscribed;"
        f" {engagement['scanners_followed_all_links_of']} mails were followed by scanners,"
        f" {engagement['privacy_proxies_opened']} opened by privacy proxies."
    )
    console.print("\nThe next campaign")
    for who, decision in report["next_decisions"]["decisions"].items():
        mail = "mail" if decision["mail"] else "no mail"
        console.print(f"  {who}: {mail} ({decision['reason']})", markup=False, highlight=False)


def _title(product: Report) -> str:
    """Shorten a title to `TITLE` characters; the id stands in for a missing one."""
    title = " ".join(str(product["title"] or product["itemId"]).split())
    return escape(title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}")


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table
