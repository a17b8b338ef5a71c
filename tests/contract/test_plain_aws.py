"""The send path's clients: on the emulator they do what botocore's do, on a faulty server they repeat what they may."""

import gc
import json
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from uuid import uuid4

import pytest
from botocore.session import Session

from addressee.adapters import plain_aws
from addressee.adapters.dynamo import error_code, to_item
from addressee.adapters.dynamo_decisions import DynamoDecisionStore
from addressee.adapters.dynamo_items import DynamoItemStore
from addressee.adapters.dynamo_persons import DynamoPeople
from addressee.adapters.dynamo_suppressions import DynamoSuppressions
from addressee.adapters.s3 import S3Bucket
from addressee.adapters.wire import Patience
from addressee.profiles.items import ItemChange
from addressee.profiles.packing import pack
from tests.contract.test_decisions import DecisionStoreContract
from tests.unit.decisions.people import SUBJECT, state

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # connections live as long as a process
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


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


class TestDecisionStoreOnThePlainClient(DecisionStoreContract):
    """The table, over the wire, without botocore."""

    @pytest.fixture
    def store(self, decisions_table, environment):
        """Start with an empty table."""
        return DynamoDecisionStore(decisions_table.name, plain_aws.dynamodb(Patience(), environment))


def test_people_are_read(profiles_table, environment):
    """With their packed state: bytes come as bytes."""
    row = {"subject": SUBJECT, "part": "state", "version": 1, "packed": pack(state(bought={"milk": 3}))}
    profiles_table.dynamodb.put_item(TableName=profiles_table.name, Item=to_item(row))
    people = DynamoPeople(profiles_table.name, plain_aws.dynamodb(Patience(), environment))
    assert people.get(SUBJECT).state.bought == state(bought={"milk": 3}).bought


def test_items_and_suppressions_are_read(items_table, suppressions_table, environment):
    """An item called B and text beyond ASCII survive; what is not there is absent."""
    client = plain_aws.dynamodb(Patience(), environment)
    DynamoItemStore(items_table.name, items_table.dynamodb).put_many([ItemChange("B", {"title": "Käse"})])
    assert DynamoItemStore(items_table.name, client).get_many(["B", "gone"])["B"].title == "Käse"
    assert DynamoSuppressions(suppressions_table.name, client).reason("nobody") is None


def test_objects_and_secrets_are_read(emulator, environment):
    """Objects by key and ETag; a missing one is None, a missing secret an error with its code."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    with closing(Session().create_client("s3", endpoint_url=emulator.endpoint, **keys)) as s3:
        name = f"contract-{uuid4().hex}"
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="models/a b=1/x.bin", Body=b"bytes")
    bucket = S3Bucket(name, plain_aws.s3(Patience(), environment))
    stored = bucket.get("models/a b=1/x.bin")
    assert stored.body == b"bytes"
    assert bucket.get_changed("models/a b=1/x.bin", etag=stored.etag) is None
    assert bucket.get("gone") is None
    secrets = plain_aws.secrets_manager(Patience(), environment)
    with pytest.raises(plain_aws.ServiceRefused) as refused:
        secrets.get_secret_value(SecretId="gone")
    assert error_code(refused.value) == "ResourceNotFoundException"


def test_botocore_takes_over_where_it_is_needed():
    """Without credentials in the environment, with FIPS endpoints, in isolated regions."""
    region = {"AWS_REGION": "us-east-1"}
    assert not plain_aws.is_plain(region)
    assert not plain_aws.is_plain({**KEYS, "AWS_USE_FIPS_ENDPOINT": "true"})
    assert not plain_aws.is_plain({**KEYS, "AWS_REGION": "us-iso-east-1"})
    assert plain_aws.is_plain(KEYS)


class _Faulty(BaseHTTPRequestHandler):
    """Answers what its list says, in turn: a status and a body, or a closed connection (None)."""

    protocol_version = "HTTP/1.1"
    answers: list

    def do_POST(self):
        """Give the next answer."""
        self.rfile.read(int(self.headers["content-length"]))
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, body = answer
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = body == b'{"last":1}'

    def log_message(self, *_):
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    """Serves a list of answers; `hung_up` is set once it has closed a connection."""

    daemon_threads = True

    def __init__(self) -> None:
        """Begin with no answers."""
        self.answers: list = []
        self.hung_up = Event()
        super().__init__(("127.0.0.1", 0), type("Faulty", (_Faulty,), {"answers": self.answers}))

    def shutdown_request(self, request) -> None:
        """Close, and say so."""
        super().shutdown_request(request)
        self.hung_up.set()


@pytest.fixture
def server() -> Iterator[_Server]:
    """Serve while a test runs."""
    server = _Server()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def faulty(server) -> tuple[list, dict]:
    """Return the list of answers and the environment that points to who gives them."""
    return server.answers, {**KEYS, "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{server.server_address[1]}"}


def throttled(code="ProvisionedThroughputExceededException"):
    """Make an error as DynamoDB does."""
    return 400, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "x"}).encode()


@pytest.mark.parametrize("fault", [None, (500, b"oops"), (503, b""), throttled()])
def test_a_fault_is_tried_again(faulty, fault):
    """A dropped connection, an error of the service, a throttled call."""
    answers, environment = faulty
    answers += [fault, (200, b'{"Item":{}}')]
    assert plain_aws.dynamodb(Patience(attempts=2), environment).get_item(TableName="t") == {"Item": {}}


@pytest.mark.parametrize(
    ("answer", "code"), [(throttled("ConditionalCheckFailedException"), "ConditionalCheckFailedException")]
)
def test_a_refusal_is_not_tried_again(faulty, answer, code):
    """What the caller did wrong stays wrong."""
    answers, environment = faulty
    answers += [answer, (200, b"{}")]
    with pytest.raises(plain_aws.ServiceRefused) as refused:
        plain_aws.dynamodb(Patience(), environment).put_item(TableName="t")
    assert error_code(refused.value) == code
    assert len(answers) == 1


def test_the_last_fault_counts(faulty):
    """An error has its code, a dropped connection is one of the connection."""
    answers, environment = faulty
    answers += [(500, b""), (500, b"")]
    with pytest.raises(plain_aws.ServiceRefused) as refused:
        plain_aws.dynamodb(Patience(attempts=2), environment).get_item(TableName="t")
    assert error_code(refused.value) == "500"
    answers += [None, None]
    with pytest.raises(OSError, match="closed"):
        plain_aws.dynamodb(Patience(attempts=2), environment).get_item(TableName="t")


def test_a_connection_that_was_closed_meanwhile_is_replaced(server, faulty):
    """A frozen function wakes up to dead connections: that costs no attempt."""
    answers, environment = faulty
    client = plain_aws.dynamodb(Patience(attempts=1), environment)
    answers += [(200, b'{"last":1}'), (200, b"{}")]
    client.get_item(TableName="t")
    assert server.hung_up.wait(10)
    client.get_item(TableName="t")
    assert answers == []


def test_only_bytes_need_help(faulty):
    """Anything else that JSON does not know is a mistake of ours."""
    _, environment = faulty
    with pytest.raises(TypeError, match="set"):
        plain_aws.dynamodb(Patience(), environment).get_item(Key={"S": set()})
