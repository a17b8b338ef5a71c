"""`Secret`: how old its text may be; the subject key, read once."""

import pytest

from addressee.adapters.secrets import CACHE_SECONDS, Secret, subject_key


class CountedSecrets:
    """A Secrets Manager that counts its calls, and can be away."""

    def __init__(self) -> None:
        """Answer `first`, `second`, ..."""
        self.texts, self.calls, self.away = iter(("first", "second", "third")), 0, False

    def get_secret_value(self, SecretId):  # noqa: N803  # botocore's name
        """Return the next text."""
        assert SecretId == "s"
        if self.away:
            raise ConnectionError
        self.calls += 1
        return {"SecretString": next(self.texts)}


class Clock:
    """Seconds that a test moves."""

    seconds = 7.0

    def __call__(self) -> float:
        """Tell them."""
        return self.seconds


@pytest.fixture
def world():
    """Build a secret over a counted service and a clock."""
    service, clock = CountedSecrets(), Clock()
    return Secret("s", clock=clock, secrets=service), service, clock


def test_text_is_read_once_in_five_minutes(world):
    """At first use, and again when it is old."""
    secret, service, clock = world
    assert [secret.text(), secret.text()] == ["first", "first"]
    clock.seconds += CACHE_SECONDS
    assert (secret.text(), service.calls) == ("second", 2)


def test_a_caller_may_ask_for_something_newer(world):
    """As for a key that is not known yet."""
    secret, _, clock = world
    assert secret.text() == "first"
    clock.seconds += 11
    assert secret.text_since(20) == "first"
    assert secret.text_since(10) == "second"


def test_the_subject_key_is_read_once_and_survives_an_outage(world):
    """It never changes; a warm process goes on without the service."""
    secret, service, clock = world
    assert subject_key(secret) == b"first"
    service.away = True
    clock.seconds += 10 * CACHE_SECONDS
    assert subject_key(secret) == b"first"


def test_a_key_that_was_never_read_is_not_taken_for_an_empty_one(world):
    """A subject under an empty key could be computed by anybody."""
    secret, service, _ = world
    service.away = True
    with pytest.raises(ConnectionError):
        subject_key(secret)
