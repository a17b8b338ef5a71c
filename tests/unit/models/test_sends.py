"""From mails in the lake to `Sends`: what was known the moment before, what people did after, by their own clocks."""

from contextlib import contextmanager
from datetime import date

import numpy as np

from addressee.models.examples import end_of
from addressee.models.local_hours import local_hours_of_week
from addressee.models.moments import features_at_moments
from addressee.models.prepare import load_people
from addressee.models.purchases import load_orders
from addressee.models.sends import Zone, read_sends
from addressee.models.tables import CLICKS_24H, CLICKS_72H, OPENS_24H
from addressee.profiles.features import FEATURE_NAMES
from tests.fakes.lake import DAY_MS, lake_of, link, mail, order

AS_OF = date(2026, 3, 31)
TODAY = (AS_OF - date(1970, 1, 1)).days
ANN, BOB, COOKIE = ("a" * 32, "b" * 32, "0" * 32)
OPENED, CLICKED = "Email Opened", "Email Link Clicked"
MONDAY = TODAY - 8  # the 23rd of March 2026 was a Monday; summer time begins in Europe on the 29th


@contextmanager
def ready(rows, *people):
    """Open a lake that holds what `read_sends` needs besides the rows."""
    with lake_of(rows) as lake:
        load_orders(lake, end_ms=end_of(TODAY))
        load_people(lake, people)
        yield lake


def sends(rows, *people, **how):
    """Return the mails to `people` (else to Ann and Bob)."""
    with ready(rows, *(people or (ANN, BOB))) as lake:
        return read_sends(lake, end_ms=end_of(TODAY), **how)


def column(name):
    """Return the place of a feature."""
    return FEATURE_NAMES.index(name)


def test_a_click_counts_for_the_hours_in_which_it_came():
    """One day is over after exactly a day, three after exactly three."""
    mails = [mail(ANN, f"mail-{place}", MONDAY + place / 9) for place in range(4)]
    clicks = [
        mail(ANN, f"mail-{place}", MONDAY + place / 9 + waited, CLICKED, label="human")
        for place, waited in enumerate((0.5, 1.0, 2.9, 3.0))
    ]
    found = sends([*mails, *clicks])
    assert found.labels[CLICKS_24H].tolist() == [True, False, False, False]
    assert found.labels[CLICKS_72H].tolist() == [True, True, True, False]
    assert not found.labels[OPENS_24H].any()
    assert all(known.all() for known in found.known.values())


def test_what_machines_do_is_not_seen():
    """A proxy opens, a scanner clicks, and of a third nobody knows: no label; a person's open is one."""
    rows = [
        mail(ANN, "spring", MONDAY),
        mail(ANN, "spring", MONDAY + 0.1, OPENED, label="machine"),
        mail(ANN, "spring", MONDAY + 0.2, CLICKED, label="machine"),
        mail(ANN, "spring", MONDAY + 0.3, CLICKED, label="unknown"),
        mail(BOB, "spring", MONDAY),
        mail(BOB, "spring", MONDAY + 0.4, OPENED, label="human"),
    ]
    found = sends(rows)
    assert found.labels[OPENS_24H].tolist() == [False, True]
    assert not (found.labels[CLICKS_24H] | found.labels[CLICKS_72H]).any()


def test_a_label_is_known_when_its_hours_are_over():
    """Of a mail of yesterday noon 24 hours are over at the end of today, 72 are not."""
    found = sends([mail(ANN, "spring", TODAY - 0.5)])
    assert {label: bool(values[0]) for label, values in found.known.items()} == {
        CLICKS_24H: True,
        CLICKS_72H: False,
        OPENS_24H: True,
    }


def test_a_click_of_another_mail_is_another_mails():
    """The send id tells them apart."""
    rows = [mail(ANN, "spring", MONDAY), mail(ANN, "may", MONDAY + 1)]
    found = sends([*rows, mail(ANN, "may", MONDAY + 1.1, CLICKED, label="human")])
    assert found.labels[CLICKS_24H].tolist() == [False, True]
    assert found.sent_ms.tolist() == [MONDAY * DAY_MS, (MONDAY + 1) * DAY_MS]


def test_features_are_of_the_moment_before_the_send():
    """An order a millisecond before counts; one at that moment, or one received later, does not."""
    before = 1 / DAY_MS
    rows = [order(ANN, MONDAY - before, "milk"), mail(ANN, "spring", MONDAY)]
    late = [order(ANN, MONDAY, "milk"), order(ANN, MONDAY - 3, "milk", received=MONDAY + 1)]
    found = sends(rows)
    assert found.features[0, column("orders_total")] == 1
    np.testing.assert_array_equal(sends([*rows, *late]).features, found.features)


