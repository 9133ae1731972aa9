-- Ends the flow of a sign-in by mail and opens a session, if the account is enabled and still has the address to which the mail went. The
-- address is proven by that. The account is locked before the flow, so this waits for a change that is under way, and reads both as
-- they are afterwards. Ends the least recently used of the account's other sessions, if there are too many. Returns nothing if the flow
-- is over.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::text AS email, $4::uuid AS session, $5::text[] AS methods,
        $6::timestamptz AS now, $7::timestamptz AS unused_since, $8::timestamptz AS expires_at, $9::bigint AS most,
        $10::text AS user_agent, $11::inet AS ip_address, $12::text AS request_id
),
account AS (
    SELECT id, email, email_verified_at, username, roles, created_at, disabled_at, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL
        AND lower(email COLLATE "C") = (SELECT lower(email COLLATE "C") FROM given) FOR NO KEY UPDATE
),
password AS (
    SELECT account_id, changed_at FROM passwords WHERE account_id = (SELECT id FROM account) FOR NO KEY UPDATE
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM account, given
    WHERE flows.id = flow AND consumed_at IS NULL AND flows.expires_at > now RETURNING flows.id
),
verified AS (
    UPDATE accounts SET email_verified_at = now FROM account, consumed, given
    WHERE accounts.id = account.id AND accounts.email_verified_at IS NULL RETURNING accounts.id
),
session AS (
    INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent,
        ip_address)
    SELECT session, account.id, session_generation, now, now, now, methods, expires_at, user_agent, ip_address
    FROM account, consumed, given RETURNING account_id, id, generation
),
room AS MATERIALIZED (
    SELECT ended.* FROM session, given,
        LATERAL portcullis_make_room(session.account_id, session.generation, session.id, most, now, unused_since) ended
),
made_room AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'session_revoked', user_agent, ip_address, request_id, room.account_id, room.id
    FROM room, given
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, session.account_id, session.id
    FROM session, given, (VALUES ('logged_in'), ('email_verified')) AS event (kind)
    WHERE kind = 'logged_in' OR EXISTS (SELECT FROM verified)
)
SELECT account.*, (SELECT changed_at FROM password) AS password_of, EXISTS (SELECT FROM verified) AS is_new, ARRAY(SELECT id FROM room) AS ended
FROM account, session
