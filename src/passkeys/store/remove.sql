-- Removes a passkey of the account, if the session that asks is active, somebody can sign in to the account without it (by another
-- passkey, the password or a mail), and it is not the last second factor of an account that needs one. Recovery codes go with the last
-- second factor. Tells the address by mail. The account is locked before the password.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since, $5::uuid AS passkey,
        $6::boolean AS signs_in_by_mail, $7::uuid AS mail, $8::text AS mail_kind, $9::uuid AS mail_account, $10::text AS recipient,
        $11::text AS mail_locale, $12::bytea AS content, $13::text AS user_agent, $14::inet AS ip_address, $15::text AS request_id,
        $16::boolean AS required_of_all, $17::text[] AS required_roles
),
account AS (
    SELECT id, session_generation, roles FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id, account.roles FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
password AS (
    SELECT p.account_id FROM asked, passwords p WHERE p.account_id = asked.id FOR KEY SHARE OF p
),
found AS (
    SELECT p.id FROM asked, given, passkeys p WHERE p.id = given.passkey AND p.account_id = asked.id FOR UPDATE OF p
),
-- The function sees what was removed while this waited for the account.
factors AS MATERIALIZED (
    SELECT f.has_totp, cardinality(f.passkeys) AS passkeys,
        NOT f.has_totp AND cardinality(f.passkeys) = 1 AND (required_of_all OR asked.roles && required_roles) AS is_needed
    FROM asked, given, LATERAL portcullis_second_factors(asked.id) f
),
removed AS (
    DELETE FROM passkeys USING found, factors, given
    WHERE passkeys.id = found.id AND NOT is_needed AND (factors.passkeys > 1 OR signs_in_by_mail OR EXISTS (SELECT FROM password))
    RETURNING passkeys.account_id
),
codes AS (
    DELETE FROM recovery_codes USING removed, factors
    WHERE recovery_codes.account_id = removed.account_id AND NOT has_totp AND factors.passkeys = 1
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM removed, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'passkey_removed', user_agent, ip_address, request_id, removed.account_id, by
    FROM removed, given
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, EXISTS (SELECT FROM found) AS is_found, EXISTS (SELECT FROM removed) AS is_removed,
    EXISTS (SELECT FROM factors WHERE is_needed) AS is_needed
