-- Ends the session of a refresh token that was used again, even if the attempt was refused, and says why refresh.sql did not continue the
-- session: returns it and its account.
WITH given AS (
    SELECT $1::uuid AS id, $2::bigint AS counter, $3::timestamptz AS now, $4::timestamptz AS unused_since
),
found AS (
    SELECT s.*, a.id AS owner, a.email, a.email_verified_at, a.username, a.roles, a.created_at AS registered_at, a.disabled_at, a.session_generation
    FROM given JOIN sessions s USING (id) JOIN accounts a ON a.id = s.account_id
),
ended AS (
    UPDATE sessions s SET revoked_at = given.now
    FROM given, found
    WHERE s.id = given.id AND found.id = given.id AND found.disabled_at IS NULL AND given.counter < s.refresh_counter - 1
        AND portcullis_is_active(s, found.session_generation, at => given.now, unused_since => given.unused_since)
    RETURNING s.id, s.account_id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'refresh_token_reused', $5::text, $6::inet, $7::text, account_id, ended.id
    FROM ended, given
)
SELECT id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, generation,
    authenticated_at, methods,
    owner AS id, email, email_verified_at, username, roles, registered_at AS created_at, disabled_at, session_generation,
    EXISTS (SELECT FROM ended) AS reused
FROM found
