"""The public JSON of decisions, products and scores: camelCase, times in ISO 8601, UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from addressee.decisions.decision import Decision, Product
from addressee.decisions.portrait import Portrait
from addressee.decisions.request import Use

OF_ITSELF = frozenset({"bought_often", "bought_before"})
"""Reasons of products that are there because the person bought them before."""


def decision_json(decision: Decision, *, recorded: bool) -> dict[str, Any]:
    """Write the answer of `POST /v1/decisions` and `GET /v1/decisions/{decisionId}`; no subject: no id."""
    return {
        "decisionId": decision.decision_id if decision.subject else None,
        "campaign": decision.campaign,
        "mail": decision.mail,
        "reason": decision.reason,
        "rung": decision.rung,
        "arm": decision.arm,
        "template": decision.template,
        "slot": datetime.fromtimestamp(decision.slot_ms // 1000, UTC).isoformat().removesuffix("+00:00") + "Z",
        "sendTime": decision.send_time or None,
        "products": products_json(decision.products),
        "models": dict(decision.models),
        "recorded": recorded,
    }


def recommendations_json(decision: Decision, use: Use) -> dict[str, Any]:
    """Write the answer of `GET /v1/users/{id}/recommendations`."""
    return {
        "use": use,
        "rung": decision.rung,
        "products": products_json(decision.products),
        "models": dict(decision.models),
    }


def scores_json(
    portrait: Portrait, versions: dict[str, str], as_of: str, explanations: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Write the answer of `GET /v1/users/{id}/scores`; `asOf` is the day of the last scoring run, or null.

    `explanations` (in JSON's form) are there where they were asked for, `hours` of the week where a timer has some.
    """
    said: dict[str, Any] = {} if explanations is None else {"explanations": explanations}
    if portrait.hours:
        said["hours"] = {kind: list(hours) for kind, hours in portrait.hours.items()}
    return {
        **said,
        "scores": dict(portrait.scores),
        "segments": dict(portrait.segments),
        "models": versions,
        "asOf": as_of or None,
    }


def products_json(products: Sequence[Product]) -> list[dict[str, Any]]:
    """Write products in their order; `becauseOf` is the product of the person's own that counts most, or null."""
    return [
        {
            "itemId": each.item_id,
            "reason": each.reason,
            "propensity": each.propensity,
            "confidence": each.confidence,
            "becauseOf": each.item_id if each.reason in OF_ITSELF else each.because_of or None,
        }
        for each in products
    ]
