"""What a caller asks: the body of `POST /v1/decisions` and the paths' parameters, checked field by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from addressee.decisions.campaign import CAMPAIGN_ID
from addressee.profiles.checks import identifier

Use = Literal["buy_again", "discover", "next", "mixed"]
USES: Mapping[str, Use] = {"buy_again": "buy_again", "discover": "discover", "next": "next", "mixed": "mixed"}
MAX_PRODUCTS = 12
MAX_BODY_BYTES = 32 * 1024
MAX_RECOMMENDATIONS = 50
DEFAULT_RECOMMENDATIONS = 10
_COUNT = re.compile(r"[0-9]{1,4}")
_DECISION_ID = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{1,64})")
_SUBJECTS: Mapping[str, Literal["user", "anonymous"]] = {"userId": "user", "anonymousId": "anonymous"}


class InvalidField(Exception):
    """The caller's mistake: which field, and what it must be."""

    def __init__(self, field: str, reason: str) -> None:
        """Say which field and why."""
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Who:
    """A person as callers name one."""

    identifier: str
    kind: Literal["user", "anonymous"] = "user"


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One call for a decision. `products` None: Addressee chooses; else exactly those are ranked and filtered.

    `time_zone` (from `context.timeZone`) counts where the person's own is not known.
    """

    campaign: str
    who: Who
    use: Use = "mixed"
    products: tuple[str, ...] | None = None
    time_zone: str = ""


def read_decision_request(body: object) -> DecisionRequest:
    """Read the JSON body; fields that it does not know are ignored. Raises `InvalidField`."""
    if not isinstance(body, Mapping):
        raise InvalidField("body", "must be a JSON object")
    return DecisionRequest(
        campaign=read_campaign(body.get("campaign")),
        who=_who(body),
        use=read_use(body.get("use")),
        products=_products(body.get("products")),
        time_zone=_time_zone(body.get("context")),
    )


def read_campaign(value: object) -> str:
    """Accept a campaign's id. Raises `InvalidField`."""
    if not isinstance(value, str) or not CAMPAIGN_ID.fullmatch(value):
        raise InvalidField("campaign", "must be 1 to 64 letters, digits, _ or -")
    return value


def read_use(value: object) -> Use:
    """Accept a use of products; none named is `mixed`. Raises `InvalidField`."""
    if value is None:
        return "mixed"
    if not isinstance(value, str) or value not in USES:
        raise InvalidField("use", "must be buy_again, discover, next or mixed")
    return USES[value]


def read_count(value: str | None) -> int:
    """Accept the query's `k`: 1 to 50, 10 where it is absent. Raises `InvalidField`."""
    if value is None:
        return DEFAULT_RECOMMENDATIONS
    if not _COUNT.fullmatch(value) or not 1 <= int(value) <= MAX_RECOMMENDATIONS:
        raise InvalidField("k", f"must be a whole number from 1 to {MAX_RECOMMENDATIONS}")
    return int(value)


def read_who(path_id: str, *, anonymous: str | None) -> Who:
    """Accept the path's id; the query's `anonymous=true` says that it is an anonymous one. Raises `InvalidField`."""
    if (reason := identifier(path_id)) is not None:
        raise InvalidField("id", reason)
    return Who(path_id, "anonymous" if read_flag("anonymous", anonymous) else "user")


def read_flag(name: str, value: str | None) -> bool:
    """Accept a flag of the query, false where it is absent. Raises `InvalidField`."""
    if value not in {None, "true", "false"}:
        raise InvalidField(name, "must be true or false")
    return value == "true"


def read_decision_id(value: str) -> tuple[str, str]:
    """Split a decision's id into subject and campaign. Raises `InvalidField`."""
    match = _DECISION_ID.fullmatch(value)
    if match is None:
        raise InvalidField("decisionId", "must be 32 hex digits, a dot and a campaign")
    return match[1], match[2]


def _who(body: Mapping[str, object]) -> Who:
    named = [name for name in _SUBJECTS if body.get(name) is not None]
    if len(named) != 1:
        raise InvalidField("userId", "name either userId or anonymousId" + (", not both" if named else ""))
    name, value = named[0], body[named[0]]
    if (reason := identifier(value)) is not None:
        raise InvalidField(name, reason)
    return Who(str(value), _SUBJECTS[name])


def _products(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidField("products", "must be a list of item ids")
    if len(value) > MAX_PRODUCTS:
        raise InvalidField("products", f"must hold at most {MAX_PRODUCTS} item ids")
    for index, item_id in enumerate(value):
        if (reason := identifier(item_id)) is not None:
            raise InvalidField(f"products[{index}]", reason)
    return tuple(dict.fromkeys(value))


def _time_zone(context: object) -> str:
    if context is None:
        return ""
    if not isinstance(context, Mapping):
        raise InvalidField("context", "must be an object")
    name = context.get("timeZone", "")
    if not isinstance(name, str):
        raise InvalidField("context.timeZone", "must be a string")
    return name
