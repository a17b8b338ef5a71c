"""Fairness as a card tells it: rows of groups and gaps, for Markdown and for the page."""

from collections.abc import Iterator, Mapping
from typing import Any

RATES = {
    "selected": "share of yes",
    "true_positive": "of those who did it",
    "false_positive": "of those who did not",
    "calibration": "mean chance less rate",
}
GAPS = {
    "demographic_parity": "demographic parity difference",
    "equal_opportunity": "equal opportunity difference",
}
MEANING = (
    "A yes is a probability from the tuned threshold on. Intervals: 95 % bootstrap over people; a largest difference is"
    " above 0 by chance alone, so that its size matters, not its sign. Groups of under 50 people are not compared."
)


def group_rows(trait: Mapping[str, Any]) -> Iterator[list[str]]:
    """Give a row of cells for each group: its name, its people, the rates with intervals."""
    for name, told in trait["groups"].items():
        yield [name, str(told["people"]), *(interval_words(told[rate]) for rate in RATES)]


def gap_rows(card: Mapping[str, Any], trait: str) -> Iterator[list[str]]:
    """Give a row of cells for each gap: its name, its size, and what it was before the mitigation, if there was one."""
    before = card["fairness_before"].get(trait, {}).get("gaps")
    for name, gap in card["fairness"][trait]["gaps"].items():
        was = [] if before is None else [interval_words(before[name])]
        yield [GAPS[name], interval_words(gap), *was]


def interval_words(told: Mapping[str, float]) -> str:
    """Write a figure with its interval, or that too few tell."""
    return f"{told['value']:.3f} [{told['low']:.3f}, {told['high']:.3f}]" if told else "too few"


def mitigated_rows(card: Mapping[str, Any]) -> Iterator[list[str]]:
    """Give a row of cells for each metric: with and without the mitigation, and what it costs or brings."""
    for metric, sides in card["mitigated"].items():
        yield [metric, *(interval_words(sides[side]) for side in ("model", "rival", "difference"))]


def fairness_lines(card: Mapping[str, Any]) -> Iterator[str]:
    """Give the section in Markdown, nothing where no trait is configured or the model gives no yes."""
    if not card["fairness"]:
        return
    yield f"\n## Fairness\n\n{MEANING}"
    for trait, told in card["fairness"].items():
        yield f"\n### {trait}\n\nVerdict: {told['verdict']}.\n"
        if told["groups"]:
            yield _row(["group", "people", *RATES.values()])
            yield _row(["---"] * (2 + len(RATES)))
            yield from map(_row, group_rows(told))
        yield from (f"\n- {row[0]}: {row[1]}{_before(row)}" for row in gap_rows(card, trait))
        if told["too_few"]:
            yield f"\nNot compared: {', '.join(f'{name} ({people})' for name, people in told['too_few'].items())}."
    if card["mitigated"]:
        yield f"\n### What the mitigation ({card['recipe'].get('mitigate', '')}) changes\n"
        yield _row(["metric", "with", "without", "difference"])
        yield _row(["---"] * 4)
        yield from map(_row, mitigated_rows(card))


def _before(row: list[str]) -> str:
    return f", before the mitigation {row[2]}" if len(row) > len(("gap", "size")) else ""


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
