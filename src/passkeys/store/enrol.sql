-- Ends the flow of a sign-in to an account that needs a second factor, gives the account its passkey and recovery codes, and opens the
-- session. It needs that the account is enabled, has the address, the password and the generation that it had when the sign-in began, and
-- has no second factor. The challenge was not answered before, and no account has a passkey with the same credential id. If the first step
-- was made by mail, the address is proven by that. The account is locked before the flow, so this waits for a change that is under way,
-- and reads both as they are afterwards. Tells the address by mail. Ends the least recently used of the account's other sessions, if there
-- are too many. Returns nothing if the flow is over, and no session if the passkey can't be added.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::bigint AS generation, $4::timestamptz AS password_of, $5::boolean AS proves_email,
        $6::uuid AS passkey, $7::bytea AS credential_id, $8::bytea AS public_key, $9::bigint AS sign_count,
        $10::boolean AS is_backup_eligible, $11::boolean AS is_backed_up, $12::uuid AS aaguid, $13::text[] AS transports, $14::text AS name,
        $15::uuid AS nonce, $16::timestamptz AS challenge_expires_at, $17::integer[] AS slots, $18::text[] AS hashes,
        $19::uuid AS session, $20::text[] AS methods, $21::timestamptz AS now, $22::timestamptz AS unused_since,
        $23::timestamptz AS expires_at, $24::bigint AS most,
        $25::uuid AS mail, $26::text AS mail_kind, $27::uuid AS mail_account, $28::text AS recipient, $29::text AS mail_locale,
        $30::bytea AS content, $31::text AS user_agent, $32::inet AS ip_address, $33::text AS request_id
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
waiting AS (
    SELECT flows.id, account_id FROM flows, account, factors, given
    WHERE flows.id = flow AND flows.account_id = account.id AND kind = 'sign_in' AND consumed_at IS NULL AND flows.expires_at > now
        AND lower(flows.email COLLATE "C") = lower(account.email COLLATE "C")
        AND (SELECT changed_at FROM password) IS NOT DISTINCT FROM password_of AND NOT is_asked
    FOR NO KEY UPDATE OF flows
),
used AS (
    INSERT INTO used_challenges (nonce, expires_at) SELECT nonce, challenge_expires_at FROM waiting, given
    ON CONFLICT (nonce) DO NOTHING RETURNING nonce
),
added AS (
    INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, aaguid, transports,
        name, created_at)
    SELECT passkey, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, aaguid, transports, name, now
    FROM waiting, used, given
    ON CONFLICT (credential_id) DO NOTHING RETURNING account_id
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM waiting, added, given WHERE flows.id = waiting.id RETURNING flows.account_id
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
    FROM session, given, (VALUES ('passkey_added'), ('logged_in'), ('email_verified')) AS event (kind)
    WHERE kind <> 'email_verified' OR EXISTS (SELECT FROM verified)
)
SELECT account.*, EXISTS (SELECT FROM used) AS is_first_answer, EXISTS (SELECT FROM session) AS is_open,
    EXISTS (SELECT FROM verified) AS is_new, ARRAY(SELECT id FROM room) AS ended
FROM account, waiting
