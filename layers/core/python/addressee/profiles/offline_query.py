"""The text of the offline query, for `string.Template`: whose rows count as of when, parts of sums, what they come to.

Events are read into parts by bucket: what one identity did between two of its cut-offs, as of the later one. Parts are
small and add up, each mirroring one part of the fold (`rules.py`): an answer adds those of its buckets (`reach`), aged
by what lies between. So an event is weighed once, for however many cut-offs. `offline.py` fills in the numbers.
"""

EVERYBODY = """
-- Both in one pass: since when there are events of a subject, and since when a visitor is told to be somebody.
origins AS MATERIALIZED (
    SELECT kind = '$merge' AS merged, any_value(subject) AS subject, any_value(anonymous_subject) AS anonymous_subject,
        min(received_at_ms) AS since_ms
    FROM $events GROUP BY merged, hash(subject), CASE WHEN kind = '$merge' THEN hash(anonymous_subject) END
),
-- The first merge of an anonymous subject wins; it holds from its receipt on.
links AS MATERIALIZED (
    SELECT anonymous_subject, first(subject ORDER BY since_ms, subject) AS owner, min(since_ms) AS linked_at_ms
    FROM origins WHERE merged GROUP BY anonymous_subject
),
identities AS MATERIALIZED (
    SELECT c.as_of_ms, coalesce(l.owner, s.subject) AS subject, s.subject AS identity
    FROM (FROM origins WHERE NOT merged) s
    JOIN (VALUES $cutoffs) c(as_of_ms) ON s.since_ms <= c.as_of_ms
    LEFT JOIN links l ON l.anonymous_subject = s.subject AND l.linked_at_ms <= c.as_of_ms
),
asked AS (SELECT DISTINCT as_of_ms, subject FROM identities),
"""
PAIRS = """
-- The first merge of an anonymous subject wins; it holds from its receipt on.
links AS MATERIALIZED (
    SELECT anonymous_subject, first(subject ORDER BY received_at_ms, subject) AS owner,
        min(received_at_ms) AS linked_at_ms
    FROM $events WHERE kind = '$merge' GROUP BY anonymous_subject
),
asked AS MATERIALIZED (SELECT as_of_ms::BIGINT AS as_of_ms, subject FROM $pairs),
identities AS (
    SELECT a.as_of_ms, a.subject, a.subject AS identity FROM asked a
    ANTI JOIN links l ON l.anonymous_subject = a.subject AND l.linked_at_ms <= a.as_of_ms
    UNION ALL
    SELECT a.as_of_ms, a.subject, l.anonymous_subject FROM asked a
    JOIN links l ON l.owner = a.subject AND l.linked_at_ms <= a.as_of_ms
),
"""

REACH = """
-- A number per subject and cut-off, and one per identity and cut-off: cheaper to group by than two columns.
people AS MATERIALIZED (SELECT as_of_ms, subject, row_number() OVER ()::INTEGER AS person FROM asked),
known AS MATERIALIZED (
    SELECT row_number() OVER ()::INTEGER AS bucket, person, as_of_ms, identity, hash(identity) AS who,
        lag(as_of_ms, 1, -$forever_ms) OVER (PARTITION BY identity ORDER BY as_of_ms) AS after_ms
    FROM identities JOIN people USING (as_of_ms, subject)
),
-- Which buckets belong to whom, and the time from the bucket's cut-off to the person's.
reach AS MATERIALIZED (
    SELECT early.bucket, late.person, early.as_of_ms AS from_ms, late.as_of_ms AS to_ms
    FROM known early JOIN known late ON late.identity = early.identity AND late.as_of_ms >= early.as_of_ms
    UNION ALL
    SELECT -person, person, as_of_ms, as_of_ms FROM people
),
"""

TOLD = """
-- Numbers alone, in one pass. Messages and subjects are known by 64 bits of a hash; the fold knows messages by 40.
told AS MATERIALIZED (
    SELECT hash(subject) AS who, hash(message_id) AS message, received_at_ms, greatest(event_time_ms, 1) AS at_ms,
        $act AS act, $context AS context
    FROM $events WHERE kind <> '$merge'
),
copied AS MATERIALIZED (SELECT message FROM told GROUP BY message HAVING count(*) > 1),
"""

