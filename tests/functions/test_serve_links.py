"""`serve_links`: who holds a genuine link gets picture, target or page; only a POST changes anything."""

import base64
import json
from time import time

import pytest

from addressee.adapters.link_keys import LinkKeys
from addressee.adapters.secrets import Secret
from addressee.emails.links import LinkKey, Links
from addressee.profiles.consent import has_consent
from functions.serve_links.handler import ROUTES, Wiring, handle, wiring
from tests.functions.links import (
    DAY,
    DAY_MS,
    LINKS,
    MULTIPART,
    MULTIPART_BODY,
    NOW_MS,
    ONE_CLICK,
    RETIRED,
    SAMPLE,
    SEND,
    SUBJECT,
    TOPICS,
    URL_ENCODED,
    Page,
    call,
    stands,
    token_of,
    wired,
)


class BrokenPeople:
    """A table that cannot be reached."""

    def __getattr__(self, name: str) -> object:
        """Refuse every call."""
        raise ConnectionError(name)


@pytest.fixture
def wires():
    """Wire the handler to memory, with one person who consented."""
    return wired()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_click_leads_to_the_signed_target_and_is_recorded_with_its_method(wires, method):
    """Follow a link; the sample is such a request under the retired first key."""
    answer = call(wires, method, token_of(LINKS.click(SEND, "https://shop.example.com/oat-milk?a=1", "product-1")))
    assert (answer["statusCode"], answer["headers"]["location"]) == (302, "https://shop.example.com/oat-milk?a=1")
    (engagement,) = wires.queue.put_so_far
    said = (engagement.kind, engagement.send_id, engagement.link, engagement.method, engagement.at_ms)
    assert said == ("click", SEND, "product-1", method, NOW_MS)
    assert engagement.user_agent == SAMPLE["headers"]["user-agent"]


def test_the_sample_is_a_click_signed_with_a_retired_key(wires):
    """Handle the sample payload."""
    answer = handle(SAMPLE, None, wired=wires)
    assert (answer["statusCode"], answer["headers"]["location"]) == (302, "https://shop.example.com/oat-milk")
    assert [each.link for each in wires.queue.put_so_far] == ["product-1"]


def test_an_expired_click_still_leads_to_its_target_but_is_not_recorded(wires):
    """Follow a link a day after its 180 days, and on the last of them."""
    token = token_of(LINKS.click(SEND, "https://shop.example.com/", "footer"))
    wires.now_ms.now_ms += 181 * DAY_MS
    assert call(wires, "GET", token)["headers"]["location"] == "https://shop.example.com/"
    assert wires.queue.put_so_far == []
    wires.now_ms.now_ms -= DAY_MS
    call(wires, "GET", token)
    assert len(wires.queue.put_so_far) == 1


def test_the_pixel_is_a_picture_that_nobody_stores(wires):
    """Load it, and ask for its headers alone."""
    answer = call(wires, "GET", token_of(LINKS.pixel(SEND)))
    picture = base64.b64decode(answer["body"])
    assert (picture[:6], answer["headers"]["content-type"]) == (b"GIF89a", "image/gif")
    assert answer["headers"]["cache-control"] == "no-store"
    head = call(wires, "HEAD", token_of(LINKS.pixel(SEND)))
    assert (head["statusCode"], head["body"]) == (200, "")
    assert [(each.kind, each.method) for each in wires.queue.put_so_far] == [("open", "GET"), ("open", "HEAD")]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("link", [LINKS.unsubscribe(SEND), LINKS.preferences(SEND), RETIRED.unsubscribe(SEND)])
def test_showing_a_page_changes_nothing_and_records_nothing(wires, method, link):
    """Do what a scanner does, years later too."""
    before = stands(wires)
    for _ in range(2):
        answer = call(wires, method, token_of(link))
        assert answer["statusCode"] == 200
        assert bool(answer["body"]) == (method == "GET")
        wires.now_ms.now_ms += 4_000 * DAY_MS
    assert stands(wires) == before
    assert wires.queue.put_so_far == []


@pytest.mark.parametrize("links", [LINKS, RETIRED])
@pytest.mark.parametrize(
    ("body", "content_type", "in_base64"),
    [
        (ONE_CLICK, URL_ENCODED, True),
        (ONE_CLICK, URL_ENCODED, False),
        (MULTIPART_BODY, MULTIPART, True),
        (MULTIPART_BODY.replace("\r\n", "\n"), "multipart/form-data; boundary=x1", False),
    ],
)
def test_one_click_withdraws_consent_at_once(wires, links, body, content_type, in_base64):
    """Post as RFC 8058 says, in each way that it may come."""
    token = token_of(links.unsubscribe(SEND))
    answer = call(wires, "POST", token, body=body, content_type=content_type, in_base64=in_base64)
    assert answer["statusCode"] == 200
    row = wires.people.consent_row(SUBJECT)
    assert not has_consent(row)
    assert SEND in row["c_email"]["proof"]
    (engagement,) = wires.queue.put_so_far
    assert (engagement.kind, engagement.at_ms, engagement.method) == ("unsubscribe", row["c_email"]["at"], "POST")


