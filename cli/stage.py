"""What the demo's steps work with: the deployment, the shop's data, the console, and the figures of this run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from addressee.profiles.packing import unpack
from addressee.profiles.state import State, empty_state
from addressee.profiles.subject import subject_of
from cli.api import Api
from cli.complete_journey import Journey
from cli.deployment import Deployment
from cli.importing import Stores
from cli.report_sources import Reported
from twin.process import Twin


@dataclass
class Stage:
    """The deployment under demonstration; steps put their figures into `report`, under their own names."""

    deployment: Deployment
    api: Api
    stores: Stores
    journey: Journey
    folder: Path
    console: Console
    twin: Twin
    report: dict[str, Any] = field(default_factory=dict)
    last_message: dict[str, str] = field(default_factory=dict)
    """User id -> id of the last message that was sent about the user."""
    results: Reported | None = None
    """What became of the campaign, once it is reported."""

    @cached_property
    def silent(self) -> dict[str, str]:
        """User id -> why the user must not be mailed, for those whose simulated consent is missing."""
        return self.journey.without_consent()

    def subject(self, user_id: str) -> str:
        """Derive the subject under which a user is stored."""
        return subject_of(user_id, kind="user", key=self.stores.key)

    @cached_property
    def _users(self) -> dict[str, str]:
        return {self.subject(user_id): user_id for user_id in self.journey.user_ids()}

    def user_of(self, subject: str) -> str:
        """Return the household behind a subject: the demo knows them all."""
        return self._users[subject]

    def states(self, user_ids: Iterable[str]) -> dict[str, State]:
        """Read the folded states of users."""
        subjects = {self.subject(user_id): user_id for user_id in user_ids}
        rows = self.stores.ports.store.read(subjects)
        return {subjects[row.subject]: unpack(row.packed) if row.packed else empty_state() for row in rows.values()}

    def titles(self, item_ids: Sequence[str]) -> dict[str, str]:
        """Read the titles of items."""
        return {item_id: item.title for item_id, item in self.stores.items.get_many(item_ids).items()}
