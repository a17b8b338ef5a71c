"""`clicks_in_72_hours`: the chance that a person, not a machine, clicks in a mail within three days of its sending."""

from addressee.models.propensity import MAIL_LIMITS, SEND_WIDTHS_DAYS, Propensity
from addressee.models.tables import CLICKS_72H

KIND = Propensity(
    name=CLICKS_72H,
    title="a human click within 72 hours of a mail that is sent now",
    limits=MAIL_LIMITS,
    widths_days=SEND_WIDTHS_DAYS,
)
