"""`buys_in_7_days`: the chance that a person orders within a week."""

from addressee.models.propensity import Propensity
from addressee.models.tables import BUYS

KIND = Propensity(
    name=BUYS,
    title="orders within 7 days",
    limits=(
        "A chance, not a cause: who would buy anyway scores high; it does not say whom a mail changes.",
        "Trained on whole weeks; a holiday week has another base rate.",
    ),
)
