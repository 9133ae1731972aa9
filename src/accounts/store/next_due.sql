-- The first account after a position that was deleted long enough ago, by the clock of the database as well, in the
-- order of deletion.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::float8 AS kept_seconds, $3::timestamptz AS after_deleted_at, $4::uuid AS after_account
)
SELECT a.deleted_at, a.id AS account FROM accounts a
WHERE a.deleted_at <= (SELECT least(now, clock_timestamp()) - make_interval(secs => kept_seconds) FROM given)
    AND (a.deleted_at, a.id) > (
        (SELECT coalesce(after_deleted_at, '-infinity') FROM given),
        (SELECT coalesce(after_account, '00000000-0000-0000-0000-000000000000') FROM given)
    )
ORDER BY a.deleted_at, a.id LIMIT 1
