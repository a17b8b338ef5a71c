"""`lapses_in_28_days`: the chance that a person who bought in the last 28 days does not buy in the next 28."""

from addressee.models.propensity import Propensity
from addressee.models.tables import LAPSES

KIND = Propensity(
    name=LAPSES,
    title="no order in the next 28 days, of people who ordered in the last 28",
    limits=(
        "Means something only for people who ordered in the last 28 days.",
        "A chance, not a cause: it does not say whom a mail would keep.",
    ),
)
