"""Ports under watch: something happens before or after the n-th call of a write or read, a crash for instance."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

Hook = Callable[[int, str], None]


class Crash(BaseException):
    """The process died here: no fault that code under test could catch, look into and go on from."""


class Watch:
    """Counts the calls of all ports that it wraps and tells `before` and `after` the number and the name of each."""

    def __init__(self, before: Hook | None = None, after: Hook | None = None) -> None:
        """Start counting at 1."""
        self.calls = 0
        self.names: list[str] = []
        self._before, self._after = before, after

    def ports(self, ports: Any, *names: str) -> Any:  # any dataclass of ports
        """Wrap the named fields of a dataclass of ports."""
        if not is_dataclass(ports) or isinstance(ports, type):
            raise TypeError(type(ports))
        wrapped = {each.name: _Port(getattr(ports, each.name), self) for each in fields(ports) if each.name in names}
        return replace(ports, **wrapped)

    def call(self, name: str, function: Callable[[], Any]) -> Any:
        """Make one call of a port."""
        self.calls += 1
        number = self.calls
        self.names.append(name)
        if self._before:
            self._before(number, name)
        answer = function()
        if self._after:
            self._after(number, name)
        return answer


class _Port:
    def __init__(self, port: object, watch: Watch) -> None:
        self._port, self._watch = port, watch

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)
        return lambda *args, **kwargs: self._watch.call(name, lambda: method(*args, **kwargs))


def crash_at(number: int) -> Hook:
    """Crash at the call of this number."""

    def hook(call: int, name: str) -> None:
        if call == number:
            raise Crash(f"{name} ({number})")

    return hook
