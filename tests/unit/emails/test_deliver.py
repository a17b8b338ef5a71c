"""One mail: what stops it, what is kept, and what is left behind by whoever dies on the way."""

from dataclasses import replace

import pytest

from addressee.decisions.campaign import Campaign
from addressee.decisions.ports import Unavailable
from addressee.emails.deliver import CampaignMissing, TouchesStayContended, deliver, recent
from addressee.emails.dispatch import dispatch
from addressee.emails.outcome import Outcome
from addressee.emails.ports import Mail, NotAccepted, OpenSlot, Rejected, SendKey
from addressee.emails.recheck import ConsentUnknown, quiet_until
from addressee.emails.send import slot_of
from addressee.profiles.consent import TOPIC
from addressee.profiles.hashing import item_hash
from addressee.profiles.state import State
from addressee.profiles.subject import address_hash
from tests.fakes.decisions import Broken
from tests.fakes.mailer import InMemoryMailer
from tests.fakes.watched import Crash, Watch, crash_at
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, NOON, campaign, somebody, subject
from tests.unit.emails.sending import KEY, NOW, ROW, World, replaced

PORTS = ("sends", "campaigns", "people", "suppressions", "touches", "mailer")
OURS = f"{subject(1)}.autumn"


class Always:
    """Quiet hours without an end."""

    def covers(self, hour):
        """Cover every hour."""
        return hour >= 0


def watched(ports, watch):
    """Put every port of a delivery under watch, those of the making too."""
    making = watch.ports(ports.making, "decisions", "catalogue", "champions", "renderer")
    return replace(watch.ports(ports, *PORTS), making=making)


def test_a_mail_goes_out_and_leaves_its_whole_trace():
    """Row, decision with the values of the mail, and the touch that other campaigns count."""
    world = World()
    assert world.deliver() == Outcome("sent", "message-1")
    (mail,) = world.mailer.mails
    assert mail == Mail("p1@example.com", b"p1@example.com: ['jam', 'tea']", {"send_id": OURS})
    row = world.sends.rows[ROW]
    assert (row.state, row.message_id, row.claim, row.slot) == ("sent", "message-1", "claim-1", "")
    assert (row.claimed_at_ms, row.sent_at_ms, row.settled_at_ms) == (NOW, NOW, NOW)
    assert world.decisions.values[ROW] == {row.content: mail.raw}
    assert world.decisions.rows[ROW].mail
    assert world.people.people[ROW.subject].touches == ((OURS, NOW),)


def test_a_mail_costs_two_writes_of_its_row_one_of_the_decision_and_one_of_the_touches():
    """Each write is charged."""
    world, watch = World(), Watch()
    world.deliver(ports=watched(world.delivery(), watch))
    assert [name for name in watch.names if name in {"move", "amend", "put_once", "keep_values", "note"}] == [
        *("put_once", "note", "move", "move")
    ]


def test_nothing_is_read_or_written_between_claim_and_call():
    """Whoever dies in between leaves the shortest possible doubt."""
    world, watch = World(), Watch()
    world.deliver(ports=watched(world.delivery(), watch))
    assert watch.names[-3:] == ["move", "send", "move"]


def test_a_message_that_comes_again_is_dropped():
    """Whatever the row has become, and where there is none."""
    world = World()
    world.deliver()
    assert world.deliver() == Outcome("dropped", "sent")
    assert world.deliver(SendKey(subject(7), "autumn")) == Outcome("dropped")
    assert len(world.mailer.mails) == 1


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"campaign": campaign(end_ms=NOW)}, "expired"),
        ({"status": "cancelled", "campaign": campaign(end_ms=NOW)}, "cancelled"),
    ],
)
def test_a_campaign_that_is_over_skips_its_mail(standing, reason):
    """The row is settled with the reason."""
    world = World()
    world.stand(**standing)
    assert world.deliver() == Outcome("skipped", reason)
    row = world.sends.rows[ROW]
    assert (row.state, row.reason, row.slot, row.settled_at_ms) == ("skipped", reason, "", NOW)


