-- Counts the sessions that were active until all sessions of the account ended.
WITH given AS (
    SELECT $1::uuid AS account, $2::bigint AS generation, $3::timestamptz AS ended_at, $4::timestamptz AS unused_since
)
SELECT count(*)
FROM given JOIN sessions s ON s.account_id = given.account AND s.generation = given.generation - 1
WHERE (s.revoked_at IS NULL OR s.ended_in = given.generation)
    AND portcullis_is_in_time(s, at => given.ended_at, unused_since => given.unused_since)
