"""A simulated lake of any size for the suite `features`: one compacted Parquet file a day, drawn from hashes alone."""

from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent.parent / ".build" / "bench-features-context"
DAYS = 90
FIRST_DAY = 20_400
EVENTS_A_SUBJECT = 100
EVENTS_A_VISIT = 4
DAY_MS = 86_400_000
END_MS = (FIRST_DAY + DAYS) * DAY_MS - 1

_NAMES = """
CASE WHEN p < 18 THEN 'Visited' WHEN p < 60 THEN 'Product Viewed' WHEN p < 70 THEN 'Product Added'
    WHEN p < 72 THEN 'Product Removed' WHEN p < 77 THEN 'Order Completed' WHEN p < 78 THEN 'Order Refunded'
    WHEN p < 87 THEN 'Email Delivered' WHEN p < 97 THEN 'Email Opened' ELSE 'Email Link Clicked' END
"""

_EVENTS = f"""
WITH numbers AS (
    SELECT i, i // {EVENTS_A_VISIT} AS visit, hash(i, 'name') % 100 AS p FROM range($first::BIGINT, $last::BIGINT) t(i)
),
drawn AS (
    SELECT *, hash(visit, 'who') % 1000003 / 1000003.0 AS who, hash(visit, 'when') % 1000003 / 1000003.0 AS moment
    FROM numbers
),
named AS (
    SELECT i, visit, {_NAMES} AS name, floor(pow(who, 1.7) * $subjects)::BIGINT AS person,
        $day::BIGINT * {DAY_MS} + (({DAY_MS} - 4000000) * (0.3 + 0.7 * moment))::BIGINT
            + (i % {EVENTS_A_VISIT}) * (hash(i, 'pause') % 400000)::BIGINT AS received_at_ms,
        CASE WHEN hash(i, 'late') % 100 = 0 THEN (hash(i, 'by') % (3 * {DAY_MS}))::BIGINT ELSE 1500 END AS late_ms,
        (1 + hash(i, 'lines') % 3)::BIGINT AS size, (hash(i, 'item') % 20000)::BIGINT AS item
    FROM drawn
),
rows AS (
    SELECT md5(i::VARCHAR) AS message_id, hash(i, 'copy') % 200 = 0 AS is_copied,
        md5(CASE WHEN hash(i, 'visitor') % 20 = 0 THEN 'visitor ' || person ELSE 'user ' || person END) AS subject,
        '' AS anonymous_subject, CASE WHEN name = 'Visited' THEN 'page' ELSE 'track' END AS kind, name,
        received_at_ms - late_ms AS event_time_ms, received_at_ms, '' AS order_id,
        CASE WHEN name LIKE 'Order%' THEN (500 + hash(i, 'amount') % 20000)::BIGINT ELSE 0 END AS amount_minor_units,
        'EUR' AS currency,
        CASE WHEN name LIKE 'Product%' OR name = 'Order Completed' THEN
            [{{'item_id': 'item-' || (item * each % 20000), 'category': 'category ' || (item * each % 40),
              'quantity': each, 'amount_minor_units': 100 + item * each % 3000}}
             FOR each IN range(1, 1 + CASE WHEN name = 'Order Completed' THEN size ELSE 1 END)] ELSE [] END AS lines,
        CASE WHEN name LIKE 'Email%' THEN 'other-' || (i // 2) ELSE '' END AS send_id, '' AS campaign,
        CASE WHEN name LIKE 'Email O%' AND hash(i, 'label') % 4 = 0 THEN 'machine' ELSE '' END AS label,
        CASE WHEN name LIKE 'Email%' THEN ''
            ELSE ['desktop', 'ios', 'mobile'][1 + (hash(visit, 'device') % 3)::BIGINT] END AS device,
        CASE WHEN name LIKE 'Email%' THEN '' ELSE ['de-AT', 'en-GB', 'fr', ''][1 + (person % 4)] END AS locale,
        '' AS time_zone
    FROM named
),
copies AS (SELECT * REPLACE (received_at_ms + 60000 AS received_at_ms) FROM rows WHERE is_copied),
merges AS (
    SELECT 'merge-' || md5('visitor ' || person) AS message_id, md5('user ' || person) AS subject,
        md5('visitor ' || person) AS anonymous_subject, 'merge' AS kind, '' AS name,
        max(received_at_ms) AS event_time_ms, max(received_at_ms) AS received_at_ms, '' AS order_id,
        0 AS amount_minor_units, '' AS currency, [] AS lines, '' AS send_id, '' AS campaign, '' AS label, '' AS device,
        '' AS locale, '' AS time_zone
    FROM named WHERE person % {DAYS} = $day % {DAYS} AND person % 3 > 0 GROUP BY person
)
SELECT * EXCLUDE (is_copied) FROM (FROM rows UNION ALL FROM copies) UNION ALL BY NAME FROM merges
ORDER BY subject, event_time_ms, message_id, received_at_ms
"""  # noqa: S608  # constants


def lake_files(events: int) -> list[Path]:
    """Return the files of a lake of about `events` rows received on `DAYS` days, oldest first; written where missing.

    A subject for each `EVENTS_A_SUBJECT` events, the active ones far more so; visits of `EVENTS_A_VISIT` events; in
    200 events about: 9 others' mails, one late event, 10 of a visitor who is merged later or never, one copy.
    """
    folder = FOLDER / str(events)
    folder.mkdir(parents=True, exist_ok=True)
    return [_write(folder / f"{day:02d}.parquet", day, events) for day in range(DAYS)]


def _write(path: Path, day: int, events: int) -> Path:
    if not path.exists():
        numbers = {"day": FIRST_DAY + day, "subjects": max(1, events // EVENTS_A_SUBJECT)}
        span = {"first": events * day // DAYS, "last": events * (day + 1) // DAYS}
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute(
                f"COPY ({_EVENTS}) TO '{unfinished}' (FORMAT parquet, COMPRESSION zstd)", {**numbers, **span}
            )
        unfinished.rename(path)
    return path