FACTS = """
-- Of what may have a copy, a row per person and message: the copy that was received first. Only these are sorted.
firsts AS MATERIALIZED (
    SELECT -k.person AS bucket, k.as_of_ms AS bucket_ms, r.* EXCLUDE (who)
    FROM told r SEMI JOIN copied USING (message) JOIN known k ON k.who = r.who AND r.received_at_ms <= k.as_of_ms
    WHERE act <> $act_own
    QUALIFY row_number() OVER (PARTITION BY person, message ORDER BY received_at_ms, at_ms, act, context) = 1
),
-- What people did, without what it held: narrow, for this is nearly everything.
acts AS MATERIALIZED (
    SELECT bucket, bucket_ms, at_ms, context, CASE act WHEN $act_removed THEN 0::UTINYINT ELSE act END AS act FROM (
        SELECT k.bucket, k.as_of_ms AS bucket_ms, r.at_ms, r.act, r.context
        FROM told r ANTI JOIN copied USING (message)
        JOIN known k ON k.who = r.who AND r.received_at_ms <= k.as_of_ms AND r.received_at_ms > k.after_ms
        WHERE r.act <= $act_removed
        UNION ALL
        SELECT bucket, bucket_ms, at_ms, act, context FROM firsts WHERE act <= $act_removed
    )
),
held AS MATERIALIZED (
    SELECT hash(subject) AS who, hash(message_id) AS message, received_at_ms, greatest(event_time_ms, 1) AS at_ms,
        $act AS act, least(greatest(amount_minor_units, 0), $max_amount) AS amount, $key AS key, lines
    FROM $events WHERE kind = 'track' AND name IN ($holding) AND act BETWEEN $act_order AND $act_refund
),
holdings AS MATERIALIZED (
    SELECT k.bucket, k.as_of_ms AS bucket_ms, r.at_ms, r.act, r.amount, r.key, r.lines
    FROM held r ANTI JOIN copied USING (message)
    JOIN known k ON k.who = r.who AND r.received_at_ms <= k.as_of_ms AND r.received_at_ms > k.after_ms
    UNION ALL
    SELECT f.bucket, f.bucket_ms, f.at_ms, f.act, r.amount, r.key, r.lines
    FROM held r JOIN known k USING (who)
    JOIN firsts f ON f.bucket = -k.person AND f.message = r.message
        AND f.received_at_ms = r.received_at_ms AND f.at_ms = r.at_ms AND f.act = r.act
    -- Two copies that were received at once may hold different lines: the lesser ones count.
    QUALIFY row_number() OVER (PARTITION BY f.bucket, f.message ORDER BY r.lines, r.amount, r.key) = 1
),
"""

