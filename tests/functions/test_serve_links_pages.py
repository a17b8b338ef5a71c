"""The pages of `serve_links`: what each button changes, and what every page keeps to itself."""

import pytest

from addressee.profiles.consent import has_consent, paused_until_ms, withdrawn_purposes
from tests.functions.links import DAY_MS, LINKS, NOW_MS, ONE_CLICK, SEND, SUBJECT, Page, call, stands, token_of, wired


@pytest.fixture
def wires():
    """Wire the handler to memory, with one person who consented."""
    return wired()


def press(wires, button, *fields):
    """Press a button of the preference page."""
    body = "&".join([f"do={button}", *(f"topic={name}" for name in fields)])
    return call(wires, "POST", token_of(LINKS.preferences(SEND)), body=body)


def test_topics_are_turned_off_and_on_again_with_proof(wires):
    """Save one topic of two, twice, then both; a topic that there is not is left out."""
    for _ in range(2):
        answer = press(wires, "topics", "news", "invented")
        assert answer["statusCode"] == 200
        assert answer["body"].count(" checked") == 1
    row = wires.people.consent_row(SUBJECT)
    assert withdrawn_purposes(row) == {"topic_recipes"}
    assert "c_topic_news" not in row
    wires.now_ms.now_ms += 60_000
    press(wires, "topics", "news", "recipes")
    row = wires.people.consent_row(SUBJECT)
    assert withdrawn_purposes(row) == set()
    assert row["c_topic_recipes"]["proof"] == f"preference page, send {SEND}, 2026-01-31T01:01:00+00:00"
    assert {each.kind for each in wires.queue.put_so_far} == {"preferences"}
    assert has_consent(row)


def test_a_pause_lasts_thirty_days_and_can_be_ended(wires):
    """Pause, look, end it."""
    page = press(wires, "pause")["body"]
    assert paused_until_ms(wires.people.consent_row(SUBJECT)) == NOW_MS + 30 * DAY_MS
    assert '<time datetime="2026-03-02">2 March 2026</time>' in page
    assert ("do", "resume") in Page(page).buttons
    assert ("do", "pause") in Page(press(wires, "resume")["body"]).buttons
    assert paused_until_ms(wires.people.consent_row(SUBJECT)) == 0
    assert has_consent(wires.people.consent_row(SUBJECT))


def test_all_off_is_an_unsubscription(wires):
    """Press the last button of the preference page."""
    assert press(wires, "unsubscribe")["statusCode"] == 200
    assert not has_consent(wires.people.consent_row(SUBJECT))
    assert [each.kind for each in wires.queue.put_so_far] == ["unsubscribe"]
    page = Page(call(wires, "GET", token_of(LINKS.preferences(SEND)))["body"])
    assert page.buttons == [("do", "resubscribe")]


@pytest.mark.parametrize("link", [LINKS.unsubscribe(SEND), LINKS.preferences(SEND)])
def test_an_unsubscription_can_be_undone_and_said_again(wires, link):
    """Come back with proof, from either page, then leave for good."""
    stop = token_of(LINKS.unsubscribe(SEND))
    call(wires, "POST", stop, body=ONE_CLICK)
    assert call(wires, "POST", token_of(link), body="do=resubscribe")["statusCode"] == 200
    row = wires.people.consent_row(SUBJECT)
    assert has_consent(row)
    assert row["c_email"]["proof"].startswith(f"preference page, send {SEND}")
    assert row["c_email"]["at"] > wires.queue.put_so_far[0].at_ms
    call(wires, "POST", stop, body=ONE_CLICK)
    assert not has_consent(wires.people.consent_row(SUBJECT))


def test_a_link_grants_nothing_that_was_never_granted(wires):
    """Come back for somebody who is not known."""
    unknown = token_of(LINKS.preferences("f" * 32 + ".spring-2026"))
    before = stands(wires)
    assert call(wires, "POST", unknown, body="do=resubscribe")["statusCode"] == 200
    assert stands(wires) == before
    assert wires.queue.put_so_far == []


def test_the_unsubscribe_page_leads_to_the_preference_page(wires):
    """Follow the relative link, which works below any base address."""
    page = Page(call(wires, "GET", token_of(LINKS.unsubscribe(SEND)))["body"])
    assert page.buttons == [("List-Unsubscribe", "One-Click")]
    (link,) = page.links
    assert link.startswith("../p/p")
    assert call(wires, "GET", token_of(link))["statusCode"] == 200


def test_pages_speak_the_readers_language_and_name_the_sender(wires):
    """Ask in German, in a language that there is not, and in none."""
    token = token_of(LINKS.unsubscribe(SEND))
    for accepted, lang in (("de-AT,de;q=0.9,en;q=0.8", "de"), ("xx, en-GB", "en"), ("", "en"), ("*;q=0", "en")):
        page = Page(call(wires, "GET", token, headers={"accept-language": accepted})["body"])
        assert (page.lang, page.texts["p"]) == (lang, "The Shop")


def test_every_answer_keeps_the_link_private_and_runs_no_script(wires):
    """Look at the headers of each kind of answer."""
    click = token_of(LINKS.click(SEND, "https://a.example.com", "a"))
    answers = [call(wires, "GET", token_of(link)) for link in (LINKS.unsubscribe(SEND), LINKS.preferences(SEND))]
    answers += [call(wires, "GET", click), call(wires, "GET", "u0.x.y")]
    for answer in answers:
        assert answer["headers"]["referrer-policy"] == "no-referrer"
        assert answer["headers"]["x-content-type-options"] == "nosniff"
        assert answer["headers"]["x-robots-tag"] == "noindex, nofollow"
        assert answer["headers"]["x-frame-options"] == "DENY"
        if answer["statusCode"] != 302:
            assert "default-src 'none'" in answer["headers"]["content-security-policy"]
            assert "script" not in answer["body"]


def test_texts_of_the_operator_are_escaped():
    """Name a topic and a sender in HTML."""
    wires = wired('"<b>Shop</b> & {sender}" <hi@example.com>', {"news": "<script>alert(1)</script>"})
    html = call(wires, "GET", token_of(LINKS.preferences(SEND)))["body"]
    assert "&lt;script&gt;alert(1)" in html
    assert "&lt;b&gt;Shop&lt;/b&gt; &amp; {sender}" in html
    assert "<script>" not in html
