"""What becomes of an answer when a model raises: a challenger gives way to its champion, a champion to nobody."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from addressee.decisions.champions import Champion, Champions

Answer = TypeVar("Answer")


class ModelFailed(Exception):
    """A model raised; `kind` says which, `fault` names the error."""

    def __init__(self, kind: str, fault: str) -> None:
        """Say which model and how it failed."""
        super().__init__(f"{kind}: {fault}")
        self.kind, self.fault = kind, fault


class Watched:
    """A model whose every fault becomes a `ModelFailed`."""

    def __init__(self, kind: str, model: Champion) -> None:
        """Watch one model."""
        self._kind, self._model = kind, model

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the model has
        """Return the model's attribute; a method that raises says whose it is."""
        found = getattr(self._model, name)
        if not callable(found):
            return found

        def watched(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            try:
                return found(*given, **named)
            except Exception as error:
                raise ModelFailed(self._kind, type(error).__name__) from error

        return watched


def answer_with(champions: Champions, subject: str, ask: Callable[[Champions], Answer]) -> Answer:
    """Ask the models that a person gets; one that raises is replaced, and `faults` of what `ask` hears next names it.

    `ask` has no effects: after a fault it is called again. Only then is each model watched, so that nearly every call
    pays nothing. What no model raised is raised again.
    """
    mine = champions.of(subject)
    try:
        return ask(mine)
    except Exception:  # noqa: BLE001  # a model may fail in any way; what something else raised, it raises again below
        return _ask_watched(champions, mine, ask)


def _ask_watched(champions: Champions, mine: Champions, ask: Callable[[Champions], Answer]) -> Answer:
    """Each turn takes one version of one kind out, so that there is an end."""
    while True:
        watched: Any = {kind: (version, Watched(kind, model)) for kind, (version, model) in mine.models().items()}
        try:
            return ask(mine.exchanged(watched))
        except ModelFailed as failed:
            kind = failed.kind
            champion = champions.models().get(kind)
            rest = None if champion == mine.models()[kind] else champion
            mine = replace(mine.exchanged({kind: rest}), faults={**mine.faults, kind: failed.fault})
