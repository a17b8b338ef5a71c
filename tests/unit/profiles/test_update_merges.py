"""`update_profiles`: anonymous ids become a user's, with all that was done and declared under them; never too many."""

from dataclasses import replace

import pytest

from addressee.profiles.ports import StateRow
from addressee.profiles.traits import trait_values
from addressee.profiles.update import Counts, update_profiles
from tests.fakes.watched import Watch
from tests.shoppers import (
    KEY,
    NOW_MS,
    fold,
    fresh_ports,
    message,
    order,
    record,
    state_of,
    user_subject,
    visitor_subject,
)

USER, VISITOR = user_subject("u"), visitor_subject("v")


@pytest.fixture
def ports():
    """Build ports in memory."""
    return fresh_ports()


@pytest.mark.parametrize(
    ("key", "login"),
    [
        ("u", message("identify", "login", userId="u", anonymousId="v")),
        ("v", message("identify", "login", userId="u", anonymousId="v")),
        ("u", message("alias", "login", userId="u", previousId="v")),
        ("u", order("login", userId="u", anonymousId="v")),
    ],
)
def test_an_anonymous_id_becomes_a_pointer_to_its_user(ports, key, login):
    """Merge what was anonymous; later events of the browser count for the user."""
    fold(ports, ("v", order("m1", anonymousId="v")))
    fold(ports, ("v", b""), ("u", b" "), (key, login), ("v", order("m2", anonymousId="v")))
    assert ports.store.rows[VISITOR].merged_into == USER
    assert state_of(ports, USER).orders == 2 + (b"Order" in login)
    assert ports.lake.distinct()[f"merge-{VISITOR}"]["subject"] == USER


def test_a_browser_logs_in_and_goes_on_anonymously_in_one_batch(ports):
    """Fold what comes before and after the login to the user, and never store the visitor's own state."""
    login = message("identify", "m2", userId="u", anonymousId="v")
    counts = fold(ports, ("v", order("m1", anonymousId="v")), ("v", login), ("v", order("m3", anonymousId="v")))
    assert counts == Counts(records=3, folded=3)
    assert state_of(ports, USER).orders == 2
    assert ports.store.rows[VISITOR].version == 0


def test_the_first_user_keeps_an_anonymous_id(ports):
    """Fold the second user's event, but do not give them the visitor."""
    fold(ports, ("v", order("m1", anonymousId="v")), ("u", message("identify", "m2", userId="u", anonymousId="v")))
    counts = fold(ports, ("w", order("m3", userId="w", anonymousId="v")), ("v", b"x"))
    assert counts.folded == 1
    assert ports.store.rows[VISITOR].merged_into == USER
    assert state_of(ports, user_subject("w")).orders == 1
    assert [row["subject"] for row in ports.lake.rows if row["kind"] == "merge"] == [USER]


def test_two_users_claim_one_visitor_in_one_batch(ports):
    """Give the visitor to the first."""
    fold(
        ports,
        ("u", message("identify", "m1", userId="u", anonymousId="v")),
        ("w", message("identify", "m2", userId="w", anonymousId="v")),
        ("v", order("m3", anonymousId="v")),
    )
    assert state_of(ports, USER).orders == 1
    assert state_of(ports, user_subject("w")).orders == 0


def test_what_a_visitor_declared_becomes_the_users(ports):
    """Carry traits and withdrawals over when they log in; the user's newer word stays."""
    fold(
        ports,
        ("v", message("identify", "m1", anonymousId="v", traits={"city": "Linz", "plan": "free"}, at_ms=NOW_MS - 9000)),
        (
            "v",
            message("page", "m2", anonymousId="v", context={"consent": {"categoryPreferences": {"marketing": False}}}),
        ),
    )
    fold(ports, ("u", message("identify", "m3", userId="u", anonymousId="v", traits={"city": "Graz"})))
    assert trait_values(ports.people.rows[USER, "traits"]) == {"city": "Graz", "plan": "free"}
    assert {"c_email", "c_marketing"} <= ports.people.rows[USER, "consent"].keys()


def visitors(count):
    """Let `count` browsers order, each with its own partition key."""
    return [(f"v{number}", order(f"m{number}", anonymousId=f"v{number}")) for number in range(count)]


def logins(count):
    """Let `count` browsers log in as the same user."""
    return [("u", message("alias", f"a{number}", userId="u", previousId=f"v{number}")) for number in range(count)]


@pytest.mark.parametrize("own", [0, 1])
def test_one_anonymous_id_too_many_goes_to_quarantine(ports, own):
    """Refuse the ninth merge within a day, whether or not the user's own id has been seen; the others are folded."""
    fold(ports, *visitors(10), *[("u", order(f"own{number}", userId="u")) for number in range(own)])
    records = [record(100 + number, key, data) for number, (key, data) in enumerate(logins(10))]
    counts = update_profiles(records, ports, key=KEY)
    assert (counts.folded, counts.quarantined) == (8, 2)
    assert {field for _, field in ports.quarantine.records.values()} == {"anonymousId"}
    assert state_of(ports, USER).orders == 8 + own
    assert not ports.store.rows[visitor_subject("v9")].merged_into
    assert "a9" not in ports.lake.distinct()


def test_a_ninth_anonymous_id_replaces_one_that_the_stream_has_forgotten(ports):
    """Merge it when the least recently used one is older than the stream's retention."""
    fold(ports, *visitors(9))
    fold(ports, *logins(8))
    later = replace(record(99, "u", logins(9)[8][1]), arrived_at_ms=NOW_MS + 25 * 3_600_000)
    assert update_profiles([later], ports, key=KEY).folded == 1
    assert state_of(ports, USER).orders == 9


def test_a_withdrawal_counts_even_where_its_record_is_quarantined(ports):
    """Nobody is mailed because of one id too many, or of a state that cannot be read."""
    fold(ports, *visitors(9))
    fold(ports, *logins(8))
    ports.store.rows[user_subject("w")] = StateRow(user_subject("w"), 3, b"damaged")
    strayed = message("track", "no1", userId="u", anonymousId="v8", event="Unsubscribed")
    damaged = message("track", "no2", userId="w", event="Unsubscribed")
    counts = update_profiles([record(99, "u", strayed), record(100, "w", damaged)], ports, key=KEY)
    assert (counts.folded, counts.quarantined) == (0, 2)
    for subject in (USER, user_subject("w")):
        assert ports.people.rows[subject, "consent"]["c_email"]["granted"] is False
        assert (subject, "traits") not in ports.people.rows


def test_a_visitor_merged_meanwhile_counts_for_the_user(ports):
    """Let the login of another shard win between read and write."""
    logging_in = iter([record(1, "u", message("alias", "login", userId="u", previousId="v"))])

    def meddle(_number, name):
        if name == "write" and (other := next(logging_in, None)):
            update_profiles([other], ports, key=KEY)

    counts = fold(Watch(before=meddle).ports(ports, "store"), ("v", order("m1", anonymousId="v")))
    assert counts.conflicts == 1
    assert state_of(ports, USER).orders == 1
