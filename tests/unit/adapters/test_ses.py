"""SES: what each answer means, and that a mail is one request on a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.session import Session
from pytest_socket import enable_socket

from addressee.adapters.ses import NOT_ACCEPTED, REJECTED, SesMailer, SesQuotas
from addressee.emails.ports import Accepted, Mail, NotAccepted, Quota, Rejected

MAIL = Mail("anna@example.com", b"Subject: hello\r\n\r\nhello", {"send_id": "a.b", "campaign": "b"})


def sesv2(endpoint):
    """Make a client as the adapter makes its own, at an endpoint."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=1)
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return Session().create_client(
        "sesv2", endpoint_url=endpoint, region_name="us-east-1", config=config, **credentials
    )


def told(answer):
    """Make a mailer whose client answers, or raises, what it is told; return it and the calls."""
    calls = []

    def send_email(**given):
        calls.append(given)
        if isinstance(answer, Exception):
            raise answer
        return answer

    events = SimpleNamespace(register=lambda *_, **__: None)
    client = SimpleNamespace(send_email=send_email, close=lambda: None, meta=SimpleNamespace(events=events))
    return SesMailer("the-set", lambda: client), calls


def refused(code, status=400):
    """Make botocore's error of a code."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendEmail")


def test_a_mail_is_sent_raw_in_the_set_with_its_tags():
    """One call, and the message's id comes back."""
    mailer, calls = told({"MessageId": "0100"})
    assert mailer.send(MAIL) == Accepted("0100")
    assert calls == [
        {
            "Destination": {"ToAddresses": ["anna@example.com"]},
            "Content": {"Raw": {"Data": MAIL.raw}},
            "EmailTags": [{"Name": "send_id", "Value": "a-b"}, {"Name": "campaign", "Value": "b"}],
            "ConfigurationSetName": "the-set",
        }
    ]


@pytest.mark.parametrize("code", sorted(NOT_ACCEPTED))
def test_an_answer_that_is_about_the_account_says_that_nothing_was_taken(code):
    """The same mail may pass later."""
    assert told(refused(code))[0].send(MAIL) == NotAccepted(code)


@pytest.mark.parametrize("code", sorted(REJECTED))
def test_an_answer_that_is_about_the_mail_rejects_it(code):
    """For good."""
    assert told(refused(code))[0].send(MAIL) == Rejected(code)


@pytest.mark.parametrize("error", [ConnectTimeoutError(endpoint_url="x"), EndpointConnectionError(endpoint_url="x")])
def test_without_a_connection_nothing_was_taken(error):
    """Not a byte of the mail left."""
    assert told(error)[0].send(MAIL) == NotAccepted(type(error).__name__)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="x"),
        ConnectionClosedError(endpoint_url="x"),
        HTTPClientError(error="x"),
        refused("InternalFailure", 500),
        refused("ServiceUnavailable", 503),
        refused("SomethingNew"),
    ],
)
def test_everything_else_leaves_it_open(error):
    """Nobody knows whether the mail went out."""
    with pytest.raises(type(error)):
        told(error)[0].send(MAIL)


@pytest.fixture
def server():
    """Serve one answer after another; `server.answers` are (status, body), None: no answer at all."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.requests.append((self.headers["connection"], self.client_address, body))
            answer = self.server.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, text = answer
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    enable_socket()  # loopback
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.requests, made.answers = [], []
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_each_mail_is_one_request_on_a_connection_of_its_own(server):
    """None is kept that could have died meanwhile, and nothing is sent twice where an answer fails to come."""
    mailer = SesMailer("the-set", lambda: sesv2(f"http://127.0.0.1:{server.server_port}"))
    server.answers = [(200, b'{"MessageId":"1"}'), (200, b'{"MessageId":"2"}'), (500, b"{}"), None]
    assert [mailer.send(MAIL), mailer.send(MAIL)] == [Accepted("1"), Accepted("2")]
    for error in (ClientError, ConnectionClosedError):
        with pytest.raises(error):
            mailer.send(MAIL)
    assert len(server.requests) == 4
    assert {asked for asked, _, _ in server.requests} == {"close"}
    assert len({address for _, address, _ in server.requests}) == 4


def test_the_mailers_own_client_does_not_retry(monkeypatch):
    """An SDK that repeats a timed-out call sends a second mail."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "us-east-1")
    mailer = SesMailer("the-set")
    assert mailer._taken().meta.config.retries["total_max_attempts"] == 1


def test_mails_sent_side_by_side_share_no_client():
    """Closing takes all connections of a client: none is closed while another mail is on its way."""
    together, made = Barrier(4), []

    def connect():
        busy, closed = [], []

        def send_email(**_):
            assert not busy
            busy.append(1)
            together.wait(timeout=10)
            return {"MessageId": "1"}

        def close():
            busy.clear()
            closed.append(1)

        made.append(closed)
        events = SimpleNamespace(register=lambda *_, **__: None)
        return SimpleNamespace(send_email=send_email, close=close, meta=SimpleNamespace(events=events))

    mailer = SesMailer("the-set", connect)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(mailer.send, [MAIL] * 8)) == [Accepted("1")] * 8
    assert [len(closed) for closed in made] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("enabled", "expected"), [(True, Quota(14.0, 50_000.0, 7.0)), (False, Quota(0.0, 50_000.0, 7.0))]
)
def test_the_quota_is_the_accounts(enabled, expected):
    """An account whose sending is paused allows nothing."""
    quota = {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0, "SentLast24Hours": 7.0}
    account = {"SendQuota": quota, "SendingEnabled": enabled}
    assert SesQuotas(SimpleNamespace(get_account=lambda: account)).read() == expected
