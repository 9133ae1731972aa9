-- Takes the next ending of all sessions of an account that no other instance works at, and records the end of some of
-- them: in their rows, and as events of those that were active until then, unless the account was deleted. An ending
-- of which nothing is left is removed.
WITH given AS (
    SELECT $1::uuid AS account_id, $2::bigint AS generation, $3::float8 AS idle_seconds, $4::bigint AS batch
),
ending AS (
    SELECT e.* FROM session_endings e WHERE (e.account_id, e.generation) > (SELECT account_id, generation FROM given)
    ORDER BY e.account_id, e.generation LIMIT 1 FOR UPDATE SKIP LOCKED
),
left_over AS (
    SELECT s.id FROM ending JOIN sessions s ON s.account_id = ending.account_id AND s.generation = ending.generation - 1
    WHERE s.revoked_at IS NULL ORDER BY s.id LIMIT (SELECT batch FROM given) FOR NO KEY UPDATE OF s SKIP LOCKED
),
ended AS (
    UPDATE sessions SET revoked_at = ending.ended_at, ended_in = ending.generation FROM left_over, ending
    WHERE sessions.id = left_over.id AND sessions.revoked_at IS NULL
    RETURNING sessions.id, sessions.account_id, sessions AS session
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(ending.ended_at), ending.ended_at, 'session_revoked',
        ending.user_agent, ending.ip_address, ending.request_id, ended.account_id, ended.id
    FROM ending, given, ended JOIN accounts ON accounts.id = ended.account_id AND accounts.deleted_at IS NULL
    WHERE portcullis_is_in_time(ended.session, at => ending.ended_at,
        unused_since => ending.ended_at - make_interval(secs => idle_seconds))
),
done AS (
    DELETE FROM session_endings e USING ending
    WHERE e.account_id = ending.account_id AND e.generation = ending.generation AND NOT EXISTS (
        SELECT FROM sessions s WHERE s.account_id = ending.account_id AND s.generation = ending.generation - 1
            AND s.revoked_at IS NULL
    )
)
SELECT account_id, generation, (SELECT count(*) FROM ended) AS recorded FROM ending
