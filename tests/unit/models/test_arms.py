"""The arms of a canary, counted from mails and decisions."""

from dataclasses import replace

import numpy as np
import pytest

from addressee.models.arms import Asked, count_arms
from addressee.models.registry import Pointer, in_canary
from addressee.models.tables import CLICKS_72H, no_sends
from tests.models.generated import generate

SINCE = 1_000_000
POINTER = Pointer("2026-01-01-a", challenger="2026-01-08-b", canary_share=0.3, since_ms=SINCE)


@pytest.fixture(scope="module")
def tables():
    """Send two mails to everybody since the canary began, one before, one whose hours are not over; all clicked."""
    made = generate(people=100)
    subject = np.repeat(np.arange(100, dtype=np.int32), 4)
    sent_ms = np.tile(np.array([SINCE - 1, SINCE, SINCE + 5, SINCE + 9]), 100)
    empty = no_sends(1)
    known = dict.fromkeys(empty.known, sent_ms < SINCE + 9)
    labels = dict.fromkeys(empty.labels, sent_ms == SINCE)
    sends = replace(empty, features=np.zeros((400, 1)), subject=subject, sent_ms=sent_ms, labels=labels, known=known)
    return replace(made, sends=sends)


def test_mails_since_the_canary_whose_hours_are_over_count_by_arm(tables):
    """Nobody is in both arms, and everybody is in one."""
    chosen = sum(in_canary(subject, "discover", POINTER.challenger, 0.3) for subject in tables.subjects)
    arms = count_arms("discover", POINTER, tables, [])
    assert (arms.challenger.mails, arms.challenger.clicks) == (2 * chosen, chosen)
    assert (arms.champion.mails, arms.champion.clicks) == (2 * (100 - chosen), 100 - chosen)
    assert tables.sends.known[CLICKS_72H].sum() == 300


def test_decisions_since_then_that_asked_the_kind_count_by_arm(tables):
    """A model that could not even be loaded was asked, too; other kinds' faults are not this one's."""
    mine, other = frozenset({"discover"}), frozenset({"buy_again"})
    decisions = [
        each
        for subject in tables.subjects
        for each in (
            Asked(subject, SINCE, mine, other),
            Asked(subject, SINCE + 1, frozenset(), mine),
            Asked(subject, SINCE - 1, mine, mine),
            Asked(subject, SINCE, other, frozenset()),
        )
    ]
    arms = count_arms("discover", POINTER, tables, decisions)
    assert arms.champion.decisions + arms.challenger.decisions == 200
    for arm in arms:
        assert arm.faults * 2 == arm.decisions > 0