def test_a_hundred_posts_answer_200_and_are_one_event(wires):
    """Repeat over ten days, by changing agents."""
    token = token_of(LINKS.unsubscribe(SEND))
    for number in range(100):
        answer = call(wires, "POST", token, body=ONE_CLICK, headers={"user-agent": f"mailbox {number % 3}"})
        assert answer["statusCode"] == 200
        wires.now_ms.now_ms += DAY_MS // 10
    assert wires.people.consent_row(SUBJECT)["c_email"]["at"] == NOW_MS
    assert len({each.message_id for each in wires.queue.put_so_far}) == 1


def test_a_withdrawal_counts_though_the_grant_came_from_a_clock_ahead(wires):
    """Unsubscribe a moment before the grant was stamped."""
    wires.now_ms.now_ms = NOW_MS - 5_000
    assert call(wires, "POST", token_of(LINKS.unsubscribe(SEND)), body=ONE_CLICK)["statusCode"] == 200
    assert not has_consent(wires.people.consent_row(SUBJECT))


@pytest.mark.parametrize(
    ("body", "content_type", "in_base64"),
    [
        (None, URL_ENCODED, True),
        ("", URL_ENCODED, True),
        ("List-Unsubscribe=", URL_ENCODED, True),
        ("\x00\x01=%zz&&&", URL_ENCODED, True),
        (b"\xff\xfe\xfd" * 9, URL_ENCODED, True),
        (b"\x1f\x8bnot gzip", URL_ENCODED, True),
        ("not base64!", URL_ENCODED, "broken"),
        ("&".join(f"a{n}=1" for n in range(200)), URL_ENCODED, True),
        ("a=" + "x" * 30_000 + "&" + ONE_CLICK, URL_ENCODED, True),
        (MULTIPART_BODY, "multipart/form-data", True),
        (MULTIPART_BODY, "multipart/form-data; boundary=other", True),
        ("--x1\r\n--x1--x1--x1", MULTIPART, True),
        ('{"List-Unsubscribe": "One-Click"}', "application/json", True),
    ],
)
def test_a_body_that_asks_for_nothing_changes_nothing(wires, body, content_type, in_base64):
    """Post garbage to both pages: the page comes again, with a 400."""
    before = stands(wires)
    for link in (LINKS.unsubscribe(SEND), LINKS.preferences(SEND)):
        if in_base64 == "broken":
            event = {**SAMPLE, "routeKey": f"POST /{token_of(link)[0]}/{{token}}", "body": body}
            event |= {"pathParameters": {"token": token_of(link)}, "isBase64Encoded": True}
            answer = handle(event, None, wired=wires)
        else:
            answer = call(wires, "POST", token_of(link), body=body, content_type=content_type, in_base64=in_base64)
        assert answer["statusCode"] == 400
        assert Page(answer["body"]).buttons
    assert stands(wires) == before
    assert wires.queue.put_so_far == []


def spoilt_tokens():
    """Spoil a genuine token of each kind in every way somebody may try."""
    forger = Links("https://api.example.com", LinkKey("b7f3", b"guessed"), DAY)
    for kind, made in (("o", LINKS.pixel), ("u", LINKS.unsubscribe), ("p", LINKS.preferences)):
        token = token_of(made(SEND))
        other = "u" if kind != "u" else "p"
        yield from ((kind, spoilt) for spoilt in (token[:-1], token[1:], token + "A", token.replace(".", "", 1), ""))
        yield kind, kind + token[1:].replace("b7f3", "0", 1)
        yield kind, kind + token[1:].replace("b7f3", "zzzz", 1)
        yield other, token
        yield other, other + token[1:]
        yield kind, token_of(getattr(forger, made.__name__)(SEND))
    yield "c", "c" + token_of(LINKS.pixel(SEND))[1:]
    yield "c", token_of(forger.click(SEND, "https://evil.example.com", "a"))
    yield "u", "ü" * 40
    yield "u", "u0." + "A" * 9_000 + "." + "A" * 22
    yield "c", "https://evil.example.com/"


@pytest.mark.parametrize(("kind", "token"), list(spoilt_tokens()))
def test_a_forged_or_damaged_token_gets_a_404_whoever_it_names(wires, kind, token):
    """Answer every method alike; nothing changes, nothing is recorded."""
    before = stands(wires)
    for method in ("GET", "HEAD", *(("POST",) if kind in "up" else ())):
        answer = call(wires, method, token, kind=kind, body=ONE_CLICK if method == "POST" else None)
        assert answer["statusCode"] == 404
        assert "location" not in answer["headers"]
        assert SUBJECT not in answer["body"]
    assert stands(wires) == before
    assert wires.queue.put_so_far == []


