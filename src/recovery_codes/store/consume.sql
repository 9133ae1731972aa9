-- Uses a recovery code, if it was not used yet and the account is asked for a second factor, and tells the address by mail. Of several at
-- once one changes the row.
WITH given AS (
    SELECT $1::uuid AS account, $2::integer AS slot, $3::text AS hash, $4::uuid AS session, $5::timestamptz AS now,
        $6::uuid AS mail, $7::text AS mail_kind, $8::uuid AS mail_account, $9::text AS recipient, $10::text AS mail_locale,
        $11::bytea AS content, $12::text AS user_agent, $13::inet AS ip_address, $14::text AS request_id
),
account AS (
    SELECT id FROM accounts WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asked AS MATERIALIZED (
    SELECT account.id FROM account, LATERAL portcullis_second_factors(account.id) f WHERE f.is_asked
),
used AS (
    UPDATE recovery_codes c SET used_at = now FROM asked, given
    WHERE c.account_id = asked.id AND c.slot = given.slot AND c.hash = given.hash AND c.used_at IS NULL RETURNING c.account_id
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM used, given WHERE mail IS NOT NULL
)
INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
SELECT portcullis_event_id(now), now, 'recovery_code_used', user_agent, ip_address, request_id, used.account_id, session
FROM used, given
