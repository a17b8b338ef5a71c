"""The report as one static page: no script, nothing from elsewhere, light and dark, printable."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from addressee.feedback.figures import Engaged, Results, Segment
from addressee.feedback.holdout import LEAST_BUYERS, LEAST_PEOPLE, MISMATCH, MOST_SKEWNESS, Comparison
from addressee.feedback.intervals import Estimate
from addressee.profiles.state import DAY_MS
from cli.report_sources import Reported
from cli.report_words import amount, day, findings, limits, money, percent, points, rate

PAGES = Path(__file__).parent / "pages"
ENVIRONMENT = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
Values = dict[str, Any]
LEAST_IN_FOREST = 30
"""A segment with fewer people in a group is left out of the plot: its interval would fill it and say nothing."""
MARGIN = 0.04
"""What the forest plot leaves free at its sides, of its width."""


def css(*names: str) -> str:
    """Read style sheets, for a page to hold them."""
    return "\n".join((PAGES / name).read_text(encoding="utf-8") for name in names)


def write_page(reported: Reported, folder: Path, *, simulated: bool) -> Path:
    """Write `index.html` into a folder, which is made; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(report_page(reported, simulated=simulated), encoding="utf-8")
    return path


def report_page(reported: Reported, *, simulated: bool) -> str:
    """Render the page."""
    standing, results, without_row = reported
    campaign, scope = standing.campaign, results.scope
    segment = campaign.segment
    return ENVIRONMENT.get_template("report.html.jinja").render(
        css=Markup(css("page.css", "report.css")),  # noqa: S704  # our own files
        campaign=scope.campaign,
        **{"from": day(scope.start_ms), "until": day(scope.until_ms)},
        audience=f"Segment {segment[1]} ({segment[0]})" if segment else "Everybody with consent",
        template=campaign.template,
        simulated=simulated,
        running=scope.until_ms < campaign.end_ms + scope.window_ms,
        window_days=scope.window_ms // DAY_MS,
        segments_as_of=scope.segments_as_of,
        without_row=without_row,
        outcomes=[{"state": each.state, "reason": each.reason, "rows": f"{each.rows:,}"} for each in results.outcomes],
        limits=limits(results, standing, simulated=simulated),
        footer=f"Figures until {day(scope.until_ms)}; as JSON: addressee report {scope.campaign} --json",
        **_headlines(results),
        **_machines(results),
        **_holdout(results.comparison, results),
        **_rules(),
    )


def _rules() -> Values:
    return {
        "least_people": LEAST_PEOPLE,
        "least_buyers": LEAST_BUYERS,
        "most_skewness": MOST_SKEWNESS,
        "mismatch": MISMATCH,
    }


def _headlines(results: Results) -> Values:
    comparison = results.comparison
    verdicts = (comparison.conversion_verdict, comparison.revenue_verdict) if comparison else ()
    return {
        "cards": _cards(results),
        "findings": findings(comparison),
        "concludes": any(each.finding != "no_conclusion" for each in verdicts),
        "steps": _steps(results),
        "unhappy": _unhappy(results),
        "sales": _sales(results),
        "segments": [_segment(each, results.money.currency) for each in results.segments],
    }


def _cards(results: Results) -> list[Values]:
    funnel, rates, paid, comparison = results.funnel, results.rates, results.money, results.comparison
    incremental = comparison.incremental if comparison else None
    shown = (
        ("Human open rate", rate(rates.opened)),
        ("Human click rate", rate(rates.clicked)),
        ("Revenue a mail", amount(paid.revenue_per_mail, paid.currency)),
        ("Incremental revenue", amount(incremental, paid.currency, sign=True)),
    )
    out = f"of {funnel.went_out:,} that went out"
    first = {"title": "Delivered", "value": f"{funnel.delivered:,}", "under": out}
    cards = [first, *({"title": title, "value": span.value, "under": span.interval} for title, span in shown)]
    if comparison and comparison.revenue_verdict.finding == "no_conclusion":
        cards[-1]["under"] = "; ".join(filter(None, (cards[-1]["under"], "no conclusion")))
    return cards


def _steps(results: Results) -> list[Values]:
    funnel = results.funnel
    titles = {
        "Assigned to mail": funnel.assigned,
        "Mail went out": funnel.went_out,
        "Delivered": funnel.delivered,
        "Opened": funnel.opened,
        "Clicked": funnel.clicked,
        "Bought after a click": funnel.bought,
    }
    before = None
    steps = []
    for title, people in titles.items():
        share = "" if before is None else f"{percent(people / before if before else 0.0)} of those"
        width = round(100 * people / funnel.assigned, 2) if funnel.assigned else 0
        steps.append({"title": title, "people": f"{people:,}", "share": share, "width": width})
        before = people
    return steps


