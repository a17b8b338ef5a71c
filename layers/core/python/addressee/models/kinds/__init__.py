"""All model kinds. A new kind is a file here and a line in `KINDS`."""

from addressee.models.kind import Kind
from addressee.models.kinds.buy_again import KIND as BUY_AGAIN
from addressee.models.kinds.buys_in_7_days import KIND as BUYS_IN_7_DAYS
from addressee.models.kinds.discover import KIND as DISCOVER
from addressee.models.kinds.lapses_in_28_days import KIND as LAPSES_IN_28_DAYS
from addressee.models.kinds.rfm_tiers import KIND as RFM_TIERS

KINDS: tuple[Kind, ...] = (BUY_AGAIN, DISCOVER, BUYS_IN_7_DAYS, LAPSES_IN_28_DAYS, RFM_TIERS)


class UnknownKind(Exception):
    """No model kind has this name."""


def kind_of(name: str) -> Kind:
    """Return the kind with this name. Raises `UnknownKind`."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UnknownKind(name)