def test_a_paused_campaign_keeps_its_mail_for_later():
    """The message goes; the row stays queued and says that it has no message."""
    world = World()
    world.stand(status="paused")
    assert world.deliver() == Outcome("paused")
    row = world.sends.rows[ROW]
    assert (row.state, row.queued_at_ms, bool(row.slot)) == ("queued", 0, True)
    world.stand(status="running")
    assert world.deliver().what == "sent"


def test_a_campaign_that_does_not_exist_is_a_fault():
    """The message comes back, and ends among the dead letters."""
    world = World()
    world.campaigns.standings.clear()
    with pytest.raises(CampaignMissing):
        world.deliver()
    assert world.states() == [("queued", "")]


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"granted": False}, "consent"),
        ({"state": State(unsubscribed_ms=2)}, "consent"),
        ({"address": ""}, "no_address"),
        ({"withdrawn": frozenset({TOPIC + "offers"})}, "topic"),
        ({"paused_until_ms": NOW + 1}, "paused_by_person"),
        ({"state": State(bounced_ms=2)}, "bounced"),
        ({"state": State(complained_ms=2)}, "complained"),
        ({"touches": (("x.other", NOW - 1),)}, "cap"),
        ({"touches": tuple((f"x.{days}", NOW - days * DAY_MS) for days in (2, 3, 4))}, "cap"),
    ],
)
def test_what_became_of_the_person_since_stops_the_mail(person, reason):
    """Each with the word of the design; nothing is decided or sent."""
    world = World(campaign(rules={"topic": "offers"}))
    world.know(**person)
    assert world.deliver() == Outcome("skipped", reason)
    assert not world.mailer.mails
    assert not world.decisions.rows


def test_a_mail_whose_turn_comes_in_quiet_hours_is_put_off_until_they_end():
    """On the person's clock; its new slot is open, and it goes out there."""
    world = World()
    world.now_ms = NOON + 10 * HOUR_MS
    world.know(traits={"time_zone": "Asia/Kolkata"})
    assert world.deliver() == Outcome("put_off")
    row = world.sends.rows[ROW]
    eight_ms = NOON + 14 * HOUR_MS + HOUR_MS // 2
    assert (row.state, row.due_ms, row.queued_at_ms) == ("planned", eight_ms, 0)
    assert row.slot == slot_of(ROW.subject, eight_ms)
    assert world.campaigns.open_slots() == [OpenSlot(row.slot, "autumn")]
    assert world.deliver().what == "dropped"
    world.now_ms = eight_ms
    dispatch(world.dispatching(), now_ms=eight_ms, unknown_after_ms=DAY_MS)
    assert world.deliver().what == "sent"


def test_a_mail_that_could_only_go_out_in_quiet_hours_expires():
    """The window ends before they do; hours that are quiet around the clock hold nothing up."""
    world = World(campaign(end_ms=NOON + 19 * HOUR_MS))
    world.now_ms = NOON + 10 * HOUR_MS
    assert world.deliver() == Outcome("skipped", "expired")
    assert quiet_until(somebody(), Campaign("x", quiet_hours=Always()), now_ms=NOW) is None


def test_a_suppressed_address_gets_nothing():
    """By whatever way it came onto the list."""
    world = World()
    world.suppressions.suppress(address_hash("p1@example.com", key=KEY), reason="complaint", at_ms=1)
    assert world.deliver() == Outcome("skipped", "suppressed")


def test_somebody_who_was_merged_away_gets_no_mail_of_that_row():
    """Who answers for it has a row of their own."""
    world = World()
    world.people.pointers[subject(1)] = subject(2)
    assert world.deliver() == Outcome("skipped", "merged")


@pytest.mark.parametrize("port", ["people", "suppressions", "campaigns", "touches"])
def test_what_cannot_be_read_is_never_a_skip(port):
    """The message comes back."""
    world = World()
    with pytest.raises(TimeoutError):
        world.deliver(ports=replace(world.delivery(), **{port: Broken()}))
    assert world.states() == [("queued", "")]


