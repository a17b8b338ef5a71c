"""The model card: what was trained on which days, how good it is beside its baseline, and what it cannot do."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from addressee.models.kind import Kind
from addressee.models.tables import Metadata

JSON_FILE = "card.json"
MARKDOWN_FILE = "card.md"


def card_files(kind: Kind, known: Metadata, about: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the card as JSON and as Markdown; `about` is the bundle's metadata."""
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
        "details": details,
        "limits": list(kind.limits),
        "revision": about["revision"],
    }
    text = "\n".join(_markdown(card)) + "\n"
    return {JSON_FILE: (json.dumps(card, indent=1, sort_keys=True) + "\n").encode(), MARKDOWN_FILE: text.encode()}


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
    yield from _details(card["details"])
    yield from _features(card["features"])
    yield "\n## Limits\n"
    yield from (f"- {limit}" for limit in card["limits"])


def _details(details: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for title, values in details.items():
        yield f"\n## {title.capitalize()}\n"
        yield from (f"- {name}: {value}" for name, value in values.items())


def _features(features: Mapping[str, Any]) -> Iterator[str]:
    if features["names"]:
        yield "\n## Features\n"
        yield f"{len(features['names'])}, hash {features['hash']}: {', '.join(features['names'])}."


def _interval(numbers: Mapping[str, float]) -> str:
    return f"{numbers['value']:.4f} [{numbers['low']:.4f}, {numbers['high']:.4f}]"


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
