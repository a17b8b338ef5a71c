"""`Decision`: what was decided for one person in one campaign, and its stored form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from addressee.decisions.eligibility import CONSENT_UNKNOWN
from addressee.decisions.packing import pack, unpack

_encode = json.JSONEncoder(separators=(",", ":")).encode
Rung = Literal["personalised", "segment", "popular", "editorial"]
_WORDS = (
    b"unpersonalisedsegmentpopulareditorialconsent_unknown"
    b'"reason":"scored_earlier","reason":"popular_in_segment","reason":"bought_before","reason":"popular"'
    b'"lapses_in_28_days":0."buys_in_7_days":0."buy_again":"20","discover":"20","buys_in_7_days":"20'
    b'","lapses_in_28_days":"20","rfm_tiers":"20"},"scores":{"buys_in_7_days":0.0,"lapses_in_28_days":0.'
    b'{"subject":"","campaign":"","mail":false,"mail":true,"reason":"eligible","rung":"personalised","arm":"default",'
    b'"arm_propensity":1.0,"template":"digest","slot_ms":17,"products":[{"item_id":"'
    b'","reason":"bought_often","propensity":1.0,"confidence":0.9},{"item_id":"'
    b'","reason":"bought_together_with","propensity":1.0,"confidence":0.}],"decided_at_ms":17,"models":{'
)
"""What records repeat. Never change it: records are read with the very bytes that they were written with."""
_UNSAID: Mapping[str, Any] = {"faults": {}, "send_time": "", "send_propensity": 1.0}
"""Fields that a record leaves out where they hold this: every byte is paid for."""
LADDER: tuple[Rung, ...] = ("personalised", "segment", "popular", "editorial")


class Product(NamedTuple):
    """One product of an answer: why it is there, the probability with which it was chosen, and how sure we are.

    `propensity` is the logged choice probability, 1 for a deterministic ranking. `confidence` lies in [0, 1].
    `because_of` is the product of the person's own that adds the most to this one; empty where no other does.
    """

    item_id: str
    reason: str
    propensity: float
    confidence: float
    because_of: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One record, immutable once it mails.

    `reason` says why there is no mail, or `eligible`. `slot_ms` is when to send, `rung` where the first product stands.
    `scores` are the person's propensities as they were, `models` the versions that spoke, by kind. `faults` names the
    kinds of which a model failed or could not be loaded, with the error: another version spoke, or none. `send_time`
    says why the slot is at its hour: `model`, `usual`, `default` or `explored`; empty where nobody chose one.
    `send_propensity` is the chance that the hour had, below 1 where a model has an hour.
    """

    subject: str
    campaign: str
    mail: bool
    reason: str
    rung: Rung
    arm: str
    arm_propensity: float
    template: str
    slot_ms: int
    products: tuple[Product, ...]
    decided_at_ms: int
    models: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    send_time: str = ""
    send_propensity: float = 1.0

    @property
    def decision_id(self) -> str:
        """The public id: subject and campaign, so one GetItem finds the record."""
        return f"{self.subject}.{self.campaign}"


def to_body(decision: Decision) -> bytes:
    """Write the record as JSON, snake_case, compressed: a record of under 1 KB is one write unit, not two."""
    record = {
        name: getattr(decision, name) for name in Decision.__slots__ if name not in _UNSAID or _said(decision, name)
    }
    record["products"] = [_product(each) for each in decision.products]
    return pack(_encode(record).encode(), _WORDS)


def _product(product: Product) -> dict[str, Any]:
    return {name: value for name, value in zip(Product._fields, product, strict=True) if value != ""}


def _said(decision: Decision, name: str) -> bool:
    return bool(getattr(decision, name) != _UNSAID[name])


def from_body(body: bytes) -> Decision:
    """Read what `to_body` wrote, now or before it packed or compressed; fields of later versions are ignored."""
    stored: dict[str, Any] = json.loads(body if body[:1] == b"{" else unpack(body, _WORDS))
    known = {name: stored[name] for name in Decision.__slots__ if name in stored}
    told = [{name: each[name] for name in Product._fields if name in each} for each in stored["products"]]
    products = tuple(Product(**each) for each in told)
    return Decision(**{**known, "products": products})


def unknown_person(subject: str, campaign: str, *, now_ms: int) -> Decision:
    """Return the answer where nothing can be read of the person: no mail, no products, slot now."""
    return Decision(
        subject=subject,
        campaign=campaign,
        mail=False,
        reason=CONSENT_UNKNOWN,
        rung="editorial",
        arm="default",
        arm_propensity=1.0,
        template="default",
        slot_ms=now_ms,
        products=(),
        decided_at_ms=now_ms,
    )
