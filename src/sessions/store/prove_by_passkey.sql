-- Notes that the owner of a session proved again, by a passkey, who they are, if the session is active and the account still has the
-- passkey. The challenge is stored as answered. If it was answered before or is over, nothing else happens. The sign count moves up. If
-- it fell, that is recorded. A passkey that is on one device only is refused then, and the address is told by mail. Returns whether
-- there were the session, the passkey and a first answer, and the session afterwards.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::bytea AS credential_id, $4::bigint AS sign_count, $5::boolean AS is_backed_up,
        $6::uuid AS nonce, $7::timestamptz AS challenge_expires_at, $8::timestamptz AS now, $9::timestamptz AS unused_since,
        $10::uuid AS mail, $11::text AS mail_kind, $12::uuid AS mail_account, $13::text AS recipient, $14::text AS mail_locale,
        $15::bytea AS content, $16::text AS user_agent, $17::inet AS ip_address, $18::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
passkey AS (
    SELECT k.id, k.is_backup_eligible, greatest(k.sign_count, given.sign_count) > 0 AND given.sign_count <= k.sign_count AS has_fallen
    FROM given, passkeys k
    WHERE k.credential_id = given.credential_id AND k.account_id = (SELECT id FROM asked) FOR NO KEY UPDATE OF k
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
proven AS (
    UPDATE sessions s SET authenticated_at = greatest(s.authenticated_at, now),
        methods = CASE WHEN 'passkey' = ANY (s.methods) THEN s.methods ELSE s.methods || 'passkey'::text END
    FROM accepted, given WHERE s.id = given.by RETURNING s.*
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now
    FROM passkey, answered, given WHERE has_fallen AND NOT is_backup_eligible AND mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, asked.id, given.by
    FROM given, asked, passkey, answered,
        (VALUES ('passkey_sign_count_fell'), ('passkey_used'), ('reauthenticated')) AS event (kind)
    WHERE CASE kind WHEN 'passkey_sign_count_fell' THEN has_fallen ELSE EXISTS (SELECT FROM accepted) END
)
SELECT found.has_asked, found.has_passkey, found.is_first_answer, proven.id, proven.account_id, proven.refresh_counter,
    proven.created_at, proven.last_used_at, proven.expires_at, proven.revoked_at, proven.user_agent, proven.ip_address, proven.generation,
    proven.authenticated_at, proven.methods
FROM (
    SELECT EXISTS (SELECT FROM asked) AS has_asked, EXISTS (SELECT FROM passkey) AS has_passkey,
        EXISTS (SELECT FROM answered) AS is_first_answer
) found LEFT JOIN proven ON true
