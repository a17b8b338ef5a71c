"""One campaign whose mails several tests look at: people with products and without, a long name, rows, mails."""

from collections.abc import Mapping
from dataclasses import dataclass

from addressee.emails.send import Send
from tests.e2e.inbox import Mail, letter
from tests.e2e.mailing import Crowd, Mailing, Recipient
from tests.e2e.products import name, put_items, suggest

NAME = "Zoë-Ángela Ødegård-Ťažký-Żółć"


@dataclass(frozen=True)
class Sent:
    """A campaign of four: somebody with products and a long name, somebody of whom nothing is known, and two more.

    Those two have products as well; nobody but the report's test fetches their links.
    """

    campaign: str
    crowd: Crowd
    rows: Mapping[str, Send]
    mails: Mapping[str, Mail]
    items: Mapping[str, str]
    """Item id -> its address in the shop."""

    @property
    def known(self) -> Recipient:
        """Who has products."""
        return self.crowd.recipients[0]

    @property
    def stranger(self) -> Recipient:
        """Who has none."""
        return self.crowd.recipients[1]

    @property
    def followed(self) -> list[Mail]:
        """The mails whose links any test may fetch."""
        return [self.mails[who.subject] for who in (self.known, self.stranger)]


def send_to_four(mailing: Mailing) -> Sent:
    """Send the campaign, and wait until SES told of every mail."""
    crowd = mailing.gather("known", "stranger", "buyer", "scanned")
    items = put_items(mailing.stack)
    name(mailing.stack, crowd.recipients[0], NAME)
    for who in (crowd.recipients[0], *crowd.recipients[2:]):
        suggest(mailing.stack, crowd, who, list(items))
    campaign = mailing.plan(crowd)
    mailing.dispatch()
    rows = mailing.settled(campaign, crowd)
    mails = {who.subject: letter(mailing, campaign, who) for who in crowd.recipients}
    return Sent(campaign, crowd, rows, mails, items)
