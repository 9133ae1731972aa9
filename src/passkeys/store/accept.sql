-- Accepts a passkey that was shown as a second factor, if the account is enabled and still has it. The challenge is stored as answered. If
-- it was answered before or is over, nothing else happens. The sign count moves up. If it fell, that is recorded. A passkey that is on one
-- device only is refused then, and the address is told by mail. Of several at once with one challenge one is accepted.
WITH given AS (
    SELECT $1::uuid AS account, $2::bytea AS credential_id, $3::bigint AS sign_count, $4::boolean AS is_backed_up, $5::uuid AS nonce,
        $6::timestamptz AS challenge_expires_at, $7::uuid AS session, $8::timestamptz AS now,
        $9::uuid AS mail, $10::text AS mail_kind, $11::uuid AS mail_account, $12::text AS recipient, $13::text AS mail_locale,
        $14::bytea AS content, $15::text AS user_agent, $16::inet AS ip_address, $17::text AS request_id
),
account AS (
    SELECT id FROM accounts WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
passkey AS (
    SELECT k.id, k.account_id, k.is_backup_eligible,
        greatest(k.sign_count, given.sign_count) > 0 AND given.sign_count <= k.sign_count AS has_fallen
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
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now
    FROM passkey, answered, given WHERE has_fallen AND NOT is_backup_eligible AND mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, passkey.account_id, session
    FROM given, passkey, answered, (VALUES ('passkey_sign_count_fell'), ('passkey_used')) AS event (kind)
    WHERE CASE kind WHEN 'passkey_sign_count_fell' THEN has_fallen ELSE EXISTS (SELECT FROM accepted) END
)
SELECT EXISTS (SELECT FROM accepted) AS is_accepted
