"""`MailRenderer`: a send and what is known of its person to a mail, ready to go; `compose` makes it again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol

from addressee.decisions.decision import Decision
from addressee.decisions.person import Person
from addressee.decisions.ports import Catalogue
from addressee.emails.campaign import Standing
from addressee.emails.links import LinkKey, Links, Unsignable
from addressee.emails.mime import Envelope, Sender, Unmailable, write_mail
from addressee.emails.money import resolve_locale
from addressee.emails.ports import Mail, Rendered, RenderFailed
from addressee.emails.render import Engine, NotRendered, Parts
from addressee.emails.send import Send
from addressee.emails.template import InvalidTemplate, Template
from addressee.emails.values import Known, LinkFacts, Tracking, Values, inputs_of, pack_values, products_of
from addressee.emails.view import pixel, view
from addressee.profiles.items import Item

DAY_MS = 86_400_000
END_OF_BODY = "</body>"
PERSONAL_RUNGS = frozenset({"personalised", "segment"})


class TemplateSource(Protocol):
    """Holds published templates."""

    def get(self, name: str, version: str) -> Template:
        """Return a template. Raises `InvalidTemplate` where there is none such, or its files are others."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation says in every mail. `links_url` is what the link routes hang on."""

    sender: Sender
    postal_address: str
    links_url: str
    tracking: Tracking = "ours"
    default_locale: str = "en_US"


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail's parts and the values that they were made of."""

    parts: Parts
    values: Values


class MailRenderer:
    """The `Renderer`: published templates, the catalogue, signed links and an installation's settings."""

    def __init__(
        self, templates: TemplateSource, catalogue: Catalogue, signing: Callable[[], LinkKey], settings: Settings
    ) -> None:
        """Take what mails are made of; `signing` returns the key that signs links now."""
        self._templates, self._catalogue, self._signing, self._settings = templates, catalogue, signing, settings
        self._engine = Engine()

    def render(self, send: Send, person: Person, standing: Standing, decision: Decision, *, now_ms: int) -> Rendered:
        """Render one mail. Raises `RenderFailed` where no repeat would help."""
        try:
            return self._render(send, person, standing, decision, now_ms)
        except (InvalidTemplate, NotRendered, Unmailable, Unsignable) as error:
            raise RenderFailed(f"{type(error).__name__}: {error}") from error

    def _render(self, send: Send, person: Person, standing: Standing, decision: Decision, now_ms: int) -> Rendered:
        campaign = standing.campaign
        template = self._templates.get(campaign.template, campaign.template_version)
        items = self._items(decision)
        known = Known(
            first_name=person.first_name,
            traits=person.traits,
            products=[(items[each.item_id], each.reason) for each in decision.products if each.item_id in items],
            sender_name=self._settings.sender.name,
            postal_address=self._settings.postal_address,
            campaign=campaign.campaign_id,
        )
        key = self._signing()
        values = self._values(template, send, known, decision, key, now_ms)
        composed = compose(template, values, key, self._engine)
        content, kept = pack_values(composed.values)
        return Rendered(self._mail(composed, send, person, standing, key), content, kept)

    def _items(self, decision: Decision) -> Mapping[str, Item]:
        wanted = [each.item_id for each in decision.products]
        return self._catalogue.get_many(wanted) if wanted else {}

    def _values(  # noqa: PLR0913, PLR0917  # private; what a mail is made of
        self, template: Template, send: Send, known: Known, decision: Decision, key: LinkKey, now_ms: int
    ) -> Values:
        said = self._settings
        return Values(
            template=template.name,
            version=template.version,
            send_id=send.send_id,
            locale=resolve_locale(str(known.traits.get("locale", "")), said.default_locale),
            cold=decision.rung not in PERSONAL_RUNGS,
            link=LinkFacts(said.links_url, key.key_id, now_ms // DAY_MS, said.tracking),
            inputs=inputs_of(template.manifest, known, now_ms=now_ms),
            products=products_of(template.manifest, known),
        )

    def _mail(self, composed: Composed, send: Send, person: Person, standing: Standing, key: LinkKey) -> Mail:
        links, sender, rules = links_of(composed.values, key), self._settings.sender, standing.campaign.rules
        envelope = Envelope(
            sender=sender,
            to=person.address,
            unsubscribe=links.unsubscribe(send.send_id),
            list_id=f"{rules.topic or rules.purpose}.{sender.domain}",
            campaign=send.campaign,
        )
        tags = {"send_id": send.send_id, "campaign": send.campaign}
        return Mail(person.address, write_mail(composed.parts, envelope), tags)


def compose(template: Template, values: Values, key: LinkKey, engine: Engine) -> Composed:
    """Render values; what comes back carries their seal. Raises `NotRendered`, `InvalidTemplate` and `Unsignable`."""
    links = links_of(values, key)
    parts = engine.render(template, view(values, template.manifest, links))
    before, end, after = parts.html.rpartition(END_OF_BODY)
    parts = parts._replace(html=f"{before}{pixel(values, links)}{end}{after}")
    return Composed(parts, replace(values, seal=seal_of(parts)))


def links_of(values: Values, key: LinkKey) -> Links:
    """Return the maker of the mail's links, as it was then."""
    return Links(values.link.base_url, key, values.link.day)


def seal_of(parts: Parts) -> str:
    """Return the first half of the SHA-256 of subject, HTML and text, as hex."""
    return sha256(f"{parts.subject}\x00{parts.html}\x00{parts.text}".encode()).hexdigest()[:32]
