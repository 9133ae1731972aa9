-- Removes used challenges that expired long enough ago, by the clock of the database as well: no instance accepts an answer to one any more.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::float8 AS kept_seconds, $3::bigint AS batch
),
old AS (
    SELECT nonce FROM used_challenges
    WHERE expires_at < (SELECT least(now, clock_timestamp()) - make_interval(secs => kept_seconds) FROM given)
    LIMIT (SELECT batch FROM given) FOR UPDATE SKIP LOCKED
)
DELETE FROM used_challenges WHERE nonce IN (SELECT nonce FROM old)
