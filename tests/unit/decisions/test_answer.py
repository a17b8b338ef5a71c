"""The same question again, people who race, and what an outage costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addressee.decisions.answer import answer_decision, look_up, recommend, score
from addressee.decisions.campaign import Campaign
from addressee.decisions.guarded import Guarded, Sources
from addressee.decisions.ladder import Wish
from addressee.decisions.request import DecisionRequest, Who
from addressee.profiles.items import Item
from addressee.profiles.subject import address_hash, subject_of
from tests.fakes.decisions import Broken, InMemoryDecisions, InMemoryPeople, ToldChampions
from tests.fakes.suppressions import InMemorySuppressions
from tests.unit.decisions.people import NOW, Shop, champions, state, willing

KEY = b"a key of this test"
ANNA = subject_of("anna", kind="user", key=KEY)
CAMPAIGN = Campaign("spring", repurchase_days={"*": 30})
ASK = DecisionRequest("spring", Who("anna"))
MODELS = champions(buy_again=("milk", "eggs"), discover=("kiwi", "rice"), segment=("tea",), popular=("jam",))


def person(**given_: object):
    """Make Anna, who consented and has an address."""
    return willing(**{"subject": ANNA, "address": "anna@example.com", "state": state(bought={"milk": 60}), **given_})


def sources(**given_: object):
    """Make sources that work, save those given otherwise."""
    working = {
        "key": lambda: KEY,
        "people": InMemoryPeople(person()),
        "suppressions": InMemorySuppressions(),
        "catalogue": Shop(),
        "champions": ToldChampions(MODELS),
        "decisions": InMemoryDecisions(),
    }
    return Sources(**{**working, **given_})


def guard(of, *, clock=lambda: 0.0):
    """Guard sources for one request."""
    return Guarded(of, clock, 1.0)


def answer(of, ask=ASK, *, now_ms=NOW, campaign=CAMPAIGN):
    """Ask once; the answer, whether it is recorded, and the faults."""
    guarded = guard(of)
    decision, recorded = answer_decision(ask, campaign, guarded, now_ms=now_ms)
    return decision, recorded, set(guarded.faults)


def names(decision):
    """List the item ids."""
    return [each.item_id for each in decision.products]


def test_the_first_answer_is_recorded_and_given_again():
    """A later call, at another hour and with other models, gets the same record."""
    of = sources()
    first, recorded, faults = answer(of)
    assert (first.mail, recorded, faults) == (True, True, set())
    of.champions.champions = champions(discover=("other",))
    assert answer(of, now_ms=NOW + 5_000_000) == (first, True, set())


def test_a_repeat_loses_what_was_bought_put_in_the_cart_or_sold_out():
    """One batch read of the stored products, no more."""
    shop = Shop()
    of = sources(catalogue=shop)
    first, _, _ = answer(of)
    assert names(first) == ["milk", "kiwi", "eggs", "rice", "tea", "jam"]
    of.people.people[ANNA] = person(state=state(bought={"milk": 60, "kiwi": 0}, cart=("eggs",)))
    shop.items["rice"] = Item("rice", in_stock=False)
    shop.reads.clear()
    again, recorded, _ = answer(of)
    assert (names(again), recorded, again.rung) == (["milk", "tea", "jam"], True, "personalised")
    assert (again.arm, again.template, again.slot_ms) == (first.arm, first.template, first.slot_ms)
    assert shop.reads == [6]


@given(
    sold_out=st.lists(st.sets(st.sampled_from(["milk", "eggs", "kiwi", "rice", "tea", "jam", "new"])), max_size=4),
    bought=st.dictionaries(st.sampled_from(["milk", "kiwi", "new"]), st.integers(0, 60)),
    cart=st.sets(st.sampled_from(["eggs", "tea"])),
    granted=st.sampled_from([True, False, None]),
)
def test_a_repeat_never_gains_a_product(sold_out, bought, cart, granted):
    """Whatever happens to stock, purchases, cart, models and consent between two calls."""
    shop = Shop()
    of = sources(catalogue=shop)
    previous = names(answer(of)[0])
    of.people.people[ANNA] = person(state=state(bought=bought, cart=tuple(cart)), granted=granted)
    of.champions.champions = champions(discover=("new", "milk"), popular=("newer",))
    for missing in sold_out:
        shop.missing = tuple(missing)
        decision, _, _ = answer(of)
        assert set(names(decision)) <= set(previous)
        assert decision.mail == (granted is True)


def test_a_stored_mail_is_stopped_by_a_withdrawal_and_by_suppression():
    """The record stands, the answer says no with its reason."""
    of = sources()
    first, _, _ = answer(of)
    of.people.people[ANNA] = person(granted=False)
    withdrawn, _, _ = answer(of)
    assert (withdrawn.mail, withdrawn.reason) == (False, "no_consent")
    of.people.people[ANNA] = person()
    of.suppressions.suppress(address_hash("anna@example.com", key=KEY), reason="complaint", at_ms=1)
    suppressed, _, _ = answer(of)
    assert (suppressed.mail, suppressed.reason) == (False, "suppressed")
    assert of.decisions.get(ANNA, "spring") == first


def test_a_sent_mail_does_not_block_its_own_repeat():
    """Caps are asked once: the mail that fills the cap may be the one that is asked about."""
    of = sources()
    first, _, _ = answer(of)
    of.people.people[ANNA] = person(touches=(("this very mail", NOW),))
    assert answer(of)[0] == first


def test_a_block_is_recorded_and_gives_way_to_a_later_answer():
    """No consent today, consent tomorrow."""
    of = sources(people=InMemoryPeople(person(granted=False)))
    blocked, recorded, _ = answer(of)
    assert (blocked.mail, blocked.reason, recorded) == (False, "no_consent", True)
    assert names(blocked) != []
    of.people.people[ANNA] = person()
    later, recorded, _ = answer(of, now_ms=NOW + 1)
    assert (later.mail, recorded) == (True, True)
    assert of.decisions.get(ANNA, "spring") == later


def test_the_loser_of_a_race_answers_with_the_winners_record():
    """Both callers read nothing stored; one write wins."""

    class Late(InMemoryDecisions):
        def get(self, subject, campaign):
            del subject, campaign

    late = Late()
    of = sources(decisions=late)
    winner, _, _ = answer(of)
    of.champions.champions = champions(discover=("other",))
    loser, recorded, _ = answer(of, now_ms=NOW + 1)
    assert (names(loser), loser.decided_at_ms, recorded) == (names(winner), NOW, True)


def test_a_merged_anonymous_id_is_the_user():
    """The record belongs to the user's subject."""
    of = sources()
    phone = subject_of("phone", kind="anonymous", key=KEY)
    of.people.pointers[phone] = ANNA
    decision, _, _ = answer(of, DecisionRequest("spring", Who("phone", "anonymous")))
    assert decision.subject == ANNA
    assert decision.mail


