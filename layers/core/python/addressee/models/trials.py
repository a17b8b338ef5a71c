"""Plans of campaigns and orders -> `Trials`: who was to be mailed, who was held out by chance, and who then bought.

Works on a connection that has `events`, what `load_orders` creates, and `people` (person, subject: the index).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.delays import NO_DELAYS, Delays
from addressee.models.moments import features_at_moments
from addressee.models.purchases import DAY_MS
from addressee.models.tables import TRIAL_DAYS, Trials, no_trials
from addressee.profiles.features import EVENT_FEATURE_NAMES

MAX_TRIALS = 100_000
LEAST_SHARE = 0.01
"""A campaign with fewer than that in either group compares nobody: without a holdout, or with hardly any."""
HOLDOUT = "holdout"
"""The reason by which a plan says so; any other reason is no assignment."""


class Plan(NamedTuple):
    """A part of a campaign's plan: of each recipient the subject, when the mail is due, and why there is none."""

    campaign: str
    planned_at_ms: int
    recipients: Sequence[tuple[str, int, str]]


_ASSIGNED = """
CREATE OR REPLACE TEMP TABLE assigned
  (campaign VARCHAR, subject VARCHAR, due_ms BIGINT, mailed BOOLEAN)
"""
_ADD = """
INSERT INTO assigned
SELECT $campaign, unnest($subjects::VARCHAR[]), unnest($due_ms::BIGINT[]), unnest($mailed::BOOLEAN[])
"""

_TRIALS = """
CREATE OR REPLACE TEMP TABLE trials AS
WITH campaigns AS (
    SELECT campaign, min(due_ms) FILTER (mailed) // $day_ms * $day_ms AS start_ms FROM assigned GROUP BY campaign
),
seen AS (
    SELECT coalesce(links.person, events.subject) AS person,
           min(greatest(events.received_at_ms, coalesce(links.received_at_ms, 0))) AS seen_ms
    FROM events LEFT JOIN links ON links.anonymous_subject = events.subject WHERE events.kind <> 'merge' GROUP BY ALL
),
owned AS (
    SELECT campaigns.start_ms, campaigns.campaign, people.person, people.subject AS place,
           arg_min(assigned.mailed, assigned.subject) AS mailed
    FROM assigned JOIN campaigns USING (campaign) LEFT JOIN links ON links.anonymous_subject = assigned.subject
    JOIN people ON people.person = coalesce(links.person, assigned.subject)
    JOIN seen ON seen.person = people.person AND seen.seen_ms < campaigns.start_ms
    WHERE campaigns.start_ms < $end_ms
    GROUP BY ALL
),
parted AS (
    SELECT * FROM (SELECT *, avg(mailed::INTEGER) OVER (PARTITION BY campaign) AS share FROM owned)
    WHERE share BETWEEN $least AND 1 - $least
),
chosen AS (
    SELECT person FROM (
        SELECT person, sum(count(*)) OVER (ORDER BY sha256(person)) AS total FROM parted GROUP BY person
    ) WHERE total <= $most
)
SELECT * FROM parted SEMI JOIN chosen USING (person)
"""

_ASKED = "CREATE OR REPLACE TEMP TABLE asked AS SELECT person AS subject, start_ms - 1 AS as_of_ms FROM trials"

_ROWS = """
WITH spent AS (
    SELECT trials.campaign, trials.person, sum(greatest(orders.amount_minor_units, 0))::BIGINT AS revenue
    FROM trials JOIN orders ON orders.person = trials.person AND orders.event_time_ms >= trials.start_ms
      AND orders.event_time_ms < trials.start_ms + $outcome_ms
    GROUP BY ALL
)
SELECT trials.place AS subject, (trials.start_ms // $day_ms)::INTEGER - 1 AS day, moments.moment, trials.mailed,
       trials.share, spent.revenue IS NOT NULL AS bought, coalesce(spent.revenue, 0) AS revenue_minor_units
FROM trials JOIN moments ON moments.subject = trials.person AND moments.as_of_ms = trials.start_ms - 1
LEFT JOIN spent ON spent.campaign = trials.campaign AND spent.person = trials.person
ORDER BY trials.start_ms, trials.place, trials.campaign
"""


def read_trials(
    lake: DuckDBPyConnection,
    plans: Iterable[Plan],
    *,
    end_ms: int,
    most: int = MAX_TRIALS,
    delays: Delays = NO_DELAYS,
) -> Trials:
    """Return a row for each person and campaign whose first mail was due before `end_ms`, at most `most` rows.

    `mailed` is the assignment, whatever became of the mail (intention to treat). Everybody of a campaign has the same
    `day`, the one before its first mail is due, so that features and outcome do not depend on the assignment; and
    whoever had not been seen by then is left out, since the mail itself would bring only the mailed into the lake. So
    is a campaign that held out fewer than `LEAST_SHARE`: its people, chosen by whoever planned it, would be compared
    with those of others. An outcome is known once hardly any of its orders is still to come (`delays`). Of more rows
    than `most`, people are chosen by a hash of who they are.
    """
    lake.execute(_ASSIGNED)
    for plan in plans:
        _add(lake, plan, end_ms)
    if lake.execute("SELECT 1 FROM assigned LIMIT 1").fetchone() is None:
        return no_trials(len(EVENT_FEATURE_NAMES))
    lake.execute(_TRIALS, {"day_ms": DAY_MS, "end_ms": end_ms, "most": most, "least": LEAST_SHARE})
    lake.execute(_ASKED)
    features = features_at_moments(lake)
    rows = lake.execute(_ROWS, {"outcome_ms": TRIAL_DAYS * DAY_MS, "day_ms": DAY_MS}).fetchnumpy()
    return Trials(
        features=features[rows["moment"]],
        subject=rows["subject"].astype(np.int32),
        day=rows["day"].astype(np.int32),
        mailed=rows["mailed"].astype(np.bool_),
        share=rows["share"].astype(np.float64),
        bought=rows["bought"].astype(np.bool_),
        revenue_minor_units=rows["revenue_minor_units"].astype(np.int64),
        known=(rows["day"].astype(np.int64) + 1 + TRIAL_DAYS + delays.wait_days(TRIAL_DAYS)) * DAY_MS <= end_ms,
    )


def _add(lake: DuckDBPyConnection, plan: Plan, end_ms: int) -> None:
    rows = [each for each in plan.recipients if each[2] in {"", HOLDOUT}] if plan.planned_at_ms < end_ms else []
    if rows:
        given = {
            "campaign": plan.campaign,
            "subjects": [subject for subject, _, _ in rows],
            "due_ms": [due_ms for _, due_ms, _ in rows],
            "mailed": [not reason for _, _, reason in rows],
        }
        lake.execute(_ADD, given)
