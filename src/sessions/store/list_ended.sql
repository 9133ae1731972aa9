-- The sessions that were active until all sessions of the account ended, newest first, after the given one.
WITH given AS (
    SELECT $1::uuid AS account, $2::bigint AS generation, $3::timestamptz AS ended_at, $4::timestamptz AS unused_since,
        $5::uuid AS after, $6::bigint AS first
)
SELECT s.id, s.account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, s.generation,
    authenticated_at, methods
FROM sessions s
WHERE s.account_id = (SELECT account FROM given) AND s.generation = (SELECT generation - 1 FROM given)
    AND s.id < (SELECT coalesce(after, 'ffffffff-ffff-ffff-ffff-ffffffffffff') FROM given)
    AND (s.revoked_at IS NULL OR s.ended_in = (SELECT generation FROM given))
    AND portcullis_is_in_time(s, at => (SELECT ended_at FROM given), unused_since => (SELECT unused_since FROM given))
ORDER BY s.id DESC LIMIT (SELECT first FROM given)
