"""`value_in_90_days`: what a person spends within a quarter."""

from collections.abc import Sequence

from addressee.models.value import Value

LIMITS: Sequence[str] = (
    "A mean, in minor units: of people who are alike most spend less and a few much more.",
    "What people spend on the same course, not what a mail adds; a change of prices or assortment is not foreseen.",
    "Needs a year of orders: a quarter to be tested on, one to choose on, one to learn from, and some history before.",
)
KIND = Value(name="value_in_90_days", title="revenue within 90 days, in minor units", limits=LIMITS)