def test_unknown_consent_is_never_a_skip():
    """Nor is it a yes."""
    world = World()
    world.know(granted=None)
    with pytest.raises(ConsentUnknown):
        world.deliver()
    assert world.states() == [("queued", "")]


class NoChampions:
    """A source without models, and why."""

    def __init__(self, fault):
        """Raise this."""
        self.fault = fault

    def current(self):
        """Raise."""
        raise self.fault


def deliver_without_models(world, fault):
    """Deliver a mail while the source of champions raises."""
    ports = world.delivery()
    return world.deliver(ports=replace(ports, making=replace(ports.making, champions=NoChampions(fault))))


def test_without_models_the_mail_goes_out_further_down_the_ladder():
    """Models are worth a rung, not a mail."""
    world = World()
    assert deliver_without_models(world, Unavailable("models")).what == "sent"
    assert world.decisions.rows[ROW].rung == "editorial"


def test_a_source_of_models_that_fails_otherwise_is_not_hidden():
    """Only `Unavailable` costs a rung; a bug is not taken for an outage, and the message comes back."""
    world = World()
    with pytest.raises(TypeError):
        deliver_without_models(world, TypeError("a bug"))
    assert world.states() == [("queued", "")]


def test_a_decision_that_was_given_out_before_stands():
    """It may lose products; the mail's values are kept beside it."""
    world = World()
    world.deliver()
    first = world.decisions.rows[ROW]
    world.sends.rows[ROW] = World.row()
    world.know(state=State(last_seen_ms=NOW, cart={}), touches=())
    world.champions.champions = replace(world.champions.champions, recommenders={})
    assert world.deliver().what == "sent"
    assert world.decisions.rows[ROW] is first
    assert world.mailer.mails[0] == world.mailer.mails[1]


def test_a_mail_rendered_otherwise_later_is_kept_beside_the_first():
    """Whichever of two attempts sent, what it sent is there."""
    world = World()
    world.deliver()
    world.sends.rows[ROW] = World.row()
    world.know(address="new@example.com")
    world.deliver()
    assert len(world.decisions.values[ROW]) == 2
    assert world.decisions.values[ROW][world.sends.rows[ROW].content] == world.mailer.mails[1].raw


def test_whoever_loses_the_race_for_the_decision_renders_the_winners():
    """And keeps the values of that."""
    world = World()
    ports = world.delivery()

    def beaten(own, fresh, **named):
        own(replace(fresh, products=fresh.products[:1]), content="other", values=b"other")
        return own(fresh, **named)

    making = replace(ports.making, decisions=replaced(world.decisions, put_once=beaten))
    assert world.deliver(ports=replace(ports, making=making)).what == "sent"
    assert world.mailer.mails[0].raw == b"p1@example.com: ['jam']"
    assert set(world.decisions.values[ROW]) == {"other", world.sends.rows[ROW].content}


