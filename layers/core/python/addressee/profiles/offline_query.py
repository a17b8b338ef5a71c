"""The text of the offline query, for `string.Template`: first whose rows count as of when, then the aggregates.

Each aggregate mirrors one part of the fold (`rules.py`) and stands under its name; `offline.py` fills in the numbers.
"""

LINKS = """
-- The first merge of an anonymous subject wins; it holds from its receipt on.
links AS MATERIALIZED (
    SELECT anonymous_subject, first(subject ORDER BY received_at_ms, message_id, subject) AS owner,
        min(received_at_ms) AS linked_at_ms
    FROM $events WHERE kind = '$merge' GROUP BY anonymous_subject
),
"""

EVERYBODY = """
arrived AS (
    SELECT c.as_of_ms, coalesce(l.owner, e.subject) AS owner, e.*
    FROM (VALUES $cutoffs) c(as_of_ms)
    JOIN $events e ON e.received_at_ms <= c.as_of_ms AND e.kind <> '$merge'
    LEFT JOIN links l ON l.anonymous_subject = e.subject AND l.linked_at_ms <= c.as_of_ms
),
"""

PAIRS = """
asked AS (SELECT subject, as_of_ms::BIGINT AS as_of_ms FROM $pairs),
identities AS (
    SELECT a.subject, a.as_of_ms, a.subject AS identity FROM asked a
    ANTI JOIN links l ON l.anonymous_subject = a.subject AND l.linked_at_ms <= a.as_of_ms
    UNION ALL
    SELECT a.subject, a.as_of_ms, l.anonymous_subject FROM asked a
    JOIN links l ON l.owner = a.subject AND l.linked_at_ms <= a.as_of_ms
),
arrived AS (
    SELECT i.as_of_ms, i.subject AS owner, e.*
    FROM identities i JOIN $events e ON e.subject = i.identity AND e.received_at_ms <= i.as_of_ms
    WHERE e.kind <> '$merge'
),
"""

FACTS = """
-- One row per message: the copy that was received first.
facts AS MATERIALIZED (
    SELECT as_of_ms, owner AS subject, message_id,
        kind IN ($behaviour) AND label <> '$machine' AS counts,
        CASE WHEN kind = 'track' THEN name ELSE '' END AS did,
        counts AND (did IN ($engagement) OR NOT (did IN ($back_office) OR starts_with(did, '$email'))) AS active,
        greatest(event_time_ms, 1) AS at_ms,
        least(greatest(amount_minor_units, 0), $max_amount) AS amount,
        coalesce(list_sum([least(greatest(line.quantity, 0), $max_quantity) FOR line IN lines]), 0) AS quantity,
        CASE WHEN send_id = '' THEN message_id ELSE send_id END AS send,
        lines
    FROM arrived
    QUALIFY row_number() OVER (
        PARTITION BY as_of_ms, owner, message_id ORDER BY received_at_ms, event_time_ms
    ) = 1
),
"""

TOTALS = """
weighted AS (
    SELECT *, $weights FROM facts WHERE counts
),
totals AS MATERIALIZED (
    SELECT as_of_ms, subject,
        count(*) FILTER (did = 'Order Completed') AS orders,
        least(sum(quantity) FILTER (did = 'Order Completed'), $max_count) AS items,
        sum(amount) FILTER (did = 'Order Completed') AS revenue_minor_units,
        max(amount) FILTER (did = 'Order Completed') AS largest_order_minor_units,
        sum(amount) FILTER (did IN ('Order Refunded', 'Order Cancelled')) AS refunded_minor_units,
        count(*) FILTER (did = 'Email Opened') AS opens,
        count(*) FILTER (did = 'Email Link Clicked') AS clicks,
        min(at_ms) FILTER (active) AS first_seen_ms,
        max(at_ms) FILTER (active) AS last_seen_ms,
        min(at_ms) FILTER (did = 'Order Completed') AS first_order_ms,
        max(at_ms) FILTER (did = 'Order Completed') AS last_order_ms,
        max(at_ms) FILTER (did = 'Product Viewed') AS last_view_ms,
        max(at_ms) FILTER (did = 'Product Added') AS last_cart_ms,
        max(at_ms) FILTER (did = 'Email Opened') AS last_open_ms,
        max(at_ms) FILTER (did = 'Email Link Clicked') AS last_click_ms,
        $decayed
    FROM weighted GROUP BY as_of_ms, subject
),
"""

