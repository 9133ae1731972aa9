-- Removes flows that ended long enough ago, by the clock of the database as well.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::float8 AS kept_seconds, $3::bigint AS batch
),
old AS (
    SELECT id FROM flows
    WHERE least(expires_at, consumed_at) < (
        SELECT least(now, clock_timestamp()) - make_interval(secs => kept_seconds) FROM given
    )
    LIMIT (SELECT batch FROM given) FOR UPDATE SKIP LOCKED
)
DELETE FROM flows WHERE id IN (SELECT id FROM old)
