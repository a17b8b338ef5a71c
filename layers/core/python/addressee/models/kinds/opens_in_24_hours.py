"""`opens_in_24_hours`: the chance that a person, not a machine, opens a mail within a day of its sending."""

from addressee.models.propensity import MAIL_LIMITS, SEND_WIDTHS_DAYS, Propensity
from addressee.models.tables import OPENS_24H

KIND = Propensity(
    name=OPENS_24H,
    title="a human open within 24 hours of a mail that is sent now",
    limits=(*MAIL_LIMITS, "Clients that hide opens behind a proxy count as not opened: low for their users."),
    widths_days=SEND_WIDTHS_DAYS,
)
