"""Who opened or clicked: a table of user agents, and the rules besides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.feedback.agents import MACHINES, PEOPLE, sort_of
from addressee.feedback.events import Fetch
from addressee.feedback.label import TOO_SOON_MS, Label, label

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135"
    " Safari/537.36 Edge/12.246"
)
AGENTS = [
    ("", "none"),
    (" - ", "none"),
    ("Mozilla/5.0", "prefetch"),
    (f"{EDGE} Mozilla/5.0", "prefetch"),
    (EDGE, "browser"),
    ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "mail"),
    ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "proxy"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Microsoft Office Existence Discovery", "scanner"),
    ("Microsoft Office Protocol Discovery", "scanner"),
    ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)", "mail"),
    ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "mail"),
    ("Barracuda Sentinel (EE)", "scanner"),
    ("Mimecast-Scanner/1.0", "scanner"),
    ("Mozilla/5.0 (compatible; Proofpoint URL Defense)", "scanner"),
    ("Symantec-Email-Security", "scanner"),
    ("CiscoSecureEmail/1.0", "scanner"),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "robot"),
    ("Mozilla/5.0 (compatible; bingbot/2.0) BingPreview/1.0b", "robot"),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "robot"),
    ("Mozilla/5.0 (Linux; Android 9; CUBOT NOTE) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36", "browser"),
    ("curl/8.7.1", "program"),
    ("python-requests/2.32.3", "program"),
    ("Go-http-client/2.0", "program"),
    ("Mozilla/5.0 (Windows NT; Windows NT 10.0) WindowsPowerShell/5.1.22621", "program"),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36", "headless"),
    (CHROME, "browser"),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "browser",
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0", "mail"),
    ("Dalvik/2.1.0 (Linux; U; Android 14)", "unfamiliar"),
    ("something new", "unfamiliar"),
]


@pytest.mark.parametrize(("agent", "sort"), AGENTS)
def test_a_user_agent_is_of_one_sort(agent, sort):
    """Whatever its case."""
    assert sort_of(agent) == sort_of(agent.upper()) == sort


@pytest.mark.parametrize(
    ("kind", "fetch", "after_ms", "expected"),
    [
        ("opened", Fetch(CHROME), 60_000, Label("human", "browser")),
        ("opened", Fetch(CHROME), None, Label("human", "browser")),
        ("opened", Fetch(CHROME, "HEAD"), 60_000, Label("machine", "head")),
        ("clicked", Fetch(CHROME, "head", is_bot=False), 60_000, Label("machine", "head")),
        ("opened", Fetch(CHROME, is_bot=True), 60_000, Label("machine", "ses_likely")),
        ("opened", Fetch("Mozilla/5.0"), 86_400_000, Label("machine", "prefetch")),
        ("opened", Fetch("Mozilla/5.0", is_bot=False), 86_400_000, Label("machine", "prefetch")),
        ("clicked", Fetch(CHROME), TOO_SOON_MS - 1, Label("machine", "too_soon")),
        ("clicked", Fetch(CHROME), TOO_SOON_MS, Label("human", "browser")),
        ("clicked", Fetch(CHROME), -5_000, Label("machine", "too_soon")),
        ("clicked", Fetch(CHROME, is_bot=False), 0, Label("machine", "too_soon")),
        ("opened", Fetch(CHROME), TOO_SOON_MS - 1, Label("unknown", "too_soon")),
        ("opened", Fetch(CHROME, is_bot=False), 0, Label("human", "ses_unlikely")),
        ("opened", Fetch("something new", is_bot=False), None, Label("human", "ses_unlikely")),
        ("opened", Fetch("something new"), None, Label("unknown", "unfamiliar")),
        ("opened", Fetch("YahooMailProxy"), 60_000, Label("unknown", "proxy")),
        ("opened", Fetch("x GoogleImageProxy"), 60_000, Label("human", "mail")),
        ("clicked", Fetch(""), 60_000, Label("machine", "none")),
    ],
)
def test_who_did_it_and_why(kind, fetch, after_ms, expected):
    """Any sign of a machine comes first, then SES's word, then the time, then the user agent."""
    assert label(kind, fetch, after_ms=after_ms) == expected


agents = st.one_of(st.sampled_from([agent for agent, _ in AGENTS]), st.text(max_size=40))


@given(agents, st.sampled_from(["", "GET"]), st.sampled_from([None, False]), st.integers(-100, 10**8))
def test_a_human_shows_no_sign_of_a_machine(agent, method, is_bot, after_ms):
    """Whatever comes, nobody is a person who names himself a machine or clicks at once."""
    given = label("clicked", Fetch(agent, method, is_bot), after_ms=after_ms)
    assert (given.who == "machine") == (sort_of(agent) in MACHINES or after_ms < TOO_SOON_MS)
    assert given.who != "human" or is_bot is False or sort_of(agent) in PEOPLE
