"""Suite `rendering`: a mail of a published template against render + premailer per mail; mails that a core makes.

python -m benchmarks.rendering [--rounds N]
"""

import argparse
import gc
import json
import os
import re
import subprocess
from dataclasses import asdict, replace
from html import unescape
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from addressee.decisions.campaign import Campaign
from addressee.decisions.person import read_person
from addressee.emails.campaign import EmailCampaign, Standing
from addressee.emails.compile import Protected, protect
from addressee.emails.compose import MailRenderer, Settings, compose, links_of
from addressee.emails.mime import Sender
from addressee.emails.money import money_text
from addressee.emails.plain_text import text_template
from addressee.emails.prepare import Making, prepare
from addressee.emails.render import Engine
from addressee.emails.samples import SAMPLE_KEY, sample_values
from addressee.emails.send import Send
from addressee.emails.template import INPUTS, InputType, Manifest, Template, template_of, to_files
from addressee.emails.values import Values
from addressee.emails.view import view
from benchmarks import retail_mail
from benchmarks.peers import installed
from benchmarks.rendering_memory import Memory, Published
from benchmarks.rows import row, write
from benchmarks.serving_world import NOW_MS, SUBJECT, make_world
from cli.templates import build

ROOT = Path(__file__).parents[1]
DIGEST = ROOT / "templates" / "digest"
LOCK = ROOT / "requirements" / "bench-rendering.lock"
VENV = ROOT / ".build" / "bench-rendering-venv"
COMMAND = "python -m benchmarks.rendering"
ROUNDS, OURS, PEERS = 9, 300, 5
PEER_CACHE = "100000"
"""With its default of 128 entries premailer parses the stylesheet anew for every mail: three times as much CPU."""


class NotComparable(Exception):
    """The two sides made different mails: their figures would mean nothing."""


def publish_once(rounds: int) -> dict[str, Any]:
    """Make the same mail both ways, in turns; both must say the same words, styles inlined."""
    template, python = published(), installed(LOCK, VENV)
    with TemporaryDirectory() as folder:
        _write_peer(template, Path(folder))
        ours, peers = [], []
        for _ in range(rounds):
            ours.append(_ours(template))
            peers.append(_peer(python, Path(folder)))
        shown = (Path(folder) / "peer.html").read_text(encoding="utf-8")
    made = compose(template, values_of(template), SAMPLE_KEY, Engine()).parts.html
    if _said(made) != _said(shown):
        raise NotComparable("the two mails say different things")
    ratio = median(peer / our for our, peer in zip(ours, peers, strict=True))
    figures = {
        "peer_value": median(peers),
        "ratio": ratio,
        "peer": f"jinja2 + premailer {_version()} per mail, styles cached",
    }
    metric = f"CPU of a mail of {len(made.encode()) / 1000:.0f} kB: subject, HTML, text"
    return row("publish_once", metric, "ms", ours, **figures, command=COMMAND)


def _said(html: str) -> list[str]:
    """Return a mail's words, its links and how many elements have styles of their own."""
    styled = len(re.findall(r"<(?:table|td|th|a|h\d|p) [^>]*style=\"[^\"]{20}", html))
    plain = re.sub(r"<(style|title)\b.*?</\1>|<!--.*?-->|<[^>]*>", " ", html, flags=re.DOTALL)
    return [*unescape(plain).split(), *map(unescape, re.findall(r' href="([^"]*)"', html)), str(styled)]


def published() -> Template:
    """Publish the retailer's mail: styles inlined, text part generated, once."""
    import css_inline  # noqa: PLC0415  # as the compiler does

    protected = protect(retail_mail.page())
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    inlined = Protected(inliner.inline(protected.source), protected.meaning)
    inputs: dict[str, InputType] = {name: kind for name, kind in INPUTS.items() if name not in {"day", "sender_name"}}
    manifest = Manifest("retail", "{{ first_name }}, your picks", "Picked for you", inputs=inputs)
    return template_of(to_files(manifest, inlined.restore(inlined.source), text_template(inlined)))


def values_of(template: Template) -> Values:
    """Return what the retailer's mail says to one sample customer: a name and the products."""
    product = {"category": "Food", "price": 2.49, "currency": "EUR", "reason": "popular"}
    products = [
        {
            **product,
            "title": f"Product {number}",
            "url": f"https://shop.example.com/{number}",
            "image": f"https://shop.example.com/{number}.jpg",
        }
        for number in range(retail_mail.CARDS)
    ]
    return sample_values(template, {"firstName": "Ada", "locale": "en-GB", "products": products})


def _ours(template: Template) -> float:
    """Return the CPU of one mail in milliseconds, of many, each from its values on."""
    engine, values = Engine(), values_of(template)
    compose(template, values, SAMPLE_KEY, engine)
    gc.freeze()  # as both sides do once everything is loaded, and as send_email does
    begun = process_time()
    for number in range(OURS):
        compose(template, replace(values, inputs={**values.inputs, "first_name": f"Ada {number}"}), SAMPLE_KEY, engine)
    return (process_time() - begun) / OURS * 1000


def _peer(python: Path, folder: Path) -> float:
    """Return the CPU of one mail of the peer at its best: its cache of parsed styles holds all that the page has."""
    command = [str(python), str(ROOT / "benchmarks" / "premailer_peer.py"), str(folder), str(PEERS)]
    roomy = {**os.environ, "PREMAILER_CACHE_MAXSIZE": PEER_CACHE}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=roomy)  # noqa: S603  # our own script
    spent: list[float] = json.loads(done.stdout)
    return median(spent[1:]) * 1000  # the first one also warms up


def _write_peer(template: Template, folder: Path) -> None:
    """Give the peer the page with its stylesheet, and what goes in, prices written out."""
    (folder / "page.jinja").write_text(retail_mail.page(), encoding="utf-8")
    values = values_of(template)
    seen = view(values, template.manifest, links_of(values, SAMPLE_KEY))
    products = [
        {**asdict(each), "price": each.price and money_text(each.price, values.locale)} for each in seen["products"]
    ]
    (folder / "context.json").write_text(json.dumps({**seen, "products": products, "subject": "News"}))


def _version() -> str:
    return next(
        line.split(" ")[0].removeprefix("premailer==")
        for line in LOCK.read_text(encoding="utf-8").splitlines()
        if line.startswith("premailer==")
    )


def mails_per_core(rounds: int, mails: int = 200) -> dict[str, Any]:
    """Decide, render and write raw mails for a regular customer: rows unpacked anew, every byte made, SES faked."""
    world, template = make_world(), build(DIGEST).template
    memory = Memory(world)
    settings = Settings(Sender("Example Shop", "news@example.com"), "1 Example Street", "https://links.example.com")
    renderer = MailRenderer(Published(template), memory, lambda: SAMPLE_KEY, settings)
    making = Making(memory, memory, memory, renderer)
    rules = Campaign("spring", repurchase_days={"*": 14})
    standing = Standing(EmailCampaign("spring", rules, template.name, template.version, 0, NOW_MS + 1, 0))
    send = Send(SUBJECT, "spring", "queued")
    speeds = []
    for _ in range(rounds):
        begun = process_time()
        for _ in range(mails):
            prepare(send, read_person(SUBJECT, world.rows, purpose="email"), standing, making, now_ms=NOW_MS)
        speeds.append(mails / (process_time() - begun))
    return row("mails_per_core", "decided, rendered, written; SES faked", "mails/s", speeds, command=COMMAND)


def main() -> None:
    """Run the suite."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = options.parse_args().rounds
    write("rendering", [publish_once(rounds), mails_per_core(rounds)])


if __name__ == "__main__":
    main()
