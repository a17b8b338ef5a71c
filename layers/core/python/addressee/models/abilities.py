"""What some kinds can do besides `kind.Kind`: `train` asks for it where it is there."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from addressee.models.kind import Fitted, Kind, Recipe
from addressee.models.tables import Tables


@runtime_checkable
class Following(Protocol):
    """A kind whose model goes on from the one before, so that what people are called changes no more than they do."""

    def following(self, former: Fitted) -> Kind:
        """Return the kind that goes on from this model; it may be of other tables and other features."""
        ...


@runtime_checkable
class Tiered(Protocol):
    """A kind whose probabilities fall into tiers."""

    def tiered(self, tiers: Mapping[str, float]) -> Kind:
        """Return the kind with an installation's least probabilities of each tier."""
        ...


@runtime_checkable
class Layered(Protocol):
    """A kind with recipes that only put into another order what a plainer one of them finds."""

    def below(self, recipe: Recipe) -> Recipe | None:
        """Return the plainer recipe, which comes before it in `recipes`; None where it stands on its own."""
        ...


@runtime_checkable
class Sparing(Protocol):
    """A kind with recipes that only some tables give something to work on."""

    def idle(self, recipe: Recipe, tables: Tables, *, until: int) -> str:
        """Return why a recipe would fit what a plainer one fits, by what was known at the end of `until`; else ''."""
        ...
