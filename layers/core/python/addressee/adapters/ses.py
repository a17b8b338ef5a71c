"""SES: one call for one mail, never repeated, and what each of its answers means; the account's quota."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)

from addressee.adapters.aws import client, new_client
from addressee.adapters.dynamo import error_code
from addressee.emails.ports import Accepted, Mail, NotAccepted, Quota, Rejected
from addressee.emails.send import tag_of

ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 3.0
NOT_ACCEPTED = frozenset(
    {
        "AccountSuspendedException",
        "LimitExceededException",
        "SendingPausedException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        # The account's set-up, not this mail: it is mended for all mails at once, and none of them is to blame.
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "UnrecognizedClientException",
    }
)
"""SES answered, and took nothing: the same mail may pass later."""
REJECTED = frozenset({"BadRequestException", "MessageRejected"})
"""SES answered, and refuses this mail for good."""
NEVER_SENT = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)
"""No connection was made, so no byte of the mail left. A connection that broke, or an answer that did not come, is
something else: SES may have the mail."""


class SesMailer:
    """A `Mailer` on SES v2, raw mails in a configuration set."""

    def __init__(self, configuration_set: str, connect: Callable[[], Any] | None = None) -> None:
        """Name the set whose events come back; `connect` makes a botocore client of SES v2 that does not retry.

        Every mail has a connection of its own: a kept one may have died while the function was frozen, or been closed
        by the other side without a word, and then nobody would know whether the mail that it was given went out. So
        each client sends one mail at a time and is closed before it sends the next: closing takes its whole pool of
        connections, those of other mails, too, if there were any.
        """
        self._set = configuration_set
        self._connect = connect or _client
        self._lock = Lock()
        self._idle = [self._made()]

    def send(self, mail: Mail) -> Accepted | NotAccepted | Rejected:
        """Send with one call. Whatever this raises (5xx, a broken connection, no answer): nobody knows."""
        ses = self._taken()
        try:
            return self._send(ses, mail)
        finally:
            ses.close()
            self._idle.append(ses)

    def _taken(self) -> Any:  # noqa: ANN401
        """Take a client that nobody uses, or make one; there are as many as mails are sent side by side."""
        with self._lock:
            return self._idle.pop() if self._idle else self._made()

    def _made(self) -> Any:  # noqa: ANN401
        ses = self._connect()
        ses.meta.events.register("before-send.sesv2.SendEmail", _alone, unique_id="addressee-alone")
        return ses

    def _send(self, ses: Any, mail: Mail) -> Accepted | NotAccepted | Rejected:  # noqa: ANN401
        try:
            answer = ses.send_email(
                Destination={"ToAddresses": [mail.to]},
                Content={"Raw": {"Data": mail.raw}},
                EmailTags=[{"Name": name, "Value": tag_of(value)} for name, value in mail.tags.items()],
                ConfigurationSetName=self._set,
            )
        except NEVER_SENT as error:
            return NotAccepted(type(error).__name__)
        except ClientError as error:
            code = error_code(error)
            if code in REJECTED:
                return Rejected(code)
            if code in NOT_ACCEPTED:
                return NotAccepted(code)
            raise
        return Accepted(answer["MessageId"])


def _client() -> Any:  # noqa: ANN401
    return new_client("sesv2", read_timeout_seconds=ANSWER_SECONDS, connect_timeout_seconds=CONNECT_SECONDS, attempts=1)


class SesQuotas:
    """The `Quotas` of the account, read from SES."""

    def __init__(self, ses: Any = None) -> None:  # noqa: ANN401
        """Take a botocore client of SES v2, the process's own by default."""
        self._ses = ses or client("sesv2")

    def read(self) -> Quota:
        """Read the quota with one GetAccount; an account whose sending is paused allows nothing."""
        account = self._ses.get_account()
        quota = account["SendQuota"]
        per_second = float(quota["MaxSendRate"]) if account.get("SendingEnabled", True) else 0.0
        return Quota(per_second, float(quota["Max24HourSend"]), float(quota["SentLast24Hours"]))


def _alone(request: Any, **_: object) -> None:  # noqa: ANN401  # botocore's prepared request
    request.headers["Connection"] = "close"