def test_a_mail_of_nobody_known_has_the_features_of_the_empty_state():
    """An imported subscriber who never did anything."""
    found = sends([mail(ANN, "spring", MONDAY)])
    assert found.features[0, column("orders_total")] == 0


def test_a_mail_counts_once_and_for_whom_it_belongs_to_now():
    """A second copy of `Email Sent` is none; the cookie's mail is Bob's by now, with the cookie's features of then."""
    rows = [
        order(COOKIE, MONDAY - 3, "milk"),
        order(BOB, MONDAY - 4, "milk"),
        order(BOB, MONDAY - 5, "milk"),
        mail(COOKIE, "spring", MONDAY),
        mail(COOKIE, "spring", MONDAY + 0.01),
        link(COOKIE, BOB, MONDAY + 2),
    ]
    found = sends(rows, BOB)
    assert found.subject.tolist() == [0]
    assert found.features[0, column("orders_total")] == 1
    assert sends([*rows, mail(COOKIE, "may", MONDAY + 3)], BOB).features[1, column("orders_total")] == 3


def test_mails_that_nobody_can_follow_are_left_out():
    """Another sender's mail without a send id, and one that was received after `as_of`."""
    foreign = {**mail(ANN, "spring", MONDAY), "send_id": ""}
    found = sends([order(ANN, MONDAY - 1, "milk"), foreign, mail(ANN, "may", TODAY - 1, received=TODAY + 1)])
    assert len(found.subject) == 0
    assert found.features.shape[1] > 50


def test_hours_are_those_of_the_persons_clock():
    """What was declared by then, else what a device told by then, else the default."""
    nine_utc = MONDAY + 9 / 24
    visit = {**order(ANN, MONDAY - 2, "milk"), "time_zone": "America/New_York"}
    later = {**order(ANN, MONDAY + 2, "milk"), "time_zone": "Asia/Tokyo"}
    rows = [visit, later, mail(ANN, "spring", nine_utc), mail(BOB, "spring", nine_utc), mail(ANN, "may", nine_utc + 7)]
    assert sends(rows, default_zone="Europe/Berlin").hour_of_week.tolist() == [5, 10, 18]

    def declared(day):
        return [Zone(ANN, "Europe/Paris", day * DAY_MS)]

    assert sends(rows, zones=declared(MONDAY - 9)).hour_of_week.tolist() == [10, 9, 11]
    assert sends(rows, zones=declared(MONDAY + 3)).hour_of_week.tolist() == [5, 9, 11]


def test_clocks_know_summer_time_half_hours_and_nonsense():
    """Berlin before and after the change; Kathmandu is 5:45 ahead; what is no zone counts as the default."""
    noon = np.array([MONDAY + 0.5, MONDAY + 7.5, MONDAY + 0.5, MONDAY + 0.5, MONDAY + 6.99], np.float64)
    zones = ["Europe/Berlin", "Europe/Berlin", "Asia/Kathmandu", "../etc", "Nowhere/Atall"]
    hours = local_hours_of_week((noon * DAY_MS).astype(np.int64), zones, default="")
    assert hours.tolist() == [13, 14, 17, 12, 167]
    assert local_hours_of_week(np.empty(0, np.int64), []).tolist() == []


def test_of_too_many_mails_people_stay_with_all_of_theirs():
    """The cap draws people by hash."""
    people = [f"{number:032x}" for number in range(40)]
    rows = [mail(person, f"mail-{number}", MONDAY + number / 9) for person in people for number in range(3)]
    with ready(rows, *people) as lake:
        whole = read_sends(lake, end_ms=end_of(TODAY))
        some = read_sends(lake, end_ms=end_of(TODAY), most=50)
    assert len(whole.subject) == 120
    assert len(some.subject) == 48
    assert set(np.bincount(some.subject)) <= {0, 3}


def test_batches_of_moments_give_what_one_query_gives():
    """Moments that would be too much for one query are parted, in order."""
    rows = [order(ANN, MONDAY, "milk"), order(BOB, MONDAY + 1, "milk"), order(BOB, MONDAY + 3, "milk")]
    asked = "CREATE TABLE asked AS SELECT * FROM (VALUES ($ann, $at_ms), ($bob, $at_ms)) asked(subject, as_of_ms)"
    with lake_of(rows) as lake:
        lake.execute(asked, {"ann": ANN, "bob": BOB, "at_ms": (MONDAY + 2) * DAY_MS})
        whole, parts = features_at_moments(lake), features_at_moments(lake, rows_per_query=1)
    np.testing.assert_array_equal(whole, parts)
    assert whole[:, column("orders_total")].tolist() == [1, 1]
