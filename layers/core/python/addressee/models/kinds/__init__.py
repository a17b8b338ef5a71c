"""All model kinds. A new kind is a file here and a line in `KINDS`."""

from addressee.models.kind import Kind
from addressee.models.kinds.behaviour_segments import KIND as BEHAVIOUR_SEGMENTS
from addressee.models.kinds.buy_again import KIND as BUY_AGAIN
from addressee.models.kinds.buys_in_7_days import KIND as BUYS_IN_7_DAYS
from addressee.models.kinds.clicks_in_24_hours import KIND as CLICKS_IN_24_HOURS
from addressee.models.kinds.clicks_in_72_hours import KIND as CLICKS_IN_72_HOURS
from addressee.models.kinds.discover import KIND as DISCOVER
from addressee.models.kinds.lapses_in_28_days import KIND as LAPSES_IN_28_DAYS
from addressee.models.kinds.next_product import KIND as NEXT_PRODUCT
from addressee.models.kinds.opens_in_24_hours import KIND as OPENS_IN_24_HOURS
from addressee.models.kinds.rfm_tiers import KIND as RFM_TIERS
from addressee.models.kinds.send_hour import KIND as SEND_HOUR
from addressee.models.kinds.uplift_in_14_days import KIND as UPLIFT_IN_14_DAYS
from addressee.models.kinds.value_in_90_days import KIND as VALUE_IN_90_DAYS

KINDS: tuple[Kind, ...] = (
    BUY_AGAIN,
    DISCOVER,
    NEXT_PRODUCT,
    BUYS_IN_7_DAYS,
    LAPSES_IN_28_DAYS,
    CLICKS_IN_24_HOURS,
    CLICKS_IN_72_HOURS,
    OPENS_IN_24_HOURS,
    RFM_TIERS,
    BEHAVIOUR_SEGMENTS,
    VALUE_IN_90_DAYS,
    SEND_HOUR,
    UPLIFT_IN_14_DAYS,
)


class UnknownKind(Exception):
    """No model kind has this name."""


def kind_of(name: str) -> Kind:
    """Return the kind with this name. Raises `UnknownKind`."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UnknownKind(name)
