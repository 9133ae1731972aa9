-- Opens a session for whoever has shown a passkey, if the account is enabled and still has it. The account is locked before the passkey,
-- so this waits for a change that is under way, and reads both as they are afterwards. The challenge is stored as answered. If it was
-- answered before or is over, nothing else happens. The sign count moves up. If it fell, that is recorded. A passkey that is on one
-- device only is refused then, and the address is told by mail. Ends the least recently used of the account's other sessions, if there
-- are too many. Returns nothing if the account or the passkey is gone.
WITH given AS (
    SELECT $1::uuid AS account, $2::bytea AS credential_id, $3::bigint AS sign_count, $4::boolean AS is_backed_up, $5::uuid AS nonce,
        $6::timestamptz AS challenge_expires_at, $7::uuid AS session, $8::text[] AS methods, $9::timestamptz AS now,
        $10::timestamptz AS unused_since, $11::timestamptz AS expires_at, $12::bigint AS most,
        $13::uuid AS mail, $14::text AS mail_kind, $15::uuid AS mail_account, $16::text AS recipient, $17::text AS mail_locale,
        $18::bytea AS content, $19::text AS user_agent, $20::inet AS ip_address, $21::text AS request_id
),
account AS (
    SELECT id, email, email_verified_at, username, roles, created_at, disabled_at, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT changed_at FROM passwords WHERE account_id = (SELECT id FROM account) FOR NO KEY UPDATE
),
passkey AS (
    SELECT k.id, k.is_backup_eligible, greatest(k.sign_count, given.sign_count) > 0 AND given.sign_count <= k.sign_count AS has_fallen
    FROM given, passkeys k
    WHERE k.credential_id = given.credential_id AND k.account_id = (SELECT id FROM account) FOR NO KEY UPDATE OF k
),
answered AS (
    INSERT INTO used_challenges (nonce, expires_at) SELECT nonce, challenge_expires_at FROM passkey, given WHERE challenge_expires_at > now
    ON CONFLICT (nonce) DO NOTHING RETURNING nonce
),
accepted AS (
    SELECT passkey.id FROM passkey, answered WHERE NOT has_fallen OR is_backup_eligible
),
moved AS (
    UPDATE passkeys k SET sign_count = greatest(k.sign_count, given.sign_count), is_backed_up = given.is_backed_up, last_used_at = now
    FROM accepted, given WHERE k.id = accepted.id
),
session AS (
    INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent,
        ip_address)
    SELECT session, account.id, session_generation, now, now, now, methods, expires_at, user_agent, ip_address
    FROM account, accepted, given RETURNING account_id, id, generation
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
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now
    FROM passkey, answered, given WHERE has_fallen AND NOT is_backup_eligible AND mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, account.id, session.id
    FROM given, account, passkey, answered LEFT JOIN session ON true,
        (VALUES ('passkey_sign_count_fell'), ('passkey_used'), ('logged_in')) AS event (kind)
    WHERE CASE kind WHEN 'passkey_sign_count_fell' THEN has_fallen ELSE session.id IS NOT NULL END
)
SELECT account.*, (SELECT changed_at FROM password) AS password_of, EXISTS (SELECT FROM answered) AS is_first_answer,
    EXISTS (SELECT FROM session) AS is_accepted, ARRAY(SELECT id FROM room) AS ended
FROM account, passkey
