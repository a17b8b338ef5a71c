"""A small template, the digest of the repository, and what a mail is made from, for the tests of templates."""

from functools import cache
from pathlib import Path

from addressee.decisions.campaign import Campaign
from addressee.decisions.decision import Decision, Product, unknown_person
from addressee.decisions.person import Person
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.compose import MailRenderer, Settings
from addressee.emails.links import LinkKey
from addressee.emails.mime import Sender
from addressee.emails.send import Send
from addressee.emails.template import InvalidTemplate, Manifest, Template, Text, template_of, to_files
from addressee.profiles.items import Item
from cli.templates import build

SUBJECT = "0123456789abcdef0123456789abcdef"
NOW_MS = 1_767_225_600_000
KEY = LinkKey("k1", b"a key of a test")
DIGEST = Path(__file__).resolve().parents[3] / "templates" / "digest"
NEEDED = {"unsubscribe_url": "url", "preferences_url": "url", "postal_address": "text"}
FOOT = (
    '<p><a href="{{ preferences_url }}">Preferences</a> <a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
    "<p>{{ postal_address }}</p>"
)
TEXT = "{{ preferences_url }}\n{{ unsubscribe_url }}\n{{ postal_address }}\n"


def page(body):
    """Write a whole HTML source around a body."""
    return f'<html lang="en"><head><title>{{{{ subject }}}}</title></head><body>{body}{FOOT}</body></html>'


def template(body="<p>Hello</p>", *, text=TEXT, inputs=None, subject="News", preheader="A line", **given):
    """Make a template that keeps the contract, unless the test says otherwise."""
    manifest = Manifest(
        "tiny",
        subject,
        preheader,
        inputs={**NEEDED, **(inputs or {})},
        texts={name: Text(*said) for name, said in given.pop("texts", {}).items()},
        **given,
    )
    return template_of(to_files(manifest, page(body), text))


@cache
def digest():
    """Compile the digest."""
    return build(DIGEST).template


class InMemoryTemplates:
    """A `TemplateSource`."""

    def __init__(self, *templates: Template) -> None:
        """Publish some."""
        self._templates = {(each.name, each.version): each for each in templates}

    def get(self, name, version):
        """Return a template; unknown ones raise."""
        if (name, version) not in self._templates:
            raise InvalidTemplate(name)
        return self._templates[name, version]


class Shelf:
    """A catalogue."""

    def __init__(self, *items: Item) -> None:
        """Put items on it."""
        self._items = {each.item_id: each for each in items}

    def get_many(self, item_ids):
        """Read items."""
        return {each: self._items[each] for each in item_ids if each in self._items}


MILK = Item("milk", "Oat milk", "Drinks", 249, "EUR", url="https://shop.example.com/milk?a=1", image="")
BREAD = Item(
    "bread", "Sourdough", "Bakery", 380, "EUR", url="https://shop.example.com/b", image="https://img.example.com/b.jpg"
)
PERSON = Person(SUBJECT, address="ada@example.com", first_name="Ada", traits={"locale": "de-AT"})
SETTINGS = Settings(Sender("Example Shop", "news@example.com"), "1 Example Street, Exampleton", "https://l.example.com")


def decision(*products, rung="personalised"):
    """Decide for (item id, reason) pairs."""
    chosen = tuple(Product(item_id, reason, 1.0, 0.5) for item_id, reason in products)
    return Decision(
        **{
            **{name: getattr(unknown_person(SUBJECT, "spring", now_ms=NOW_MS), name) for name in Decision.__slots__},
            "mail": True,
            "rung": rung,
            "products": chosen,
        }
    )


def standing(template, **rules):
    """Make a running campaign of a template."""
    return Standing(
        EmailCampaign("spring", Campaign("spring", **rules), template.name, template.version, NOW_MS, NOW_MS + 1, 0)
    )


SEND = Send(SUBJECT, "spring", "queued")


def renderer(*templates, items=(MILK, BREAD), settings=SETTINGS, key=KEY):
    """Make a renderer over memory."""
    return MailRenderer(InMemoryTemplates(*templates), Shelf(*items), lambda: key, settings)


def rendered(template, person=PERSON, products=(("milk", "bought_often"),), *, rung="personalised", **given):
    """Render one mail."""
    made = renderer(template, **given)
    return made.render(SEND, person, standing(template), decision(*products, rung=rung), now_ms=NOW_MS)