PARTS = """
act_parts AS MATERIALIZED (
    SELECT bucket, act, count(*) AS n, min(at_ms) AS first_ms, max(at_ms) AS last_ms,
        $act_weights
    FROM acts GROUP BY bucket, act
),
context_parts AS MATERIALIZED (
    SELECT bucket, max(at_ms // $day_ms * $context_span + context) AS context
    FROM acts WHERE context > 0 GROUP BY bucket
),
hour_parts AS MATERIALIZED (
    SELECT bucket, ((at_ms // $hour_ms + $monday) % $hours)::UTINYINT AS hour, count(*) AS n FROM acts GROUP BY ALL
),
-- The leftmost bit is the day, or the half-hour, of the bucket's cut-off.
day_parts AS MATERIALIZED (
    SELECT bucket, bitstring_agg(age, 0, $days) AS days
    FROM (SELECT bucket, bucket_ms // $day_ms - at_ms // $day_ms AS age FROM acts) WHERE age BETWEEN 0 AND $days
    GROUP BY bucket
),
half_hour_parts AS MATERIALIZED (
    SELECT bucket, bitstring_agg(age, 0, $half_hours - 1) AS half_hours
    FROM (SELECT bucket, bucket_ms // $half_hour_ms - at_ms // $half_hour_ms AS age FROM acts)
    WHERE age BETWEEN 0 AND $half_hours - 1
    GROUP BY bucket
),
orders AS MATERIALIZED (
    SELECT *, coalesce(list_sum([least(greatest(line.quantity, 0), $max_quantity) FOR line IN lines]), 0) AS quantity
    FROM holdings WHERE act = $act_order
),
order_parts AS MATERIALIZED (
    SELECT bucket, sum(amount) AS revenue, max(amount) AS largest, sum(quantity) AS items,
        $order_weights
    FROM orders GROUP BY bucket
),
refund_parts AS MATERIALIZED (
    SELECT bucket, sum(amount) AS refunded FROM holdings WHERE act = $act_refund GROUP BY bucket
),
bought AS MATERIALIZED (SELECT bucket, bucket_ms, at_ms, unnest(lines) AS line FROM orders),
item_parts AS MATERIALIZED (SELECT DISTINCT bucket, line.item_id AS item_id FROM bought),
category_names AS MATERIALIZED (
    SELECT category, ('0x' || substr(sha256(category), 1, 8))::UBIGINT % $buckets AS category_bucket
    FROM (SELECT DISTINCT line.category AS category FROM bought) WHERE category <> ''
),
category_parts AS MATERIALIZED (
    SELECT bucket, category_bucket, $category_weight AS spent
    FROM (
        SELECT *, line.category AS category, least(greatest(line.amount_minor_units, 0), $max_amount) AS amount
        FROM bought
    )
    JOIN category_names USING (category) GROUP BY ALL
),
cart_parts AS MATERIALIZED (
    SELECT bucket, ('0x' || substr(sha256(item_id), 1, 8))::UBIGINT AS item,
        max(at_ms * 65536 + key::BIGINT // 2 * 2 + (act = $act_added)::BIGINT) AS stamp
    FROM (
        SELECT h.bucket, h.at_ms, h.act, h.key, unnest(h.lines).item_id AS item_id
        FROM holdings h LEFT JOIN act_parts a ON a.bucket = h.bucket AND a.act = $act_order
        WHERE h.act IN ($act_added, $act_removed) AND h.at_ms > coalesce(a.last_ms, 0)
    )
    GROUP BY bucket, item_id
),
send_parts AS MATERIALIZED (
    SELECT bucket, key, max(at_ms // $second_ms) AS at_seconds FROM holdings WHERE act = $act_send GROUP BY ALL
),
"""

