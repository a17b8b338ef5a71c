"""`addressee links`: the keys that sign the links of mails. Rotating adds one; retired keys verify for ever."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from secrets import token_bytes as random_bytes
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from addressee.adapters.link_keys import ACTIVE, RETIRED, states
from addressee.adapters.secrets import Secret
from cli.deployment import find_deployment

ID_BYTES, KEY_BYTES = 2, 32
Document = Mapping[str, Any]

app = typer.Typer(no_args_is_help=True, help="Keys of signed links: one signs, retired ones verify for ever.")
console = Console(emoji=False)


def rotate(document: Document, *, token_bytes: Callable[[int], bytes]) -> tuple[dict[str, Any], str]:
    """Return the document with a new active key, all others retired, and the new key's id (4 hex characters).

    `token_bytes(n)` gives n random bytes. An id is never taken twice, for a key never changes under its id.
    """
    taken = states(document).keys()
    key_id = token_bytes(ID_BYTES).hex()
    while key_id in taken:
        key_id = token_bytes(ID_BYTES).hex()
    retired = [{**each, "state": RETIRED} for each in document.get("keys", ())]
    entry = {"id": key_id, "key": b64encode(token_bytes(KEY_BYTES)).decode(), "state": ACTIVE}
    return {**document, "keys": [*retired, entry]}, key_id


def rotate_in(secret: Secret, *, token_bytes: Callable[[int], bytes] = random_bytes) -> str:
    """Rotate the secret's keys and return the new id. New mails are signed with it within five minutes."""
    document, key_id = rotate(json.loads(secret.text_since(0)), token_bytes=token_bytes)
    secret.replace(json.dumps(document))
    return key_id


@app.command("rotate")
def rotate_now(context: typer.Context) -> None:
    """Sign new mails with a new key; links that are out keep working."""
    key_id = rotate_in(_secret(context))
    console.print(f"{key_id} signs new mails within five minutes; older keys verify for ever")


@app.command("list")
def list_keys(context: typer.Context) -> None:
    """List the keys' ids and states, oldest first; never the keys."""
    table = Table("id", "state")
    for key_id, state in states(json.loads(_secret(context).text())).items():
        table.add_row(key_id, state)
    console.print(table)


def _secret(context: typer.Context) -> Secret:
    return Secret(find_deployment(context.obj).links_secret)
