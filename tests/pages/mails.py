"""Made-up mails of the digest template, as they would be sent, with the decisions behind them."""

from functools import cache
from pathlib import Path
from random import Random

from addressee.decisions.decision import Decision, Product
from addressee.decisions.wire import decision_json
from addressee.emails.compose import compose
from addressee.emails.mime import Envelope, read_sender, write_mail
from addressee.emails.render import Engine
from addressee.emails.samples import NOW_MS, SAMPLE_KEY, sample_values
from cli.outbox import OutboxMail
from cli.templates import Built, build
from tests.campaign_story import CAMPAIGN, subject_of

DIGEST = Path(__file__).resolve().parents[2] / "templates" / "digest"
NAMES = ("Anna", "Ben", "Chidi", "Dana", "", "Emre")
TITLES = {
    "p-1": "Oat milk, unsweetened",
    "p-2": "Sourdough loaf",
    "p-3": "Salted almond butter",
    "p-4": "Vine tomatoes, 500 g",
    "p-5": "Espresso beans, single origin, slowly roasted",
    "p-6": "Greek yoghurt",
}
RUNGS = {
    "personalised": "bought_often",
    "segment": "popular_in_segment",
    "popular": "popular",
    "editorial": "editorial",
}
STATES = ("delivered",) * 30 + ("bounced", "complained", "sent", "unknown")


@cache
def digest() -> Built:
    """Compile the digest once."""
    return build(DIGEST)


def sent_mails(count: int) -> list[OutboxMail]:
    """Make that many mails."""
    rng, engine = Random(4), Engine()
    return [_mail(number, rng, engine) for number in range(count)]


def _mail(number: int, rng: Random, engine: Engine) -> OutboxMail:
    rung = rng.choice(tuple(RUNGS))
    chosen = rng.sample(sorted(TITLES), 5)
    decision = Decision(
        subject=subject_of(number),
        campaign=CAMPAIGN,
        mail=True,
        reason="eligible",
        rung=rung,
        arm="default",
        arm_propensity=1.0,
        template="digest",
        slot_ms=NOW_MS,
        products=tuple(_product(each, rung, chosen[0], rng) for each in chosen),
        decided_at_ms=NOW_MS,
        models={"buy_again": "2026-01-04-0123456789ab", "discover": "2026-01-04-ba9876543210"},
    )
    return OutboxMail(
        raw=_raw(number, decision, engine),
        decision=decision_json(decision, recorded=True),
        titles=TITLES,
        state=STATES[number % len(STATES)],
    )


def _product(item_id: str, rung: str, first: str, rng: Random) -> Product:
    """Make a product; of a personal answer every one but the first goes with the first."""
    sure = round(rng.uniform(0.2, 0.95), 4)
    if rung != "personalised" or item_id == first:
        return Product(item_id, RUNGS[rung], 1.0, sure)
    return Product(item_id, "bought_together_with", 1.0, sure, first)


def _raw(number: int, decision: Decision, engine: Engine) -> bytes:
    products = [
        {
            "title": TITLES[each.item_id],
            "category": "Groceries",
            "price": 1.99 + place,
            "currency": "EUR",
            "url": f"https://shop.example.com/{each.item_id}",
            "reason": each.reason,
        }
        for place, each in enumerate(decision.products[:3])
    ]
    cold = decision.rung in {"popular", "editorial"}
    person = {"firstName": NAMES[number % len(NAMES)], "locale": "de-DE", "cold": cold, "products": products}
    template = digest().template
    parts = compose(template, sample_values(template, person), SAMPLE_KEY, engine).parts
    sender = read_sender("Example Shop <news@example.com>")
    envelope = Envelope(
        sender, f"person-{number}@example.com", "https://links.example.com/u/x", "email.example.com", CAMPAIGN
    )
    return write_mail(parts, envelope)
