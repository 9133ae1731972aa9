-- Removes mails that were sent, or were given up, long enough ago, by the clock of the database as well. Those that have been due
-- for so long are removed as well: nobody sends mails any more.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::float8 AS sent_seconds, $3::float8 AS failed_seconds, $4::bigint AS batch
),
bounds AS (
    SELECT least(now, clock_timestamp()) - make_interval(secs => sent_seconds) AS sent_before,
        least(now, clock_timestamp()) - make_interval(secs => failed_seconds) AS failed_before
    FROM given
),
old AS (
    SELECT id FROM mails, bounds
    WHERE created_at < sent_before AND (sent_at < sent_before OR failed_at < failed_before OR due_at < failed_before)
    LIMIT (SELECT batch FROM given) FOR UPDATE OF mails SKIP LOCKED
)
DELETE FROM mails WHERE id IN (SELECT id FROM old)
