-- Notes that the owner of a session proved again who they are, if the session is active and the password is still the one
-- that was compared. Returns whether it was, and the session afterwards.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::text AS hash, $4::text AS method, $5::timestamptz AS now,
        $6::timestamptz AS unused_since, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT account_id FROM passwords
    WHERE account_id = (SELECT id FROM account) AND hash = (SELECT hash FROM given) FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM password, given, sessions s
    WHERE s.id = given.by AND s.account_id = password.account_id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
proven AS (
    UPDATE sessions s SET authenticated_at = greatest(s.authenticated_at, now),
        methods = CASE WHEN method = ANY (s.methods) THEN s.methods ELSE s.methods || method END
    FROM asked, given WHERE s.id = given.by RETURNING s.*
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'reauthenticated', given.user_agent, given.ip_address, request_id, proven.account_id, proven.id
    FROM proven, given
)
SELECT found.has_hash, proven.id, proven.account_id, proven.refresh_counter, proven.created_at, proven.last_used_at, proven.expires_at,
    proven.revoked_at, proven.user_agent, proven.ip_address, proven.generation, proven.authenticated_at, proven.methods
FROM (SELECT EXISTS (SELECT FROM password) AS has_hash) found LEFT JOIN proven ON true
