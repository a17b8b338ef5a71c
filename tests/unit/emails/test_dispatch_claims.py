"""Every minute: claims that are too old become unknown, of paused campaigns too, and how little is read for that."""

from dataclasses import replace

from addressee.emails.dispatch import MOST_WATCHED
from addressee.emails.send import slot_of
from tests.fakes.watched import Watch
from tests.unit.emails.campaigns import DAY_MS, HOUR_MS, MINUTE_MS, NOON, campaign, subject
from tests.unit.emails.sending import SLOT, World

row = World.row


def test_old_claims_become_unknown():
    """Younger ones and those of somebody else by now stay."""
    world = World()
    world.now_ms = NOON + DAY_MS
    world.hold(
        row(state="claimed", claim="a", claimed_at_ms=NOON),
        row(state="claimed", number=2, slot=SLOT, claim="b", claimed_at_ms=NOON + 1),
    )
    assert world.dispatch().unknown == 1
    assert sorted(world.states()) == [("claimed", ""), ("unknown", "")]
    given_up = next(each for each in world.sends.rows.values() if each.state == "unknown")
    assert (given_up.slot, given_up.settled_at_ms) == ("", world.now_ms)


def test_a_claim_that_changed_hands_is_not_given_up():
    """It was read as old, and is another by now."""
    world = World()
    world.now_ms = NOON + DAY_MS
    old = row(state="claimed", claim="a", claimed_at_ms=NOON)
    world.hold(replace(old, claim="b", claimed_at_ms=world.now_ms))
    world.sends.get_many = lambda keys, **_: dict.fromkeys(keys, old)
    assert world.dispatch().unknown == 0


def test_a_campaign_that_says_so_sends_an_unknown_mail_again():
    """It keeps its slot until it is queued; another campaign's unknown mail has none."""
    world = World(campaign(resend="unknown"))
    world.now_ms = NOON + DAY_MS
    world.hold(row(state="claimed", claim="a", claimed_at_ms=NOON))
    assert world.dispatch().unknown == 1
    world.now_ms += MINUTE_MS
    assert world.dispatch().resent == 1
    assert (world.states(), world.queued()) == ([("queued", "")], [("autumn", 1)])


def test_a_campaign_that_ends_leaves_its_unknown_mails_alone():
    """What was to be sent again is not looked for any more."""
    world = World(campaign(resend="unknown"))
    world.hold(row(state="unknown"), row(state="claimed", number=2, slot=SLOT, claim="a", claimed_at_ms=NOON))
    world.now_ms = NOON + 3 * DAY_MS
    assert world.dispatch().unknown == 1
    assert [each.slot for each in world.sends.rows.values()] == ["", ""]
    assert world.states() == [("unknown", ""), ("unknown", "")]


def test_a_paused_campaign_stands_still():
    """Nothing is queued, skipped or read but what may hold an old claim."""
    world = World(status="paused")
    world.hold(row(state="planned"), row(number=2, slot=SLOT, queued_at_ms=0))
    watch = Watch()
    world.dispatch(watch.ports(world.dispatching(), "sends"))
    assert (watch.calls, world.queue.messages) == (0, [])
    world.now_ms = NOON + 25 * HOUR_MS
    world.hold(row(state="claimed", claim="a", claimed_at_ms=NOON), row(state="planned", number=2, slot=SLOT))
    assert world.dispatch().unknown == 1


def test_watching_ends_at_a_page_of_planned_rows():
    """A paused campaign with a great many rows costs little."""
    world = World(status="paused")
    world.now_ms = NOON + 25 * HOUR_MS
    world.hold(*(row(state="planned", number=number, slot=SLOT) for number in range(350)))
    watch = Watch()
    world.dispatch(watch.ports(world.dispatching(), "sends"))
    assert watch.names == ["due", "get_many"]


def test_of_many_slots_another_part_is_watched_every_minute():
    """All of them in turn."""
    world = World(campaign(end_ms=NOON + 9 * DAY_MS), status="paused")
    world.now_ms = NOON + 2 * DAY_MS
    slots = [slot_of(subject(1), NOON + minute * MINUTE_MS) for minute in range(2 * MOST_WATCHED + 1)]
    world.hold(*(row(state="planned", number=place, slot=slot) for place, slot in enumerate(slots)))
    seen = []
    due = world.sends.due
    world.sends.due = lambda slot, *given, **named: (seen.append(slot), due(slot, *given, **named))[1]
    for _ in range(3):
        world.dispatch()
        assert len(seen) <= MOST_WATCHED * 3
        world.now_ms += MINUTE_MS
    assert set(seen) == set(slots)
