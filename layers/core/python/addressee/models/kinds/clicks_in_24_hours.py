"""`clicks_in_24_hours`: the chance that a person, not a machine, clicks in a mail within a day of its sending."""

from addressee.models.propensity import MAIL_LIMITS, SEND_WIDTHS_DAYS, Propensity
from addressee.models.tables import CLICKS_24H

KIND = Propensity(
    name=CLICKS_24H,
    title="a human click within 24 hours of a mail that is sent now",
    limits=MAIL_LIMITS,
    widths_days=SEND_WIDTHS_DAYS,
)
