-- Writes down an attempt that came to nothing, as long as its throttle lets it, and settles what it took. Waits for no disk.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS session, $3::text AS kind, $4::timestamptz AS at,
        $5::text AS user_agent, $6::inet AS ip_address, $7::text AS request_id
),
quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
seldom AS MATERIALIZED (
    SELECT wait
    FROM quick, portcullis_take($8::integer[], $9::bytea[], $10::float8[], $11::float8[], $12::timestamptz, $13::boolean)
),
-- An attempt that began before its account was deleted is one at an account that does not exist. The row is locked: it is as it is now,
-- not as it was before the wait for a bucket, and the account's removal waits for the event.
known AS MATERIALIZED (
    SELECT a.id FROM seldom, accounts a
    WHERE wait IS NULL AND a.deleted_at IS NULL AND a.id = (SELECT account FROM given) FOR KEY SHARE OF a
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(at), at, kind, user_agent, ip_address, request_id,
        known.id, CASE WHEN known.id IS NOT NULL THEN session END
    FROM given, seldom LEFT JOIN known ON true WHERE wait IS NULL
)
SELECT portcullis_settle($14::bytea[], $15::float8[], $16::bigint[]) FROM seldom
