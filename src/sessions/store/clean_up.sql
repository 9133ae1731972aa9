-- Looks at the next thousand sessions, and removes those that ended long enough ago, by the clock of the database as well.
-- Only these are looked up once more, each from the root of the index, which takes the longer the more sessions there are.
-- The number stands in the text, so that the plan is made for so few. Locked rows are left. With the setting the triggers
-- send no notifications, because no instance has these sessions in its cache.
WITH given AS (
    SELECT $1::uuid AS position, $2::timestamptz AS now, $3::float8 AS kept_seconds, $4::float8 AS idle_seconds
),
quiet AS MATERIALIZED (SELECT set_config('portcullis.clean_up', 'on', true)),
bounds AS MATERIALIZED (
    SELECT least(now, clock_timestamp()) - make_interval(secs => kept_seconds) AS ended_before,
        least(now, clock_timestamp()) - make_interval(secs => kept_seconds + idle_seconds) AS unused_since
    FROM given
),
page AS MATERIALIZED (
    SELECT id, revoked_at < ended_before OR expires_at < ended_before OR last_used_at < unused_since AS is_over
    FROM sessions, bounds, quiet WHERE id > (SELECT position FROM given) ORDER BY id LIMIT 1000
),
over AS (
    SELECT id FROM sessions, bounds
    WHERE id IN (SELECT id FROM page WHERE is_over)
        AND (revoked_at < ended_before OR expires_at < ended_before OR last_used_at < unused_since)
    FOR UPDATE OF sessions SKIP LOCKED
),
removed AS (
    DELETE FROM sessions WHERE id IN (SELECT id FROM over) RETURNING id
)
SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS position, (SELECT count(*) FROM removed) AS removed
