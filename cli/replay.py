"""`addressee decisions replay`: subject, HTML and text of a past mail, rebuilt byte for byte from its records."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.dynamo_sends import DynamoSendStore
from addressee.adapters.link_keys import LinkKeys
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.s3_templates import S3Templates
from addressee.adapters.secrets import Secret
from addressee.decisions.request import InvalidField, read_decision_id
from addressee.emails.compose import TemplateSource, compose
from addressee.emails.links import LinkKey, Unsignable
from addressee.emails.ports import SendKey
from addressee.emails.render import Engine, NotRendered
from addressee.emails.send import Send
from addressee.emails.template import InvalidTemplate
from addressee.emails.values import DamagedValues, unpack_values
from cli.deployment import NotDeployed, find_deployment

console = Console(emoji=False)


class NotReplayed(Exception):
    """A mail cannot be rebuilt, or not to the byte; the message says why."""


@dataclass(frozen=True)
class Replayed:
    """What people saw of a mail."""

    subject: str
    html: str
    text: str


class Sends(Protocol):
    """Reads rows of sends."""

    def get(self, key: SendKey) -> Send | None:
        """Read a row, or None."""
        ...


class KeptValues(Protocol):
    """Reads the values that were kept beside a decision."""

    def kept_values(self, subject: str, campaign: str, content: str) -> bytes | None:
        """Read the values of one mail, or None."""
        ...


@dataclass(frozen=True)
class Records:
    """Where a mail's records lie. `key` finds a key that signs links, retired ones too."""

    sends: Sends
    decisions: KeptValues
    templates: TemplateSource
    key: Callable[[str], bytes | None]


def replay(decision_id: str, records: Records) -> Replayed:
    """Rebuild a mail and prove by its seal that it is the one that went out. Raises `NotReplayed`.

    Raises `InvalidField` where `decision_id` can be none.
    """
    subject, campaign = read_decision_id(decision_id)
    send = records.sends.get(SendKey(subject, campaign))
    if send is None or not send.content:
        raise NotReplayed(f"no mail was made for {decision_id}")
    kept = records.decisions.kept_values(subject, campaign, send.content)
    if kept is None:
        raise NotReplayed(f"the values {send.content} of {decision_id} are gone")
    try:
        return _rebuilt(send.content, kept, records)
    except (DamagedValues, InvalidTemplate, NotRendered, Unsignable) as error:
        raise NotReplayed(f"{decision_id}: {error}") from error


def _rebuilt(content: str, kept: bytes, records: Records) -> Replayed:
    values = unpack_values(content, kept)
    secret = records.key(values.link.key_id)
    if secret is None:
        raise NotReplayed(f"the key {values.link.key_id} that signed the mail's links is gone")
    template = records.templates.get(values.template, values.version)
    again = compose(template, values, LinkKey(values.link.key_id, secret), Engine())
    if again.values.seal != values.seal:
        raise NotReplayed("what is rendered now differs from what was sent: other versions of Jinja2 or Babel")
    return Replayed(again.parts.subject, again.parts.html, again.parts.text)


def replay_command(
    context: typer.Context,
    decision_id: str,
    out: Annotated[Path | None, typer.Option(help="A folder for subject.txt, mail.html and mail.txt.")] = None,
) -> None:
    """Rebuild a past mail byte for byte; without a folder its subject and text are printed."""
    try:
        replayed = replay(decision_id, _records(context))
    except (NotReplayed, NotDeployed, InvalidField, ClientError, BotoCoreError) as error:
        Console(stderr=True, emoji=False).print(f"addressee: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    if out is None:
        console.print(f"{replayed.subject}\n\n{replayed.text}", markup=False, highlight=False, soft_wrap=True)
        return
    write_replayed(replayed, out)
    console.print(f"wrote {out}", soft_wrap=True)


def write_replayed(replayed: Replayed, folder: Path) -> None:
    """Write a mail's parts into a folder, as bytes: no line end changes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, said in (("subject.txt", replayed.subject), ("mail.html", replayed.html), ("mail.txt", replayed.text)):
        (folder / name).write_bytes(said.encode())


def _records(context: typer.Context) -> Records:
    deployment = find_deployment(context.obj)
    return Records(
        sends=DynamoSendStore(deployment.sends_table),
        decisions=DynamoDecisionStore(deployment.decisions_table),
        templates=S3Templates(S3Bucket(deployment.emails_bucket)),
        key=LinkKeys(Secret(deployment.links_secret)).find,
    )
