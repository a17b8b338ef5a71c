"""The environment, read once into a typed value; every problem in one error."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

Settings = TypeVar("Settings")


class InvalidSettings(Exception):
    """The environment lacks a variable or holds a value of the wrong type; the message names all of them."""


def read_settings(kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """Read the dataclass `kind` from `environment`; field `profiles_table` is variable `PROFILES_TABLE`.

    Fields are `str`, `int` or `float`; a field with a default may be absent. Raises `InvalidSettings`, which names
    every missing or malformed variable at once.
    """
    types = get_type_hints(kind)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in fields(kind):  # type: ignore[arg-type]  # a TypeVar cannot be bound to "is a dataclass"
        variable = field.name.upper()
        text = environment.get(variable)
        if text is None:
            if field.default is MISSING:
                problems.append(f"{variable} is missing")
            continue
        try:
            values[field.name] = types[field.name](text)
        except ValueError:
            problems.append(f"{variable} must be {types[field.name].__name__}")
    if problems:
        raise InvalidSettings("; ".join(problems))
    return kind(**values)
