-- Removes the authenticator app of the account, if the session that asks is active, and it is not the last second factor of an account that
-- needs one. Recovery codes go with the last second factor. Enrolments that wait are over. Tells the address by mail, if there was an app.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since,
        $5::uuid AS mail, $6::text AS mail_kind, $7::uuid AS mail_account, $8::text AS recipient, $9::text AS mail_locale,
        $10::bytea AS content, $11::text AS user_agent, $12::inet AS ip_address, $13::text AS request_id,
        $14::boolean AS required_of_all, $15::text[] AS required_roles
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
factors AS MATERIALIZED (
    SELECT f.has_totp AND cardinality(f.passkeys) = 0 AND (required_of_all OR asked.roles && required_roles) AS is_needed,
        cardinality(f.passkeys) AS passkeys
    FROM asked, given, LATERAL portcullis_second_factors(asked.id) f
),
removed AS (
    DELETE FROM totps USING asked, factors WHERE account_id = asked.id AND NOT is_needed RETURNING account_id
),
codes AS (
    DELETE FROM recovery_codes USING removed, factors WHERE recovery_codes.account_id = removed.account_id AND passkeys = 0
),
ended AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM asked, factors, given
    WHERE flows.account_id = asked.id AND NOT is_needed AND kind = 'totp' AND consumed_at IS NULL
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM removed, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'totp_removed', user_agent, ip_address, request_id, removed.account_id, by
    FROM removed, given
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, EXISTS (SELECT FROM factors WHERE is_needed) AS is_needed