SUMS = """
act_sums AS MATERIALIZED (
    SELECT person,
        $act_totals,
        min(first_ms) AS first_seen_ms,
        max(last_ms) AS last_seen_ms,
        $act_decayed
    FROM act_parts JOIN reach USING (bucket) GROUP BY person
),
context_sums AS (
    SELECT person, max(context) AS context FROM context_parts JOIN reach USING (bucket) GROUP BY person
),
order_sums AS (
    SELECT person, least(sum(items), $max_count) AS items, sum(revenue) AS revenue_minor_units,
        max(largest) AS largest_order_minor_units,
        $order_decayed
    FROM order_parts JOIN reach USING (bucket) GROUP BY person
),
refund_sums AS (
    SELECT person, sum(refunded) AS refunded_minor_units FROM refund_parts JOIN reach USING (bucket) GROUP BY person
),
hour_counts AS (
    SELECT person, hour, least(sum(n), $max_hour_count) AS n
    FROM hour_parts JOIN reach USING (bucket) GROUP BY person, hour
),
hour_sums AS (
    SELECT person, sum(n) AS hours, max(n) AS busiest_hour,
        sum(n) FILTER (hour % 24 >= $evening_from AND hour % 24 < $evening_to) AS evening_hours,
        sum(n) FILTER (hour >= $weekend_from AND hour < $weekend_to) AS weekend_hours
    FROM hour_counts GROUP BY person
),
day_bits AS (
    SELECT person, bit_or(days >> least(to_ms // $day_ms - from_ms // $day_ms, $days + 1)::INTEGER) AS days
    FROM day_parts JOIN reach USING (bucket) GROUP BY person
),
day_sums AS (
    SELECT person,
        bit_count(days >> ($days + 1 - 7)) AS active_days_7d,
        bit_count(days >> ($days + 1 - 30)) AS active_days_30d,
        bit_count(days >> ($days + 1 - 90)) AS active_days_90d,
        -- The first day without activity ends the streak; today may still come.
        least(CASE gap WHEN 0 THEN $days WHEN 1 THEN gap_before - 1 ELSE gap - 1 END, $days) AS streak_days
    FROM (
        SELECT *, bit_position('0'::BIT, days) AS gap, bit_position('0'::BIT, days << 1) AS gap_before FROM day_bits
    )
),
half_hour_bits AS (
    SELECT person,
        bit_or(half_hours >> least(to_ms // $half_hour_ms - from_ms // $half_hour_ms, $half_hours)::INTEGER) AS bits
    FROM half_hour_parts JOIN reach USING (bucket) GROUP BY person
),
half_hour_sums AS (
    SELECT person, bit_count(bits & ~(bits >> 1)) AS sessions_7d, bit_count(bits) AS half_hours_7d FROM half_hour_bits
),
item_sums AS (
    SELECT person, least(count(DISTINCT item_id), $bought) AS distinct_items
    FROM item_parts JOIN reach USING (bucket) GROUP BY person
),
category_sums AS (
    SELECT person, category_bucket, $category_decayed AS spent
    FROM category_parts JOIN reach USING (bucket) GROUP BY person, category_bucket
),
spend_sums AS (
    SELECT person, sum(spent ORDER BY category_bucket) AS spend, max(spent) AS spend_top,
        sum(spent * spent ORDER BY category_bucket) AS spend_squared,
        min(category_bucket) FILTER (spent >= top * $tied) + 1 AS category_code
    FROM (SELECT *, max(spent) OVER (PARTITION BY person) AS top FROM category_sums) GROUP BY person
),
cart_stamps AS (
    SELECT person, item, max(stamp) AS stamp FROM cart_parts JOIN reach USING (bucket) GROUP BY person, item
),
cart_places AS (
    SELECT *, row_number() OVER (PARTITION BY person ORDER BY stamp DESC, item DESC) AS place
    FROM cart_stamps LEFT JOIN act_sums USING (person) WHERE stamp // 65536 > coalesce(last_order_ms, 0)
),
cart_sums AS (
    SELECT person, count(*) FILTER (stamp % 2 = 1) AS cart_items FROM cart_places WHERE place <= $cart GROUP BY person
),
last_sends AS (
    SELECT person, key, max(at_seconds) AS at_seconds
    FROM send_parts JOIN reach USING (bucket)
    WHERE at_seconds > to_ms // $second_ms - $month_seconds GROUP BY person, key
),
send_sums AS (SELECT person, least(count(*), $sends) AS emails_30d FROM last_sends GROUP BY person),
"""

COLUMNS = """
columns AS (
    SELECT as_of_ms, subject, coalesce(COLUMNS(* EXCLUDE (as_of_ms, subject, person)), 0)
    FROM people
    LEFT JOIN act_sums USING (person)
    LEFT JOIN context_sums USING (person)
    LEFT JOIN order_sums USING (person)
    LEFT JOIN refund_sums USING (person)
    LEFT JOIN hour_sums USING (person)
    LEFT JOIN day_sums USING (person)
    LEFT JOIN half_hour_sums USING (person)
    LEFT JOIN item_sums USING (person)
    LEFT JOIN spend_sums USING (person)
    LEFT JOIN cart_sums USING (person)
    LEFT JOIN send_sums USING (person)
)
SELECT subject, as_of_ms,
    $outputs
FROM columns ORDER BY as_of_ms, subject
"""