def test_a_campaign_without_windows_of_its_own_has_the_installations():
    """What was bought yesterday is not shown again."""
    world = World()
    world.know(state=State(last_seen_ms=NOW, bought={item_hash("jam"): NOW // DAY_MS - 1}))
    ports = world.delivery()
    making = replace(ports.making, repurchase_days={"*": 30})
    world.deliver(ports=replace(ports, making=making))
    assert world.mailer.mails[0].raw == b"p1@example.com: ['milk', 'tea']"


def test_a_template_that_cannot_render_fails_the_row():
    """No mail, no claim, a named state."""
    world = World()
    world.renderer.broken.add("autumn")
    assert world.deliver() == Outcome("failed", "no title")
    assert world.states() == [("failed", "render")]


def test_two_campaigns_at_the_same_moment_cannot_both_pass_a_cap():
    """The one whose touch comes second reads the person again, and sees the first."""
    world = World(campaign("autumn"), campaign("winter"))
    other = SendKey(subject(1), "winter")
    outcomes = []

    def first_the_other(own, *given, **named):
        if not outcomes:
            outcomes.append(None)
            outcomes[0] = world.deliver(other)
        return own(*given, **named)

    ports = world.delivery()
    outcomes_of_ours = world.deliver(ports=replace(ports, touches=replaced(ports.touches, note=first_the_other)))
    assert (outcomes[0].what, outcomes_of_ours) == ("sent", Outcome("skipped", "cap"))
    assert len(world.mailer.mails) == 1


def test_a_person_whose_touches_never_hold_still_is_tried_again_later():
    """The message comes back; nothing was claimed."""
    world = World()
    ports = world.delivery()
    with pytest.raises(TouchesStayContended):
        world.deliver(ports=replace(ports, touches=replaced(ports.touches, note=lambda *_, **__: False)))
    assert world.states() == [("queued", "")]


def test_a_touch_of_this_moment_is_not_written_again():
    """A mail that was throttled writes it once a minute at most; an older one is renewed."""
    world = World()
    world.mailer = InMemoryMailer([NotAccepted("slow down"), NotAccepted("slow down")])
    world.deliver()
    world.now_ms += 30_000
    world.deliver()
    assert world.people.people[ROW.subject].touches_version == 1
    world.now_ms += 60_000
    world.deliver()
    person = world.people.people[ROW.subject]
    assert (person.touches, person.touches_version) == (((OURS, NOW + 90_000),), 2)


def test_touches_of_a_week_are_kept():
    """One's own last and once, the others in their order."""
    touches = (("a", NOW - 7 * DAY_MS), ("b", NOW - 7 * DAY_MS + 1), ("me", NOW - 5), ("c", NOW + 9))
    assert recent(touches, "me", NOW) == [("b", NOW - 7 * DAY_MS + 1), ("c", NOW + 9), ("me", NOW)]


def test_somebody_elses_claim_stands():
    """The message is dropped, whether the row was claimed before or between reading and claiming."""
    world = World()
    ports = world.delivery()

    def claimed_first(own, key, to, **named):
        if named.get("claim") == "claim-1":
            own(key, to, **{**named, "claim": "other"})
        return own(key, to, **named)

    ports = replace(ports, sends=replaced(world.sends, move=claimed_first))
    assert world.deliver(ports=ports) == Outcome("dropped", "claimed by another")
    assert (world.sends.rows[ROW].claim, world.mailer.mails) == ("other", [])


def test_a_claim_whose_answer_was_lost_is_ours_all_the_same():
    """One read tells; so does a repeat by the SDK, whose condition fails on our own write."""
    for repeat in (False, True):
        world = World()

        def lossy(own, key, to, *, repeat=repeat, **named):
            moved = own(key, to, **named)
            if to != "claimed":
                return moved
            if repeat:
                return own(key, to, **named)
            raise TimeoutError

        ports = replace(world.delivery(), sends=replaced(world.sends, move=lossy))
        assert world.deliver(ports=ports).what == "sent"
        assert len(world.mailer.mails) == 1


def test_a_claim_that_failed_comes_back():
    """Nothing was written: the message is not done."""
    world = World()

    def fail(own, key, to, **named):
        if to == "claimed":
            raise TimeoutError
        return own(key, to, **named)

    with pytest.raises(TimeoutError):
        world.deliver(ports=replace(world.delivery(), sends=replaced(world.sends, move=fail)))
    assert world.states() == [("queued", "")]


def test_nothing_is_claimed_when_time_is_short():
    """The message comes back: whoever is killed while waiting for an answer leaves a doubt for ever."""
    world = World()
    outcome = deliver(ROW, world.delivery(), now_ms=lambda: NOW, claim="a", claim_until_ms=NOW)
    assert outcome == Outcome("late", comes_back=True)
    assert (world.states(), world.mailer.mails) == ([("queued", "")], [])


def test_a_mail_that_was_not_accepted_is_queued_again():
    """The message comes back, and the next attempt has a claim of its own."""
    world = World()
    world.mailer = InMemoryMailer([NotAccepted("TooManyRequestsException")])
    assert world.deliver() == Outcome("throttled", "TooManyRequestsException", comes_back=True)
    row = world.sends.rows[ROW]
    assert (row.state, row.queued_at_ms, bool(row.slot)) == ("queued", NOW, True)
    assert world.deliver().what == "sent"
    assert (len(world.mailer.mails), world.sends.rows[ROW].claim) == (1, "claim-2")


def test_a_mail_that_was_rejected_has_failed():
    """For good."""
    world = World()
    world.mailer = InMemoryMailer([Rejected("MessageRejected")])
    assert world.deliver() == Outcome("rejected", "MessageRejected")
    assert world.states() == [("failed", "rejected")]


def test_a_mail_without_an_answer_stays_claimed():
    """It may have gone out: nobody sends it again, and the message is done."""
    world = World()
    world.mailer = InMemoryMailer([TimeoutError()])
    assert world.deliver() == Outcome("unanswered", "TimeoutError")
    assert world.states() == [("claimed", "")]
    assert world.deliver() == Outcome("dropped", "claimed")
    assert len(world.mailer.mails) == 1


@pytest.mark.parametrize("state", ["delivered", "bounced", "complained"])
def test_an_event_that_was_faster_than_its_answer_is_completed(state):
    """The state stays; what the event could not know is added."""
    world = World()

    def send(own, mail):
        answer = own(mail)
        world.sends.move(ROW, state, leaving=frozenset({"claimed"}))
        return answer

    assert world.deliver(ports=replace(world.delivery(), mailer=replaced(world.mailer, send=send))).what == "sent"
    row = world.sends.rows[ROW]
    assert (row.state, row.message_id, row.sent_at_ms) == (state, "message-1", NOW)


def test_a_late_answer_changes_nothing_of_somebody_elses_row():
    """A row that was given up and claimed anew belongs to the new claim."""
    world = World()

    def send(own, mail):
        answer = own(mail)
        world.sends.rows[ROW] = World.row(state="claimed", claim="newer")
        return answer

    world.deliver(ports=replace(world.delivery(), mailer=replaced(world.mailer, send=send)))
    row = world.sends.rows[ROW]
    assert (row.state, row.claim, row.message_id) == ("claimed", "newer", "")


@pytest.mark.parametrize("answer", [None, NotAccepted("x"), Rejected("x")])
def test_an_answer_is_written_down_three_times_before_it_is_given_up(answer):
    """The claim stays, as if there had been none."""
    world = World()
    world.mailer = InMemoryMailer([answer])
    tries = []

    def fail(own, key, to, **named):
        if to == "claimed":
            return own(key, to, **named)
        tries.append(to)
        raise TimeoutError

    outcome = world.deliver(ports=replace(world.delivery(), sends=replaced(world.sends, move=fail)))
    assert (outcome.what, len(tries), world.states()) == ("unrecorded", 3, [("claimed", "")])
    assert not outcome.comes_back


@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_dies_anywhere_sends_no_second_mail_and_loses_none(when):
    """Crash at every call in turn, then hand the message out again: one mail at most, and never none without a name.

    A crash is no fault: faults of models, of the claim and of SES are caught and looked into, whoever died looks into
    nothing. That is why `Crash` is no `Exception`: it ends the delivery wherever it strikes.
    """
    whole = Watch()
    world = World()
    world.deliver(ports=watched(world.delivery(), whole))
    claimed, accepted = whole.calls - 2, whole.calls - 1
    assert whole.names[claimed - 1 :] == ["move", "send", "move"]
    for number in range(1, whole.calls + 1):
        world = World()
        with pytest.raises(Crash):
            world.deliver(ports=watched(world.delivery(), Watch(**{when: crash_at(number)})))
        world.deliver()
        done = number if when == "after" else number - 1
        in_doubt = claimed <= done < whole.calls
        assert world.states() == [("claimed" if in_doubt else "sent", "")]
        assert len(world.mailer.mails) == (0 if claimed <= done < accepted else 1)
        assert world.deliver().what == "dropped"


def test_people_do_not_stand_in_each_others_way():
    """Nine people, nine mails."""
    world = World()
    world.hold(*(World.row(number=number) for number in range(1, 10)))
    assert {world.deliver(key).what for key in list(world.sends.rows)} == {"sent"}
    assert sorted(mail.to for mail in world.mailer.mails) == [somebody(number).address for number in range(1, 10)]
