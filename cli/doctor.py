"""`addressee doctor`: looks whether every part of a deployment answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from addressee.adapters.aws import client
from addressee.adapters.dynamo import error_code
from cli.deployment import Deployment

API_SECONDS = 10.0
TABLES = ("profiles_table", "items_table", "decisions_table", "suppressions_table", "sends_table", "campaigns_table")
UNAUTHORIZED = 401


@dataclass(frozen=True)
class Finding:
    """One part of the deployment and what is wrong with it; an empty trouble is none."""

    part: str
    trouble: str = ""


def examine(deployment: Deployment) -> Iterator[Finding]:
    """Look at each part in turn. Nothing is changed and nothing personal is read."""
    for part, look in _looks(deployment):
        try:
            look()
        except ClientError as error:
            yield Finding(part, error_code(error))
        except (BotoCoreError, urllib3.exceptions.HTTPError, UnexpectedAnswer) as error:
            yield Finding(part, str(error))
        else:
            yield Finding(part)


class UnexpectedAnswer(Exception):
    """A part answers, but not what it should."""


def _looks(deployment: Deployment) -> Iterator[tuple[str, Callable[[], Any]]]:
    names = deployment
    dynamodb, s3, secrets = client("dynamodb"), client("s3"), client("secretsmanager")
    for name in TABLES:
        table = getattr(names, name)
        yield f"table {table}", partial(dynamodb.describe_table, TableName=table)
    for bucket in (names.lake_bucket, names.models_bucket, names.quarantine_bucket, names.emails_bucket):
        yield f"bucket {bucket}", partial(s3.head_bucket, Bucket=bucket)
    stream, learn = names.event_stream, names.learn_arn
    yield f"stream {stream}", lambda: client("kinesis").describe_stream_summary(StreamName=stream)
    yield "secret of keys", lambda: secrets.describe_secret(SecretId=names.keys_secret)
    yield "secret of subjects", lambda: secrets.describe_secret(SecretId=names.subject_secret)
    yield "secret of links", lambda: secrets.describe_secret(SecretId=names.links_secret)
    yield "queue of feedback", lambda: client("sqs").get_queue_attributes(QueueUrl=names.feedback_queue)
    yield "sending", _ask_mail_service
    yield "Learn", lambda: client("stepfunctions").describe_state_machine(stateMachineArn=learn)
    yield f"API {names.api_url}", lambda: _ask_api(names.api_url)


def _ask_mail_service() -> None:
    """Ask SES whether this account may send at all: not where it is paused, and to strangers not from the sandbox."""
    account = client("sesv2").get_account()
    if not account.get("SendingEnabled", True):
        raise UnexpectedAnswer("the account's sending is paused")
    if not account.get("ProductionAccessEnabled", True):
        raise UnexpectedAnswer("the account is in SES's sandbox: mails go to verified addresses only")


def _ask_api(url: str) -> None:
    """Ask a guarded route without a key: a healthy API says 401."""
    answer = urllib3.PoolManager().request("PUT", f"{url}/v1/items", timeout=API_SECONDS, retries=False)
    if answer.status != UNAUTHORIZED:
        raise UnexpectedAnswer(f"PUT /v1/items without a key is answered with {answer.status}, not {UNAUTHORIZED}")
