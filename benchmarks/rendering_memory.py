"""What a mail is made from, in memory: rows as they are stored, models, one published template."""

from collections.abc import Mapping, Sequence

from addressee.decisions.champions import Champions, champions_of, open_champion
from addressee.decisions.decision import Decision, to_body
from addressee.emails.template import Template
from addressee.profiles.items import Item, item_of
from benchmarks.serving_world import World


class Memory:
    """A world's items, models and no decisions yet: every record is written out, none is kept."""

    def __init__(self, world: World) -> None:
        """Open the models."""
        self._items = world.items
        self._champions = champions_of(
            {each.kind: (each.version, open_champion(each.kind, each.files)) for each in world.bundles}
        )

    def get(self, subject: str, campaign: str) -> None:
        """Find no decision."""
        del subject, campaign

    def put_once(self, decision: Decision, *, content: str = "", values: bytes = b"") -> Decision:
        """Write a record out."""
        del content, values
        to_body(decision)
        return decision

    def keep_values(self, subject: str, campaign: str, content: str, values: bytes) -> None:
        """Take values."""
        del subject, campaign, content, values

    def get_many(self, item_ids: Sequence[str]) -> Mapping[str, Item]:
        """Read items of their rows."""
        return {item_id: item_of(self._items[item_id]) for item_id in item_ids}

    def current(self) -> Champions:
        """Return the models."""
        return self._champions


class Published:
    """One published template."""

    def __init__(self, template: Template) -> None:
        """Hold it."""
        self._template = template

    def get(self, name: str, version: str) -> Template:
        """Return it, whatever it is called."""
        del name, version
        return self._template
