"""The handler of `send_email`: a batch side by side, each mail for itself, and what comes back by its message's id."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from addressee.adapters.aws import client
from addressee.emails.ports import NotAccepted, Rejected
from functions.send_email.handler import Settings, Wiring, handle, wiring
from tests.fakes.mailer import InMemoryMailer
from tests.unit.emails.campaigns import subject
from tests.unit.emails.sending import NOW, World

SAMPLE = json.loads(Path("events/send_email.json").read_text(encoding="utf-8"))


def batch(*bodies):
    """Make a batch; a number stands for the message of that person."""
    return {
        "Records": [
            {
                **SAMPLE["Records"][0],
                "messageId": f"m{place}",
                "body": body if isinstance(body, str) else f'{{"subject":"{subject(body)}","campaign":"autumn"}}',
            }
            for place, body in enumerate(bodies)
        ]
    }


def send(world, event):
    """Handle an event in a world; return the ids of the messages that come back."""
    answer = handle(event, None, wired=Wiring(world.delivery(), now_ms=lambda: NOW))
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def logged(capsys):
    """Return the one line."""
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line)


def test_the_sample_is_sent_and_logged(capsys):
    """Once: the same message again is dropped. The log names the process and no address."""
    world = World()
    assert send(world, SAMPLE) == []
    record = logged(capsys)
    assert (record["function"], record["MailsSent"], record["SendFault"], record["pid"]) == (
        *("send_email", 1, 0),
        os.getpid(),
    )
    assert (record["counts"], record["looks"]) == ({"sent": 1}, [])
    assert "example.com" not in json.dumps(record)
    assert send(world, SAMPLE) == []
    assert [mail.to for mail in world.mailer.mails] == ["p1@example.com"]
    assert logged(capsys)["counts"] == {"dropped": 1}


def test_each_attempt_claims_under_a_name_of_its_own():
    """The message's id would let a redelivery go on where a dead attempt may have sent."""
    world = World()
    world.mailer = InMemoryMailer([NotAccepted("slow down")])
    assert send(world, batch(1)) == ["m0"]
    (first,) = {row.claim for row in world.sends.rows.values()}
    assert send(world, batch(1)) == []
    (second,) = {row.claim for row in world.sends.rows.values()}
    assert first != second


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"subject": 1, "campaign": "x"}', '{"subject": "", "campaign": ""}'])
def test_a_message_that_is_none_comes_back_until_it_is_a_dead_letter(body, capsys):
    """The others of its batch go on."""
    world = World()
    assert send(world, batch(body, 1)) == ["m0"]
    record = logged(capsys)
    assert (record["MailsSent"], record["SendFault"], record["looks"][0]["what"]) == (1, 1, "garbage")


def test_one_mails_fault_is_its_own(capsys):
    """It comes back; the log says for whom, by id, and which fault."""
    world = World()
    world.hold(*(World.row(number=number) for number in range(1, 8)))
    world.know(3, granted=None)
    assert send(world, batch(*range(1, 8))) == ["m2"]
    record = logged(capsys)
    assert (record["counts"], record["MailsSent"], record["SendFault"]) == ({"sent": 6, "fault": 1}, 6, 1)
    assert record["looks"] == [
        {"messageId": "m2", "sendId": f"{subject(3)}.autumn", "what": "fault", "detail": "ConsentUnknown"}
    ]


def test_the_second_half_of_the_time_claims_nothing(capsys):
    """The message comes back, and an invocation with more time sends it."""
    world = World()
    times = iter([NOW, NOW, *[NOW + 15_000] * 9])
    out_of_time = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)
    answer = handle(batch(1), out_of_time, wired=Wiring(world.delivery(), now_ms=lambda: next(times)))
    assert (answer["batchItemFailures"], logged(capsys)["counts"]) == ([{"itemIdentifier": "m0"}], {"late": 1})
    assert send(world, batch(1)) == []


@pytest.mark.parametrize(
    ("answer", "comes_back", "metric"),
    [(NotAccepted("x"), ["m0"], None), (Rejected("x"), [], "MailsFailed"), (TimeoutError(), [], "MailsUnknown")],
)
def test_what_the_mail_service_says_is_counted(answer, comes_back, metric, capsys):
    """Throttling is no fault: the message comes back, and that is all."""
    world = World()
    world.mailer = InMemoryMailer([answer])
    assert send(world, batch(1)) == comes_back
    record = logged(capsys)
    counted = {name: record[name] for name in ("MailsSent", "MailsFailed", "MailsUnknown", "SendFault") if record[name]}
    assert counted == ({metric: 1} if metric else {})


def test_the_wiring_is_built_from_the_environment(monkeypatch, capsys):
    """Build the adapters from the variables that the template sets; models that cannot be had are a log line."""
    given = {
        "SENDER": "Shop <news@example.com>",
        "REPURCHASE_DAYS": '{"*": 30}',
        "DIVERSITY": "0.3",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(name.upper(), "x")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()  # no test before or after shares a client of this environment
    made = wiring()
    assert isinstance(made, Wiring)
    assert (made.ports.making.repurchase_days, made.ports.making.diversity) == ({"*": 30}, 0.3)
    assert made.new_claim() != made.new_claim()
    assert made.now_ms() > NOW
    assert logged(capsys)["message"] == "model not loaded"
    wiring.cache_clear()
    client.cache_clear()