def test_the_queue_being_away_takes_nothing_from_anybody(wires, capsys):
    """Click, open and unsubscribe without the queue: all of it works, and is counted."""
    wires.queue.away = True
    assert call(wires, "GET", token_of(LINKS.click(SEND, "https://a.example.com", "a")))["statusCode"] == 302
    assert call(wires, "GET", token_of(LINKS.pixel(SEND)))["statusCode"] == 200
    assert call(wires, "POST", token_of(LINKS.unsubscribe(SEND)), body=ONE_CLICK)["statusCode"] == 200
    assert not has_consent(wires.people.consent_row(SUBJECT))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["LinkNotRecorded"] for line in lines] == [1, 1, 1]
    wires.queue.away = False
    call(wires, "POST", token_of(LINKS.unsubscribe(SEND)), body=ONE_CLICK)
    assert [each.kind for each in wires.queue.put_so_far] == ["unsubscribe"]


def test_a_withdrawal_that_cannot_be_saved_is_a_503_so_that_it_comes_again(wires, capsys):
    """Lose the table; pixel and redirect do not need it."""
    broken = Wiring(wires.keys, BrokenPeople(), wires.queue, TOPICS, wires.pages, wires.now_ms)
    answer = call(broken, "POST", token_of(LINKS.unsubscribe(SEND)), body=ONE_CLICK)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "60")
    assert call(broken, "GET", token_of(LINKS.preferences(SEND)))["statusCode"] == 503
    assert call(broken, "GET", token_of(LINKS.unsubscribe(SEND)))["statusCode"] == 200
    assert call(broken, "GET", token_of(LINKS.click(SEND, "https://a.example.com", "a")))["statusCode"] == 302
    assert [each.kind for each in wires.queue.put_so_far] == ["click"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("LinkFault", 0) for line in lines] == [1, 1, 0, 0]


def test_the_secret_being_away_is_a_503_only_while_the_key_is_not_known(wires):
    """Serve on with what was read."""

    class Away:
        def get_secret_value(self, **asked: str) -> dict[str, str]:
            raise ConnectionError(asked)

    token = token_of(LINKS.click(SEND, "https://a.example.com", "a"))
    cold = LinkKeys(Secret("links", secrets=Away()))
    unread = Wiring(cold, wires.people, wires.queue, TOPICS, wires.pages, wires.now_ms)
    assert call(unread, "GET", token)["statusCode"] == 503
    assert call(wires, "GET", token)["statusCode"] == 302
    wires.keys._secret = cold._secret
    assert call(wires, "GET", token)["statusCode"] == 302
    assert call(wires, "POST", token_of(LINKS.unsubscribe(SEND)), body=ONE_CLICK)["statusCode"] == 200


def test_one_line_is_logged_for_each_request_without_address_or_agent(wires, capsys):
    """Serve one of each."""
    tokens = [LINKS.click(SEND, "https://a.example.com/?mail=ada@example.com", "a"), LINKS.pixel(SEND)]
    for link in tokens:
        call(wires, "GET", token_of(link))
    call(wires, "POST", token_of(LINKS.unsubscribe(SEND)), body=ONE_CLICK)
    call(wires, "GET", "u0.x.y")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "ada@" not in "".join(lines)
    assert "Mozilla" not in "".join(lines)
    assert "192.0.2.1" not in "".join(lines)


def test_there_is_a_route_for_every_link_and_method():
    """Compare with docs/architecture.md."""
    shown = {f"{method} /{kind}/{{token}}" for method in ("GET", "HEAD") for kind in "ocup"}
    assert ROUTES.keys() == shown | {"POST /u/{token}", "POST /p/{token}"}


def test_another_route_is_a_404(wires):
    """Ask for what there is not."""
    answer = handle({**SAMPLE, "routeKey": "GET /x/{token}"}, None, wired=wires)
    assert answer["statusCode"] == 404


def test_the_wiring_is_built_from_the_environment(monkeypatch):
    """Connect to what the variables name; nothing is asked before somebody comes."""
    named = {"PROFILES_TABLE": "p", "LINKS_SECRET": "l", "FEEDBACK_QUEUE": "q", "TOPICS": '{"news": "News"}'}
    aws = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    for name, value in {**named, **aws, "SENDER": "The Shop <hi@example.com>"}.items():
        monkeypatch.setenv(name, value)
    built = wiring.__wrapped__()
    assert built.topics == {"news": "News"}
    assert abs(built.now_ms() - time() * 1000) < 60_000