ACTIVITY = """
hour_counts AS (
    SELECT as_of_ms, subject, (at_ms // $hour_ms + $monday) % $hours AS hour, least(count(*), $max_hour_count) AS n
    FROM facts WHERE active GROUP BY ALL
),
hour_shares AS (
    SELECT as_of_ms, subject, sum(n) AS hours, max(n) AS busiest_hour,
        sum(n) FILTER (hour % 24 >= $evening_from AND hour % 24 < $evening_to) AS evening_hours,
        sum(n) FILTER (hour >= $weekend_from AND hour < $weekend_to) AS weekend_hours
    FROM hour_counts GROUP BY as_of_ms, subject
),
days AS (
    SELECT DISTINCT as_of_ms, subject, as_of_ms // $day_ms AS today, at_ms // $day_ms AS day FROM facts WHERE active
),
ranked_days AS (
    SELECT *, max(day) OVER latest_first AS newest, row_number() OVER latest_first - 1 AS place
    FROM days WINDOW latest_first AS (PARTITION BY as_of_ms, subject ORDER BY day DESC)
),
day_counts AS (
    SELECT as_of_ms, subject,
        count(*) FILTER (day > today - 7) AS active_days_7d,
        count(*) FILTER (day > today - 30) AS active_days_30d,
        count(*) FILTER (day > today - 90) AS active_days_90d,
        least(count(*) FILTER (newest >= today - 1 AND newest - day = place), $days) AS streak_days
    FROM ranked_days GROUP BY as_of_ms, subject
),
slots AS (
    SELECT DISTINCT as_of_ms, subject, at_ms // $half_hour_ms AS slot
    FROM facts WHERE active AND at_ms // $half_hour_ms > as_of_ms // $half_hour_ms - $half_hours
),
session_counts AS (
    SELECT as_of_ms, subject, count(*) FILTER (slot - 1 IS DISTINCT FROM before) AS sessions_7d
    FROM (SELECT *, lag(slot) OVER (PARTITION BY as_of_ms, subject ORDER BY slot) AS before FROM slots)
    GROUP BY as_of_ms, subject
),
"""

PURCHASES = """
bought AS (
    SELECT as_of_ms, subject, category_weight, unnest(lines) AS line FROM weighted WHERE did = 'Order Completed'
),
bought_items AS (
    SELECT as_of_ms, subject, least(count(DISTINCT line.item_id), $bought) AS distinct_items
    FROM bought GROUP BY as_of_ms, subject
),
category_sums AS (
    SELECT as_of_ms, subject, line.category AS category,
        sum((least(greatest(line.amount_minor_units, 0), $max_amount) * category_weight * $one)::HUGEINT) AS spent
    FROM bought WHERE line.category <> '' GROUP BY ALL
),
bucket_sums AS (
    SELECT as_of_ms, subject, ('0x' || substr(sha256(category), 1, 8))::UBIGINT % $buckets AS bucket,
        sum(spent)::DOUBLE / $one AS spent
    FROM category_sums GROUP BY ALL
),
category_spend AS (
    SELECT as_of_ms, subject, sum(spent ORDER BY bucket) AS spend, max(spent) AS spend_top,
        sum(spent * spent ORDER BY bucket) AS spend_squared
    FROM bucket_sums GROUP BY as_of_ms, subject
),
cart_lines AS (
    SELECT f.as_of_ms, f.subject, f.did, f.at_ms, f.message_id, unnest(f.lines).item_id AS item_id
    FROM facts f JOIN totals t ON t.as_of_ms = f.as_of_ms AND t.subject = f.subject
    WHERE f.counts AND f.did IN ('Product Added', 'Product Removed') AND f.at_ms > coalesce(t.last_order_ms, 0)
),
cart_stamps AS (
    SELECT as_of_ms, subject, ('0x' || substr(sha256(item_id), 1, 8))::UBIGINT AS item,
        max(at_ms * 65536 + ('0x' || substr(sha256(message_id), 1, 4))::BIGINT // 2 * 2
            + (did = 'Product Added')::BIGINT) AS stamp
    FROM cart_lines GROUP BY ALL
),
latest_cart AS (
    SELECT *, row_number() OVER (PARTITION BY as_of_ms, subject ORDER BY stamp DESC, item DESC) AS place
    FROM cart_stamps
),
carts AS (
    SELECT as_of_ms, subject, count(*) FILTER (stamp % 2 = 1) AS cart_items
    FROM latest_cart WHERE place <= $cart GROUP BY as_of_ms, subject
),
"""

EMAILS = """
last_sends AS (
    SELECT as_of_ms, subject, send, max(at_ms // $second_ms) AS at_seconds
    FROM facts WHERE counts AND did IN ('Email Sent', 'Email Delivered') GROUP BY ALL
),
send_counts AS (
    SELECT as_of_ms, subject,
        least(count(*) FILTER (at_seconds > as_of_ms // $second_ms - $month_seconds), $sends) AS emails_30d
    FROM last_sends GROUP BY as_of_ms, subject
),
"""

ALL_SUBJECTS = """
subjects AS (SELECT DISTINCT as_of_ms, subject FROM facts),
"""

PAIR_SUBJECTS = """
subjects AS (SELECT as_of_ms, subject FROM asked),
"""

COLUMNS = """
columns AS (
    SELECT as_of_ms, subject,
        coalesce(COLUMNS(* EXCLUDE (as_of_ms, subject)), 0)
    FROM subjects
    LEFT JOIN totals USING (as_of_ms, subject)
    LEFT JOIN hour_shares USING (as_of_ms, subject)
    LEFT JOIN day_counts USING (as_of_ms, subject)
    LEFT JOIN session_counts USING (as_of_ms, subject)
    LEFT JOIN bought_items USING (as_of_ms, subject)
    LEFT JOIN category_spend USING (as_of_ms, subject)
    LEFT JOIN carts USING (as_of_ms, subject)
    LEFT JOIN send_counts USING (as_of_ms, subject)
)
SELECT subject, as_of_ms,
    $outputs
FROM columns ORDER BY as_of_ms, subject
"""
