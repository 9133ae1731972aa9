-- Says why refresh.sql did not continue a session: returns the session and its account as they are. Ends the session of a token that was
-- used again, even if the attempt was refused. If nothing is against it any more, the session continues.
WITH given AS (
    SELECT $1::uuid AS id, $2::bigint AS counter, $3::timestamptz AS now, $4::timestamptz AS unused_since, $5::boolean AS limited
),
found AS (
    SELECT s.*, a.id AS owner, a.email, a.email_verified_at, a.username, a.roles, a.created_at AS registered_at, a.disabled_at, a.session_generation
    FROM given JOIN sessions s USING (id) JOIN accounts a ON a.id = s.account_id
),
changed AS (
    UPDATE sessions s SET refresh_counter = greatest(s.refresh_counter, given.counter + 1),
        last_used_at = CASE WHEN given.counter < s.refresh_counter - 1 THEN s.last_used_at
            ELSE greatest(s.last_used_at, given.now) END,
        revoked_at = CASE WHEN given.counter < s.refresh_counter - 1 THEN given.now END
    FROM given, found
    WHERE s.id = given.id AND found.id = given.id AND found.disabled_at IS NULL
        AND (NOT given.limited OR given.counter < s.refresh_counter - 1)
        AND portcullis_is_active(s, found.session_generation, at => given.now, unused_since => given.unused_since)
    RETURNING s.*
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'refresh_token_reused', $6::text, $7::inet, $8::text, account_id, changed.id
    FROM changed, given WHERE revoked_at IS NOT NULL
),
latest AS (
    SELECT id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, generation,
        authenticated_at, methods, true AS changed
    FROM changed
    UNION ALL
    SELECT id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, generation,
        authenticated_at, methods, false
    FROM found WHERE NOT EXISTS (SELECT FROM changed)
)
SELECT latest.id, latest.account_id, latest.refresh_counter, latest.created_at, latest.last_used_at, latest.expires_at,
    latest.revoked_at, latest.user_agent, latest.ip_address, latest.generation, latest.authenticated_at, latest.methods,
    found.owner AS id, email, email_verified_at, username, roles, registered_at AS created_at, disabled_at, session_generation,
    latest.changed
FROM latest JOIN found USING (id)
