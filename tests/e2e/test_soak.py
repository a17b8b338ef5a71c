"""A campaign for 2,000 people that is paused while a worker dies in full flight: everybody settled, no mail twice."""

import sys
import time
from collections import Counter

import pytest

from tests.e2e.conftest import CONTEXT
from tests.e2e.mailing import Mailing, send_id
from tests.e2e.stack import until

PEOPLE = 2_000
HANGING = 4
SILENT = 6
SENT_BEFORE = 500
SETTLING_SECONDS = float(CONTEXT["send_timeout_seconds"])
"""After a pause: whatever began before it has ended by then."""
STILL_SECONDS = 10.0
END_SECONDS = 900.0
LOOK_SECONDS = 5.0
"""Reading 2,000 rows costs the emulator as much as some mails do."""
BATCHES_IN_FLIGHT = 2 * 10


@pytest.mark.soak
def test_two_thousand_people_a_pause_a_killed_worker_and_no_mail_twice(
    mailing: Mailing, capsys: pytest.CaptureFixture[str]
):
    """Mails whose answer and events never come end `unknown` by the schedule, and are not repeated."""
    began = time.monotonic()
    words = ["slow30-silent"] * HANGING + ["silent"] * SILENT + ["reader"] * (PEOPLE - HANGING - SILENT)
    crowd = mailing.gather(*words)
    campaign = mailing.plan(crowd)
    mailing.dispatch()
    until(lambda: len(mailing.mails(campaign)) >= SENT_BEFORE, seconds=END_SECONDS, every=1.0)
    assert mailing.kill("send_email")
    mailing.move(campaign, "pause")
    time.sleep(SETTLING_SECONDS)
    paused = len(mailing.mails(campaign))
    time.sleep(STILL_SECONDS)
    assert SENT_BEFORE <= paused == len(mailing.mails(campaign)) < PEOPLE
    mailing.move(campaign, "resume")
    rows = mailing.settled(campaign, crowd, seconds=END_SECONDS, every=LOOK_SECONDS)
    mails = Counter(send_id(mail) for mail in mailing.mails(campaign))
    states = Counter(row.state for row in rows.values())
    with capsys.disabled():
        seconds = time.monotonic() - began
        sys.stdout.write(f"\n{PEOPLE} recipients in {seconds:.0f} s: {dict(states)}, {mails.total()} mails\n")
    assert max(mails.values()) == 1
    assert len(rows) == states["delivered"] + states["sent"] + states["unknown"] == PEOPLE
    assert all(mails[row.send_id] for row in rows.values() if row.state != "unknown")
    hanging = [rows[each.subject] for each in crowd.recipients if each.user_id.startswith("slow30-silent")]
    assert {(row.state, mails[row.send_id]) for row in hanging} == {("unknown", 1)}
    assert HANGING <= states["unknown"] <= HANGING + BATCHES_IN_FLIGHT
    said = mailing.status(campaign)
    assert (said["finished"], said["settled"], said["recipients"]) == (True, PEOPLE, PEOPLE)
