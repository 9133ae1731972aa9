-- Removes some of those that are old.
DELETE FROM revocations WHERE id IN (
    SELECT id FROM revocations WHERE revoked_at <= clock_timestamp() - make_interval(secs => $1::float8)
    ORDER BY revoked_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED
)
