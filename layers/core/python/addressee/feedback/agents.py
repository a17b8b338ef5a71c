"""What user agents say of who fetches: scanners, programs, prefetching, proxies, mail programs, browsers."""

import re
from typing import Literal

Sort = Literal["none", "scanner", "robot", "program", "headless", "prefetch", "proxy", "mail", "browser", "unfamiliar"]
MACHINES: frozenset[Sort] = frozenset({"none", "scanner", "robot", "program", "headless", "prefetch"})
PEOPLE: frozenset[Sort] = frozenset({"mail", "browser"})

SCANNERS = (
    "barracuda",
    "ciscosecureemail",
    "existence discovery",
    "protocol discovery",
    "fortimail",
    "fortinet",
    "ironport",
    "messagelabs",
    "mimecast",
    "proofpoint",
    "safelinks",
    "sophos",
    "symantec",
    "tmes",
    "trend micro",
    "trendmicro",
    "urldefense",
    "urlscan",
    "zscaler",
)
"""Mail gateways that name themselves; `Microsoft Office Existence Discovery` asks whether a link is alive."""
_APPLE = "mozilla/5.0"
_GMAIL = (
    "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko)"
    " chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0"
)
PREFETCHING = frozenset({_APPLE, _GMAIL})
"""Whole user agents, in lower case: Apple's Mail Privacy Protection; Gmail's prefetching while its app is open."""

_ROBOT = re.compile(r"(?<!cu)bots?\b|crawl|spider|slurp|bingpreview|linkcheck|facebookexternalhit|pingdom|uptime")
_PROGRAM = re.compile(
    r"^(curl|wget|python|aiohttp|httpx|go-http-client|java|apache-httpclient|libwww|lwp|perl|ruby|php|guzzle|axios"
    r"|node|undici|got|postman|insomnia|httpie|powershell)\b|windowspowershell"
)
_HEADLESS = re.compile(r"headless|phantomjs|puppeteer|playwright|selenium|webdriver")
_SCANNER = re.compile("|".join(map(re.escape, SCANNERS)))
_MAIL = re.compile(r"googleimageproxy|microsoft outlook|^outlook|msoffice|thunderbird|airmail|^spark|bluemail")
_PROXY = re.compile(r"yahoomailproxy|imageproxy|image proxy|mail ?proxy")
_BROWSER = re.compile(
    r"^(mozilla|opera)/\d.*(firefox|chrome|crios|fxios|safari|edge|edg|opera|msie|trident|applewebkit)"
)


def sort_of(user_agent: str) -> Sort:
    """Say what a user agent is; the first that fits, in the order below."""
    agent = user_agent.strip().lower()
    if agent in ("", "-"):
        return "none"
    if agent in PREFETCHING:
        return "prefetch"
    return next((sort for sort, pattern in _SORTS if pattern.search(agent)), "unfamiliar")


_SORTS: tuple[tuple[Sort, re.Pattern[str]], ...] = (
    ("scanner", _SCANNER),
    ("program", _PROGRAM),
    ("headless", _HEADLESS),
    ("robot", _ROBOT),
    ("mail", _MAIL),
    ("proxy", _PROXY),
    ("browser", _BROWSER),
)
