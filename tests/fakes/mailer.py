"""The mail service in memory: keeps what it takes, answers as told, and knows its quota."""

from collections.abc import Iterable

from addressee.emails.ports import Accepted, Mail, NotAccepted, Quota, Rejected

Answer = NotAccepted | Rejected | Exception | None


class InMemoryMailer:
    """A `Mailer`. `answers` says for each call in turn what it comes to, None: accepted; after the last, accepted.

    An exception is raised after the mail was kept: nobody knows.
    """

    def __init__(self, answers: Iterable[Answer] = ()) -> None:
        """Begin with an empty outbox."""
        self.mails: list[Mail] = []
        self._answers = iter(answers)

    def send(self, mail: Mail) -> Accepted | NotAccepted | Rejected:
        """Take a mail, or not."""
        answer = next(self._answers, None)
        if isinstance(answer, NotAccepted | Rejected):
            return answer
        self.mails.append(mail)
        if answer is not None:
            raise answer
        return Accepted(f"message-{len(self.mails)}")


class ToldQuotas:
    """The `Quotas` that it was told; counts how often it is read."""

    def __init__(self, quota: Quota) -> None:
        """Take the quota."""
        self.quota, self.reads = quota, 0

    def read(self) -> Quota:
        """Return it."""
        self.reads += 1
        return self.quota
