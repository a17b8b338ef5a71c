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
identities AS MATERIALIZED (
    SELECT c.as_of_ms, coalesce(l.owner, s.subject) AS subject, s.subject AS identity
    FROM (SELECT subject, min(received_at_ms) AS since_ms FROM $events WHERE kind <> '$merge' GROUP BY subject) s
    JOIN (VALUES $cutoffs) c(as_of_ms) ON s.since_ms <= c.as_of_ms
    LEFT JOIN links l ON l.anonymous_subject = s.subject AND l.linked_at_ms <= c.as_of_ms
),
asked AS (SELECT DISTINCT as_of_ms, subject FROM identities),
"""

PAIRS = """
asked AS MATERIALIZED (SELECT as_of_ms::BIGINT AS as_of_ms, subject FROM $pairs),
identities AS (
    SELECT a.as_of_ms, a.subject, a.subject AS identity FROM asked a
    ANTI JOIN links l ON l.anonymous_subject = a.subject AND l.linked_at_ms <= a.as_of_ms
    UNION ALL
    SELECT a.as_of_ms, a.subject, l.anonymous_subject FROM asked a
    JOIN links l ON l.owner = a.subject AND l.linked_at_ms <= a.as_of_ms
),
"""

FACTS = """
-- A number per subject and cut-off: cheaper to group by than two columns.
people AS MATERIALIZED (SELECT as_of_ms, subject, row_number() OVER () AS person FROM asked),
known AS MATERIALIZED (SELECT person, as_of_ms, identity FROM identities JOIN people USING (as_of_ms, subject)),
copied AS MATERIALIZED (SELECT hash(message_id) AS copy FROM $events GROUP BY copy HAVING count(*) > 1),
arrived AS NOT MATERIALIZED (
    SELECT k.person, k.as_of_ms, e.* FROM $events e
    JOIN known k ON k.identity = e.subject AND k.as_of_ms >= e.received_at_ms
    WHERE e.kind <> '$merge'
        -- Our own sends are not folded; a row names the subject by its event's own word.
        AND NOT coalesce(
            e.kind = 'track' AND e.name IN ($send_names) AND starts_with(e.send_id, e.subject || '.'), false
        )
),
-- One row per message: the copy that was received first. Only what may have a copy is sorted.
messages AS NOT MATERIALIZED (
    SELECT * FROM arrived WHERE hash(message_id) NOT IN (FROM copied)
    UNION ALL
    SELECT * FROM arrived WHERE hash(message_id) IN (FROM copied)
    QUALIFY row_number() OVER (PARTITION BY person, message_id ORDER BY received_at_ms, event_time_ms) = 1
),
facts AS MATERIALIZED (
    SELECT person, as_of_ms,
        CASE WHEN kind = 'track' THEN coalesce(name, '') ELSE '' END AS did,
        did IN ($engagement) OR NOT (did IN ($back_office) OR starts_with(did, '$email')) AS active,
        greatest(event_time_ms, 1) AS at_ms,
        least(greatest(amount_minor_units, 0), $max_amount) AS amount,
        did IN ($send_names) AS sends,
        did IN ('Product Added', 'Product Removed') AS stamps,
        CASE WHEN sends AND send_id <> '' THEN send_id WHEN sends OR stamps THEN message_id END AS key,
        CASE WHEN stamps OR did = 'Order Completed' THEN lines END AS lines
    FROM messages WHERE kind IN ($behaviour) AND label IS DISTINCT FROM '$machine'
),
"""

TOTALS = """
weighted AS NOT MATERIALIZED (
    SELECT *, coalesce(list_sum([least(greatest(line.quantity, 0), $max_quantity) FOR line IN lines]), 0) AS quantity,
        $weights
    FROM facts
),
totals AS MATERIALIZED (
    SELECT person,
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
    FROM weighted GROUP BY person
),
"""

ACTIVITY = """
slots AS MATERIALIZED (
    SELECT person, as_of_ms, at_ms // $half_hour_ms AS slot, count(*) AS n FROM facts WHERE active GROUP BY ALL
),
hour_counts AS (
    SELECT person, (slot // $hour_slots + $monday) % $hours AS hour, least(sum(n), $max_hour_count) AS n
    FROM slots GROUP BY ALL
),
hour_shares AS (
    SELECT person, sum(n) AS hours, max(n) AS busiest_hour,
        sum(n) FILTER (hour % 24 >= $evening_from AND hour % 24 < $evening_to) AS evening_hours,
        sum(n) FILTER (hour >= $weekend_from AND hour < $weekend_to) AS weekend_hours
    FROM hour_counts GROUP BY person
),
days AS (
    SELECT DISTINCT person, as_of_ms // $day_ms AS today, slot // $day_slots AS day
    FROM slots WHERE slot // $day_slots > as_of_ms // $day_ms - $days - 2
),
ranked_days AS (
    SELECT *, max(day) OVER latest_first AS newest, row_number() OVER latest_first - 1 AS place
    FROM days WINDOW latest_first AS (PARTITION BY person ORDER BY day DESC)
),
day_counts AS (
    SELECT person,
        count(*) FILTER (day > today - 7) AS active_days_7d,
        count(*) FILTER (day > today - 30) AS active_days_30d,
        count(*) FILTER (day > today - 90) AS active_days_90d,
        least(count(*) FILTER (newest >= today - 1 AND newest - day = place), $days) AS streak_days
    FROM ranked_days GROUP BY person
),
session_counts AS (
    SELECT person, count(*) FILTER (slot - 1 IS DISTINCT FROM before) AS sessions_7d
    FROM (
        SELECT person, slot, lag(slot) OVER (PARTITION BY person ORDER BY slot) AS before
        FROM slots WHERE slot > as_of_ms // $half_hour_ms - $half_hours
    )
    GROUP BY person
),
"""

PURCHASES = """
bought AS (
    SELECT person, category_weight, unnest(lines) AS line FROM weighted WHERE did = 'Order Completed'
),
bought_items AS (
    SELECT person, least(count(DISTINCT line.item_id), $bought) AS distinct_items
    FROM bought GROUP BY person
),
category_sums AS (
    SELECT person, line.category AS category,
        sum((least(greatest(line.amount_minor_units, 0), $max_amount) * category_weight * $one)::HUGEINT) AS spent
    FROM bought WHERE line.category <> '' GROUP BY ALL
),
bucket_sums AS (
    SELECT person, ('0x' || substr(sha256(category), 1, 8))::UBIGINT % $buckets AS bucket,
        sum(spent)::DOUBLE / $one AS spent
    FROM category_sums GROUP BY ALL
),
category_spend AS (
    SELECT person, sum(spent ORDER BY bucket) AS spend, max(spent) AS spend_top,
        sum(spent * spent ORDER BY bucket) AS spend_squared
    FROM bucket_sums GROUP BY person
),
cart_lines AS (
    SELECT f.person, f.did, f.at_ms, f.key, unnest(f.lines).item_id AS item_id
    FROM facts f JOIN totals t ON t.person = f.person
    WHERE f.stamps AND f.at_ms > coalesce(t.last_order_ms, 0)
),
cart_stamps AS (
    SELECT person, ('0x' || substr(sha256(item_id), 1, 8))::UBIGINT AS item,
        max(at_ms * 65536 + ('0x' || substr(sha256(key), 1, 4))::BIGINT // 2 * 2
            + (did = 'Product Added')::BIGINT) AS stamp
    FROM cart_lines GROUP BY ALL
),
latest_cart AS (
    SELECT *, row_number() OVER (PARTITION BY person ORDER BY stamp DESC, item DESC) AS place
    FROM cart_stamps
),
carts AS (
    SELECT person, count(*) FILTER (stamp % 2 = 1) AS cart_items
    FROM latest_cart WHERE place <= $cart GROUP BY person
),
"""

EMAILS = """
last_sends AS (
    SELECT person, as_of_ms, key, max(at_ms // $second_ms) AS at_seconds
    FROM facts WHERE sends GROUP BY ALL
),
send_counts AS (
    SELECT person,
        least(count(*) FILTER (at_seconds > as_of_ms // $second_ms - $month_seconds), $sends) AS emails_30d
    FROM last_sends GROUP BY person
),
"""

COLUMNS = """
columns AS (
    SELECT as_of_ms, subject, coalesce(COLUMNS(* EXCLUDE (as_of_ms, subject, person)), 0)
    FROM people
    LEFT JOIN totals USING (person)
    LEFT JOIN hour_shares USING (person)
    LEFT JOIN day_counts USING (person)
    LEFT JOIN session_counts USING (person)
    LEFT JOIN bought_items USING (person)
    LEFT JOIN category_spend USING (person)
    LEFT JOIN carts USING (person)
    LEFT JOIN send_counts USING (person)
)
SELECT subject, as_of_ms,
    $outputs
FROM columns ORDER BY as_of_ms, subject
"""
