-- Accepts a second factor, ends the flow of the sign-in that waits for it and opens its session, if the account is enabled and has the
-- address, the password and the generation that it had when the sign-in began. If the first step was made by mail, the address is proven by
-- that. The account is locked before the flow, so this waits for a change that is under way, and reads both as they are afterwards. Nothing
-- is used up without a session, but for a passkey that is on one device only and whose sign count fell: that is refused and recorded, its
-- challenge counts as answered, and the address is told by mail. Ends the least recently used of the account's other sessions, if there are
-- too many. The device is trusted from now on, if it is to be, and the owner is told of it. Returns nothing if the flow is over, and no
-- session if the factor was used before, is refused, or is not the account's any more.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::bigint AS generation, $4::timestamptz AS password_of, $5::boolean AS proves_email,
        $6::uuid AS session, $7::text[] AS methods, $8::timestamptz AS now, $9::timestamptz AS unused_since,
        $10::timestamptz AS expires_at, $11::bigint AS most, $12::bigint AS step, $13::bytea AS secret, $14::bytea AS resealed,
        $15::integer AS slot, $16::text AS hash, $17::bytea AS credential_id, $18::bigint AS sign_count, $19::boolean AS is_backed_up,
        $20::uuid AS nonce, $21::timestamptz AS challenge_expires_at, $22::uuid AS mail, $23::text AS mail_kind,
        $24::uuid AS mail_account, $25::text AS recipient, $26::text AS mail_locale, $27::bytea AS content,
        $28::text AS user_agent, $29::inet AS ip_address, $30::text AS request_id
),
trusting AS (
    SELECT $31::uuid AS trusted_device, $32::timestamptz AS trusted_until,
        $33::uuid AS mail, $34::text AS mail_kind, $35::uuid AS mail_account, $36::text AS recipient, $37::text AS mail_locale,
        $38::bytea AS content
),
account AS (
    SELECT id, email, email_verified_at, username, roles, created_at, disabled_at, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL AND session_generation = (SELECT generation FROM given)
    FOR NO KEY UPDATE
),
password AS (
    SELECT changed_at FROM passwords WHERE account_id = (SELECT id FROM account) FOR NO KEY UPDATE
),
waiting AS (
    SELECT flows.id, account_id FROM flows, account, given
    WHERE flows.id = flow AND flows.account_id = account.id AND kind = 'sign_in' AND consumed_at IS NULL AND flows.expires_at > now
        AND lower(flows.email COLLATE "C") = lower(account.email COLLATE "C")
        AND (SELECT changed_at FROM password) IS NOT DISTINCT FROM password_of
    FOR NO KEY UPDATE OF flows
),
app AS (
    UPDATE totps SET last_step = step, secret = coalesce(resealed, totps.secret) FROM waiting, given
    WHERE totps.account_id = waiting.account_id AND totps.secret = given.secret AND last_step < step RETURNING totps.account_id
),
-- A recovery code takes the place of a factor that the account has. The function sees what was removed while this waited for the account.
asked AS MATERIALIZED (
    SELECT waiting.account_id FROM waiting, given, LATERAL portcullis_second_factors(waiting.account_id) f
    WHERE given.slot IS NOT NULL AND f.is_asked
),
code AS (
    UPDATE recovery_codes c SET used_at = now FROM asked, given
    WHERE c.account_id = asked.account_id AND c.slot = given.slot AND c.hash = given.hash AND used_at IS NULL RETURNING c.account_id
),
passkey AS (
    SELECT k.id, k.is_backup_eligible, greatest(k.sign_count, given.sign_count) > 0 AND given.sign_count <= k.sign_count AS has_fallen
    FROM waiting, given, passkeys k
    WHERE k.credential_id = given.credential_id AND k.account_id = waiting.account_id FOR NO KEY UPDATE OF k
),
answered AS (
    INSERT INTO used_challenges (nonce, expires_at) SELECT nonce, challenge_expires_at FROM passkey, given WHERE challenge_expires_at > now
    ON CONFLICT (nonce) DO NOTHING RETURNING nonce
),
moved AS (
    UPDATE passkeys k SET sign_count = greatest(k.sign_count, given.sign_count), is_backed_up = given.is_backed_up, last_used_at = now
    FROM passkey, answered, given WHERE k.id = passkey.id AND (NOT has_fallen OR passkey.is_backup_eligible) RETURNING k.id
),
accepted AS (
    SELECT 'totp_used' AS event FROM app UNION ALL SELECT 'recovery_code_used' FROM code UNION ALL SELECT 'passkey_used' FROM moved
),
fallen AS (
    SELECT 'passkey_sign_count_fell' AS event FROM passkey, answered WHERE has_fallen
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM given
    WHERE mail IS NOT NULL AND (EXISTS (SELECT FROM code) OR EXISTS (SELECT FROM fallen) AND NOT EXISTS (SELECT FROM moved))
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM waiting, accepted, given WHERE flows.id = waiting.id RETURNING flows.id
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
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, waiting.account_id, session.id
    FROM given, waiting LEFT JOIN session ON true, LATERAL (
        SELECT 'logged_in' FROM session UNION ALL SELECT 'email_verified' FROM verified UNION ALL SELECT event FROM accepted
        UNION ALL SELECT event FROM fallen
    ) AS event (kind)
),
trusted AS (
    INSERT INTO trusted_devices (account_id, device_id, created_at, expires_at, last_used_at, user_agent, ip_address)
    SELECT session.account_id, trusted_device, now, trusted_until, now, user_agent, ip_address
    FROM session, trusting, given WHERE trusted_device IS NOT NULL RETURNING account_id
),
trust_told AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT t.mail, t.mail_kind, t.mail_account, t.recipient, t.mail_locale, t.content, now, now
    FROM trusted, trusting t, given WHERE t.mail IS NOT NULL
),
trust_recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'device_trusted', user_agent, ip_address, request_id, session.account_id, session.id
    FROM trusted, session, given
)
SELECT account.*, EXISTS (SELECT FROM session) AS is_open, EXISTS (SELECT FROM verified) AS is_new, ARRAY(SELECT id FROM room) AS ended
FROM account, waiting
