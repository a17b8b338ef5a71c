"""What `serve_links` writes, over the wire: preferences and engagements without an SDK, as with botocore."""

import gc
import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from botocore.session import Session

from addressee.adapters import plain_aws
from addressee.adapters.dynamo_people import DynamoPersonStore
from addressee.adapters.link_keys import LinkKeys
from addressee.adapters.secrets import Secret
from addressee.adapters.sqs_feedback import SqsFeedback
from addressee.adapters.wire import Patience
from addressee.emails.engagement import engaged, read_engagement
from addressee.emails.links import Token
from addressee.emails.preferences import Preferences, read_preferences, resubscribe, save, unsubscribe
from addressee.profiles.consent import ConsentChange
from addressee.profiles.traits import Stamp

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # connections live as long as a process
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
TOKEN = Token("p", "0123456789abcdef0123456789abcdef", "spring-2026")
TOPICS = {"news": "News", "recipes": "Recipes"}


@pytest.fixture(autouse=True)
def _let_connections_go() -> Iterator[None]:
    """Drop them here, where the warning about it is expected, not in the midst of another test."""
    gc.freeze()  # what was there before is not looked through
    yield
    gc.collect()
    gc.unfreeze()


@pytest.fixture
def environment(emulator):
    """Point at the emulator."""
    return {**KEYS, "AWS_ENDPOINT_URL": emulator.endpoint}


def botocore_client(service, environment):
    """Make botocore's client for the emulator."""
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    endpoint = environment["AWS_ENDPOINT_URL"]
    return Session().create_client(service, endpoint_url=endpoint, region_name="us-east-1", **credentials)


def test_preferences_are_kept_by_the_plain_client(profiles_table, environment):
    """Leave, come back, turn a topic off, pause and end the pause; each twice."""
    people = DynamoPersonStore(profiles_table.name, plain_aws.dynamodb(Patience(), environment))
    people.apply(TOKEN.subject, consent=[ConsentChange("email", granted=True, stamp=Stamp(1, "a"), proof="form")])

    def stands():
        return read_preferences(TOKEN, people, TOPICS, now_ms=5)

    both = {"news": True, "recipes": True}
    for _ in range(2):
        unsubscribe(TOKEN, people, now_ms=5)
        assert stands() == Preferences(subscribed=False, topics=both, paused_until_ms=0)
    for _ in range(2):
        assert resubscribe(TOKEN, people, now_ms=5)
        assert stands() == Preferences(subscribed=True, topics=both, paused_until_ms=0)
    for _ in range(2):
        assert save(TOKEN, "topics", ["news"], people, TOPICS, now_ms=5)
        assert stands().topics == {"news": True, "recipes": False}
        assert save(TOKEN, "pause", (), people, TOPICS, now_ms=5)
        assert stands().paused_until_ms > 5
    assert save(TOKEN, "resume", (), people, TOPICS, now_ms=5)
    assert stands() == Preferences(subscribed=True, topics={"news": True, "recipes": False}, paused_until_ms=0)


@pytest.mark.parametrize("plain", [True, False])
def test_an_engagement_reaches_the_queue(environment, plain):
    """Put one with either client and receive it; the agent may hold anything."""
    sqs = botocore_client("sqs", environment)
    url = sqs.create_queue(QueueName=f"feedback-{uuid4().hex}")["QueueUrl"]
    made = engaged("click", TOKEN.send_id, at_ms=5, method="GET", user_agent='ü "\\ \U0001f4e7 <&>', link="product-1")
    SqsFeedback(url, plain_aws.sqs(Patience(), environment) if plain else sqs).put(made)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
    assert read_engagement(json.loads(message["Body"])) == made


def test_the_keys_of_links_are_read_by_the_plain_client(environment):
    """Read the secret as the stack generates it."""
    name = f"links-{uuid4().hex}"
    text = json.dumps({"keys": [], "first": "generated"})
    botocore_client("secretsmanager", environment).create_secret(Name=name, SecretString=text)
    keys = LinkKeys(Secret(name, secrets=plain_aws.secrets_manager(Patience(), environment)))
    assert keys.signing() == ("0", b"generated")
