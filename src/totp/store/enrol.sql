-- Ends the flow of a sign-in to an account that needs a second factor, gives the account its authenticator app and recovery codes, and
-- opens the session. It needs that the account is enabled, has the address, the password and the generation that it had when the sign-in
-- began, and has no second factor. If the first step was made by mail, the address is proven by that. The account is locked before the
-- flow, so this waits for a change that is under way, and reads both as they are afterwards. Other enrolments that wait are over. Tells the
-- address by mail. Ends the least recently used of the account's other sessions, if there are too many. Returns nothing if the flow is over.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::bigint AS generation, $4::timestamptz AS password_of, $5::boolean AS proves_email,
        $6::bytea AS secret, $7::bigint AS step, $8::integer[] AS slots, $9::text[] AS hashes,
        $10::uuid AS session, $11::text[] AS methods, $12::timestamptz AS now, $13::timestamptz AS unused_since,
        $14::timestamptz AS expires_at, $15::bigint AS most,
        $16::uuid AS mail, $17::text AS mail_kind, $18::uuid AS mail_account, $19::text AS recipient, $20::text AS mail_locale,
        $21::bytea AS content, $22::text AS user_agent, $23::inet AS ip_address, $24::text AS request_id
),
account AS (
    SELECT id, email, email_verified_at, username, roles, created_at, disabled_at, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL AND session_generation = (SELECT generation FROM given)
    FOR NO KEY UPDATE
),
password AS (
    SELECT changed_at FROM passwords WHERE account_id = (SELECT id FROM account) FOR NO KEY UPDATE
),
factors AS MATERIALIZED (
    SELECT f.is_asked FROM account, LATERAL portcullis_second_factors(account.id) f
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM account, factors, given
    WHERE flows.id = flow AND flows.account_id = account.id AND kind = 'sign_in' AND consumed_at IS NULL AND flows.expires_at > now
        AND lower(flows.email COLLATE "C") = lower(account.email COLLATE "C")
        AND (SELECT changed_at FROM password) IS NOT DISTINCT FROM password_of AND NOT is_asked
    RETURNING flows.account_id
),
added AS (
    INSERT INTO totps (account_id, secret, created_at, last_step) SELECT account_id, secret, now, step FROM consumed, given
),
ended AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM consumed, given
    WHERE flows.account_id = consumed.account_id AND kind = 'totp' AND consumed_at IS NULL
),
codes AS (
    INSERT INTO recovery_codes (account_id, slot, hash)
    SELECT account_id, code.slot, code.hash FROM consumed, given, unnest(slots, hashes) AS code (slot, hash)
    ON CONFLICT (account_id, slot) DO UPDATE SET hash = EXCLUDED.hash, used_at = NULL
),
verified AS (
    UPDATE accounts SET email_verified_at = now FROM account, consumed, given
    WHERE accounts.id = account.id AND proves_email AND accounts.email_verified_at IS NULL RETURNING accounts.id
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
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM consumed, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, session.account_id, session.id
    FROM session, given, (VALUES ('totp_added'), ('logged_in'), ('email_verified')) AS event (kind)
    WHERE kind <> 'email_verified' OR EXISTS (SELECT FROM verified)
)
SELECT account.*, EXISTS (SELECT FROM verified) AS is_new, ARRAY(SELECT id FROM room) AS ended FROM account, session