def _unhappy(results: Results) -> str:
    left, spam = rate(results.rates.unsubscribed), rate(results.rates.complained)
    if not left.interval:
        return ""
    return f"Unsubscribed: {left.value} ({left.interval}). Complained: {spam.value} ({spam.interval})."


def _sales(results: Results) -> list[Values]:
    paid = results.money
    titles = {
        "After a click in this mail": paid.credited,
        "After an open of it, no click": paid.opened_only,
        "After a later click elsewhere": paid.elsewhere,
        "After neither": paid.uncredited,
    }
    return [
        {"title": title, "orders": f"{each.orders:,}", "revenue": money(each.revenue_minor_units, paid.currency)}
        for title, each in titles.items()
    ]


def _segment(segment: Segment, currency: str) -> Values:
    return {
        "kind": segment.kind,
        "name": segment.name.replace("_", " "),
        "people": f"{segment.people:,}",
        "delivered": f"{segment.delivered:,}",
        "clicks": rate(segment.click_rate),
        "revenue": amount(segment.revenue_per_mail, currency),
    }


def _machines(results: Results) -> Values:
    rates = results.rates
    said = "Nothing was delivered yet."
    if rates.opened and rates.opened_with_machines:
        said = (
            f"Had every fetch counted, the open rate would read {percent(rates.opened_with_machines.value)}; people"
            f" opened {percent(rates.opened.value)}."
        )
    bars = [_bar("Opens", results.engaged["open"]), _bar("Clicks", results.engaged["click"])]
    return {"machines": bars, "inflated": said}


def _bar(title: str, engaged: Mapping[str, Engaged]) -> Values:
    every = sum(each.times for each in engaged.values())
    parts = [
        {
            "label": label,
            "width": round(100 * each.times / every, 2) if every else 0,
            "text": f"{label}: {each.times:,}, of {each.people:,} people",
        }
        for label, each in engaged.items()
    ]
    return {"title": f"{title}: {every:,}", "parts": parts}


def _holdout(comparison: Comparison | None, results: Results) -> Values:
    """Lay out the comparison; without one the section is left out."""
    if comparison is None:
        return {"groups": []}
    currency = results.money.currency
    sides = {"Assigned to mail": comparison.assigned, "Held out": comparison.held_out}
    groups = [
        {
            "title": title,
            "people": f"{group.people:,}",
            "buyers": f"{group.buyers:,}",
            "share": percent(group.bought.value),
            "spent": money(group.spend.mean, currency),
        }
        for title, group in sides.items()
    ]
    held = comparison.held_out.people / (comparison.assigned.people + comparison.held_out.people)
    drawn = f"Drawn: {percent(results.scope.holdout_share)} to be held out, {percent(held)} were"
    return {
        "groups": groups,
        "differences": [
            {"title": "Difference in buyers", "span": points(comparison.conversion)},
            {"title": "In spending, a person", "span": amount(comparison.revenue, currency, sign=True)},
            {"title": "In revenue, all people", "span": amount(comparison.incremental, currency, sign=True)},
        ],
        "draw": f"{drawn}; chance alone gives such a gap with p = {comparison.ratio_p:.2f}.",
        **_forest(comparison, results.segments),
    }


def _forest(comparison: Comparison, segments: Iterable[Segment]) -> Values:
    """Place the intervals between 0 and 100, 0 points always in sight."""
    compared = [(each.name.replace("_", " "), each.comparison) for each in segments if each.comparison]
    large = [each for each in compared if min(each[1].assigned.people, each[1].held_out.people) >= LEAST_IN_FOREST]
    named = [("Everybody", comparison), *large]
    rows = [(title, each, each.conversion) for title, each in named if each.conversion]
    low = min([0.0, *(estimate.low for *_, estimate in rows)])
    high = max([0.0, *(estimate.high for *_, estimate in rows)])
    spare = (high - low or 1.0) * MARGIN
    low, high = low - spare, high + spare

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    return {
        "forest": [_forest_row(title, each, estimate, place) for title, each, estimate in rows],
        "zero": place(0.0),
        "left_out": len(compared) - len(large),
        "least_in_forest": LEAST_IN_FOREST,
        "scale": {"low": _points(low), "high": _points(high)},
    }


def _forest_row(title: str, comparison: Comparison, estimate: Estimate, place: Callable[[float], float]) -> Values:
    sides = f"{comparison.assigned.people:,} and {comparison.held_out.people:,} people"
    ends = {"low": place(estimate.low), "at": place(estimate.value), "high": place(estimate.high)}
    return {"title": title, "people": sides, "said": points(estimate), **ends}


def _points(value: float) -> str:
    return points(Estimate(value, value, value)).value
