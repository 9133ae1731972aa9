-- Ends those of the sessions that have not ended, including those that were left unused for too long, or they would
-- become active again if that time is made longer. They are locked in one order, so that devices that end each other
-- take turns.
WITH given AS (
    SELECT $1::uuid[] AS ids, $2::timestamptz AS now,
        $3::text AS user_agent, $4::inet AS ip_address, $5::text AS request_id
),
open AS (
    SELECT s.id FROM given JOIN sessions s ON s.id = ANY (given.ids) JOIN accounts a ON a.id = s.account_id
    WHERE s.revoked_at IS NULL AND s.generation >= a.session_generation AND s.expires_at > given.now
    ORDER BY s.id FOR NO KEY UPDATE OF s
),
ended AS (
    UPDATE sessions SET revoked_at = given.now FROM open, given WHERE sessions.id = open.id
    RETURNING sessions.account_id, sessions.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'logged_out', user_agent, ip_address, request_id, ended.account_id, ended.id
    FROM ended, given
)
SELECT id FROM ended
