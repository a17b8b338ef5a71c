"""The model card: trained on which days, how good beside its baseline and for whom, and what it cannot do."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from addressee.models.card_fairness import fairness_lines
from addressee.models.card_html import card_html, titled
from addressee.models.kind import Kind
from addressee.models.tables import Tables

JSON_FILE = "card.json"
MARKDOWN_FILE = "card.md"
HTML_FILE = "card.html"


def card_files(kind: Kind, tables: Tables, about: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the card as JSON, as Markdown and as a page; `about` is the bundle's metadata and what the test said."""
    known = tables.metadata
    card = {
        "kind": kind.name,
        "predicts": kind.title,
        "as_of": known.as_of,
        "data": {"counts": dict(known.counts), **about["windows"]},
        "recipe": about["recipe"],
        "baseline": about["baseline"],
        "metrics": about["metrics"],
        "decides": kind.metrics[0].name,
        "lower_is_better": [metric.name for metric in kind.metrics if metric.lower_is_better],
        "tested": about["tested"],
        "verdict": about["verdict"],
        "served": "refitted on all days up to fitted_until with the same recipe; the figures are of the test before",
        "features": {"names": about["features"], "hash": about["feature_hash"]},
        "candidates": about.get("candidates", []),
        "reliability": about.get("reliability", []),
        "slices": about.get("slices", []),
        "fairness": about.get("fairness", {}),
        "fairness_before": about.get("fairness_before", {}),
        "mitigated": about.get("mitigated", {}),
        "audit": [finding._asdict() for finding in tables.audit],
        "details": details,
        "limits": list(kind.limits),
        "revision": about["revision"],
    }
    text = "\n".join(_markdown(card)) + "\n"
    as_json = json.dumps(card, indent=1, sort_keys=True) + "\n"
    return {JSON_FILE: as_json.encode(), MARKDOWN_FILE: text.encode(), HTML_FILE: card_html(card).encode()}


def _markdown(card: Mapping[str, Any]) -> Iterator[str]:
    windows = card["data"]
    yield f"# {card['kind']}"
    yield f"\nPredicts: {card['predicts']}. As of {card['as_of']}."
    yield "\n## Data and split\n"
    yield f"- Events from {windows['first_day']} to {windows['fitted_until']}: {_listed(windows['counts'])}."
    yield f"- Recipe chosen on what followed {windows['validation_after']}: {_listed(card['recipe'])}."
    yield (
        f"- Tested once, on what followed {windows['test_after']}, by a model that knew nothing later:"
        f" {_listed(card['tested'])}."
    )
    yield f"- Served: {card['served']}."
    yield f"- Made by revision {card['revision'] or 'unknown'} of the code."
    yield "\n## Figures (95 % bootstrap intervals over people, paired)\n"
    yield f"Baseline: {card['baseline']}. What decides is {card['decides']}.\n"
    yield "| metric | model | baseline | difference |\n|---|---|---|---|"
    for metric, sides in card["metrics"].items():
        direction = " (lower is better)" if metric in card["lower_is_better"] else ""
        yield (
            f"| {metric}{direction} | "
            + " | ".join(_interval(sides[side]) for side in ("model", "rival", "difference"))
            + " |"
        )
    yield f"\nGate: {card['verdict']}."
    yield from _reliability(card["reliability"])
    yield from _slices(card["slices"], card["decides"])
    yield from fairness_lines(card)
    yield from _details(card["details"])
    yield from _features(card["features"])
    yield from _audit(card["audit"])
    yield "\n## Limits\n"
    yield from (f"- {limit}" for limit in card["limits"])


def _reliability(bins: Sequence[Mapping[str, float]]) -> Iterator[str]:
    if bins:
        yield "\n## Calibration in the test (bins of equally many; 95 % Wilson intervals)\n"
        yield "| foretold | happened | rows |\n|---|---|---|"
        yield from (f"| {each['predicted']:.4f} | {_interval(each, 'actual')} | {each['rows']} |" for each in bins)


def _slices(slices: Sequence[Mapping[str, Any]], metric: str) -> Iterator[str]:
    if slices:
        yield f"\n## {metric} by group of people\n"
        yield "| group | questions | model | baseline | difference |\n|---|---|---|---|---|"
        for each in slices:
            sides = " | ".join(_interval(each[side]) for side in ("model", "rival", "difference"))
            yield f"| {each['slice']}: {each['group']} | {each['rows']} | {sides} |"


def _audit(findings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if findings:
        yield "\n## What the audit of the tables found\n"
        yield from (f"- {each['severity']}, {each['check']}: {each['said']}" for each in findings)


def _details(details: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for title, values in details.items():
        yield f"\n## {titled(title)}\n"
        yield from (f"- {name}: {value}" for name, value in values.items())


def _features(features: Mapping[str, Any]) -> Iterator[str]:
    if features["names"]:
        yield "\n## Features\n"
        yield f"{len(features['names'])}, hash {features['hash']}: {', '.join(features['names'])}."


def _interval(numbers: Mapping[str, float], value: str = "value") -> str:
    return f"{numbers[value]:.4f} [{numbers['low']:.4f}, {numbers['high']:.4f}]"


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
