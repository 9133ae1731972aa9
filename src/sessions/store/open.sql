-- Opens a session after a proof by password, if the account is enabled and the password is still the one that was
-- compared. The account's row is locked before the password's, so this waits for a change that is under way, and
-- reads both rows as they are afterwards. Ends the least recently used of the account's other sessions, if there are
-- too many.
WITH given AS (
    SELECT $1::uuid AS account, $2::text AS hash, $3::text AS stronger, $4::uuid AS session, $5::text[] AS methods,
        $6::timestamptz AS now, $7::timestamptz AS unused_since, $8::timestamptz AS expires_at, $9::bigint AS most,
        $10::text AS user_agent, $11::inet AS ip_address, $12::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT account_id FROM passwords
    WHERE account_id = (SELECT id FROM account) AND hash = (SELECT hash FROM given) FOR NO KEY UPDATE
),
upgraded AS (
    UPDATE passwords SET hash = stronger FROM password, given
    WHERE passwords.account_id = password.account_id AND stronger IS NOT NULL
),
session AS (
    INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent,
        ip_address)
    SELECT session, account.id, session_generation, now, now, now, methods, expires_at, user_agent, ip_address
    FROM account, password, given RETURNING account_id, id, generation
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
    SELECT portcullis_event_id(now), now, 'logged_in', user_agent, ip_address, request_id, session.account_id, session.id
    FROM session, given
)
SELECT generation, ARRAY(SELECT id FROM room) AS ended FROM session
