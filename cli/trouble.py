"""What can be expected to go wrong in a command, told in one line with exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli.deployment import NotDeployed


@contextmanager
def trouble(*expected: type[Exception]) -> Iterator[None]:
    """Tell of AWS's errors, a deployment that is not found, and what else the command expects, without a trace."""
    known: tuple[type[Exception], ...] = (NotDeployed, ClientError, BotoCoreError, *expected)
    try:
        yield
    except known as error:
        Console(stderr=True, emoji=False).print(f"addressee: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