def test_somebody_never_seen_is_answered_at_once():
    """No consent, but products; without an address the suppression list is not asked."""
    decision, recorded, faults = answer(sources(suppressions=Broken()), DecisionRequest("spring", Who("nobody")))
    assert (decision.mail, decision.reason, decision.rung) == (False, "no_consent", "popular")
    assert (names(decision), recorded, faults) == (["jam"], True, set())


@pytest.mark.parametrize(
    ("broken", "mail", "reason", "rung", "recorded"),
    [
        ({"champions": Broken()}, True, "eligible", "editorial", True),
        ({"catalogue": Broken()}, True, "eligible", "editorial", True),
        ({"people": Broken()}, False, "consent_unknown", "editorial", False),
        ({"decisions": Broken()}, True, "eligible", "personalised", False),
        ({"suppressions": Broken()}, False, "consent_unknown", "personalised", True),
        ({"key": Broken().call}, False, "consent_unknown", "editorial", False),
    ],
)
def test_an_outage_costs_rungs_never_the_answer(broken, mail, reason, rung, recorded):
    """One source away at a time."""
    decision, was_recorded, faults = answer(sources(**broken))
    assert (decision.mail, decision.reason, decision.rung, was_recorded) == (mail, reason, rung, recorded)
    assert len(faults) == 1


def test_an_outage_of_the_catalogue_hides_the_products_of_a_repeat():
    """What cannot be shown to be for sale is not shown; the record keeps it."""
    of = sources()
    first, _, _ = answer(of)
    away = sources(decisions=of.decisions, catalogue=Broken())
    again, recorded, faults = answer(away)
    assert (again.products, again.rung, again.mail, recorded, faults) == ((), "editorial", True, True, {"catalogue"})
    assert answer(of)[0] == first


def test_a_write_that_fails_is_said():
    """The decision is given all the same."""

    class ReadOnly(InMemoryDecisions):
        def put_once(self, decision):
            raise TimeoutError(decision.decision_id)

    decision, recorded, faults = answer(sources(decisions=ReadOnly()))
    assert (decision.mail, recorded, faults) == (True, False, {"decisions"})


def test_nothing_is_tried_once_the_time_is_up():
    """The budget counts from the request's start: a slow table cannot make the caller wait for the next one."""
    ticks = iter([0.0, 0.5, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7])
    guarded = guard(sources(), clock=lambda: next(ticks))
    decision, recorded = answer_decision(ASK, CAMPAIGN, guarded, now_ms=NOW)
    assert (decision.reason, recorded) == ("consent_unknown", False)
    assert guarded.faults["suppressions"] == "OutOfTime"


def test_recommendations_are_fresh_and_not_recorded():
    """Two calls, two model versions, two answers."""
    of = sources()
    assert recommend(Who("anna"), Wish(k=2), CAMPAIGN, guard(of), now_ms=NOW).products[0].item_id == "milk"
    of.champions.champions = champions(discover=("other",))
    assert names(recommend(Who("anna"), Wish(k=2), CAMPAIGN, guard(of), now_ms=NOW)) == ["other"]
    assert of.decisions.rows == {}
    assert recommend(Who("anna"), Wish(), CAMPAIGN, guard(sources(people=Broken())), now_ms=NOW).rung == "editorial"


def test_scores_are_live():
    """Without the person's rows there are none."""
    found = score(Who("anna"), guard(sources()), now_ms=NOW)
    assert (found.portrait.scores, found.portrait.segments) == ({"buys_in_7_days": 0.25}, {"rfm_tiers": "loyal"})
    assert score(Who("anna"), guard(sources(people=Broken())), now_ms=NOW).portrait.scores == {}


def test_a_decision_is_found_by_its_id():
    """Known, unknown, and with the table away."""
    of = sources()
    first, _, _ = answer(of)
    assert look_up(ANNA, "spring", guard(of), now_ms=NOW) == (first, True)
    assert look_up(ANNA, "autumn", guard(of), now_ms=NOW) is None
    away = look_up(ANNA, "spring", guard(sources(decisions=Broken())), now_ms=NOW)
    assert (away.decision.decision_id, away.decision.mail, away.recorded) == (first.decision_id, False, False)
