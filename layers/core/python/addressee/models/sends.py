"""Mails in the lake -> `Sends`: who got one when, what was known the moment before, and what people did with it.

Works on a connection that has `events`, `links` (`load_orders`) and `people` (person, subject: the index).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from duckdb import DuckDBPyConnection

from addressee.models.local_hours import local_hours_of_week
from addressee.models.moments import features_at_moments
from addressee.models.tables import CLICKS_24H, CLICKS_72H, OPENS_24H, SEND_HORIZON_HOURS, Flags, Ints, Sends, no_sends
from addressee.profiles.features import EVENT_FEATURE_NAMES

MAX_SENDS = 100_000
HOUR_MS = 3_600_000
SENT, OPENED, CLICKED, HUMAN = "Email Sent", "Email Opened", "Email Link Clicked", "human"
DID = {CLICKS_24H: "clicked_ms", CLICKS_72H: "clicked_ms", OPENS_24H: "opened_ms"}
_NEVER = 2**62


class Zone(NamedTuple):
    """A time zone that a person declared, and when."""

    person: str
    name: str
    at_ms: int


_SENT = """
CREATE OR REPLACE TEMP TABLE sent AS
WITH mails AS (
    SELECT send_id, arg_min(subject, (event_time_ms, message_id)) AS subject, min(event_time_ms) AS sent_ms
    FROM events WHERE kind = 'track' AND name = $sent AND send_id <> '' AND received_at_ms < $end_ms GROUP BY send_id
),
owned AS (
    SELECT mails.send_id, mails.sent_ms, people.person, people.subject AS place,
           CASE WHEN links.received_at_ms < mails.sent_ms THEN links.person ELSE mails.subject END AS subject
    FROM mails LEFT JOIN links ON links.anonymous_subject = mails.subject
    JOIN people ON people.person = coalesce(links.person, mails.subject)
),
chosen AS (
    SELECT person FROM (
        SELECT person, sum(count(*)) OVER (ORDER BY sha256(person)) AS total FROM owned GROUP BY person
    ) WHERE total <= $most
)
SELECT * FROM owned SEMI JOIN chosen USING (person)
"""

_ASKED = "CREATE OR REPLACE TEMP TABLE asked AS SELECT subject, sent_ms - 1 AS as_of_ms FROM sent"

_DECLARED = """
CREATE OR REPLACE TEMP TABLE declared AS
SELECT unnest($person::VARCHAR[]) AS person, unnest($name::VARCHAR[]) AS zone, unnest($at_ms::BIGINT[]) AS at_ms
"""

_ROWS = """
WITH engaged AS (
    SELECT send_id, min(event_time_ms) FILTER (name = $opened) AS opened_ms,
           min(event_time_ms) FILTER (name = $clicked) AS clicked_ms
    FROM events SEMI JOIN sent USING (send_id)
    WHERE kind = 'track' AND name IN ($opened, $clicked) AND label = $human AND received_at_ms < $end_ms
    GROUP BY send_id
),
told AS (
    SELECT coalesce(links.person, events.subject) AS person, events.time_zone AS zone,
           greatest(events.received_at_ms, coalesce(links.received_at_ms, 0)) AS known_ms,
           events.event_time_ms, events.message_id
    FROM events LEFT JOIN links ON links.anonymous_subject = events.subject
    WHERE events.time_zone <> '' AND events.received_at_ms < $end_ms
),
zones AS (
    SELECT person, known_ms, arg_max(zone, (event_time_ms, message_id)) AS zone
    FROM told SEMI JOIN sent USING (person) GROUP BY person, known_ms
)
SELECT sent.place AS subject, sent.sent_ms, moments.moment,
       coalesce(declared.zone, zones.zone, '') AS zone,
       greatest(coalesce(engaged.opened_ms, $never) - sent.sent_ms, 0) AS opened_ms,
       greatest(coalesce(engaged.clicked_ms, $never) - sent.sent_ms, 0) AS clicked_ms
FROM sent JOIN moments ON moments.subject = sent.subject AND moments.as_of_ms = sent.sent_ms - 1
LEFT JOIN engaged ON engaged.send_id = sent.send_id
LEFT JOIN declared ON declared.person = sent.person AND declared.at_ms < sent.sent_ms
ASOF LEFT JOIN zones ON zones.person = sent.person AND zones.known_ms < sent.sent_ms
ORDER BY sent.sent_ms, sent.place, sent.send_id
"""


def read_sends(
    lake: DuckDBPyConnection,
    *,
    end_ms: int,
    zones: Iterable[Zone] = (),
    default_zone: str = "UTC",
    most: int = MAX_SENDS,
) -> Sends:
    """Return the mails that were sent and received before `end_ms` (exclusive), at most `most` of them.

    Of more, people are chosen by a hash of who they are, each with all their mails. A mail without a send id is left
    out: nobody could say what became of it. The local hour is by the zone that the person had declared by then
    (`zones`, at most one a person), else by the last one that a device had told by then, else by `default_zone`.
    """
    lake.execute(_SENT, {"sent": SENT, "end_ms": end_ms, "most": most})
    if lake.execute("SELECT 1 FROM sent LIMIT 1").fetchone() is None:
        return no_sends(len(EVENT_FEATURE_NAMES))
    lake.execute(_ASKED)
    features = features_at_moments(lake)
    declared = list(zones)
    lake.execute(_DECLARED, {name: [getattr(zone, name) for zone in declared] for name in Zone._fields})
    given = {"opened": OPENED, "clicked": CLICKED, "human": HUMAN, "end_ms": end_ms, "never": _NEVER}
    rows = lake.execute(_ROWS, given).fetchnumpy()
    return Sends(
        features=features[rows["moment"]],
        subject=rows["subject"].astype(np.int32),
        sent_ms=rows["sent_ms"].astype(np.int64),
        hour_of_week=local_hours_of_week(rows["sent_ms"], rows["zone"].tolist(), default=default_zone),
        **_labels(rows, end_ms),
    )


def _labels(rows: Mapping[str, Ints], end_ms: int) -> dict[str, dict[str, Flags]]:
    horizons = {label: hours * HOUR_MS for label, hours in SEND_HORIZON_HOURS.items()}
    return {
        "labels": {label: rows[DID[label]] < horizon for label, horizon in horizons.items()},
        "known": {label: rows["sent_ms"] + horizon <= end_ms for label, horizon in horizons.items()},
    }
