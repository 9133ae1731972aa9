-- Replaces the recovery codes of the account, if the session that asks is active and the account has a second factor, and tells the address
-- by mail. There are as many as before, so each takes the place of one.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since, $5::integer[] AS slots,
        $6::text[] AS hashes, $7::uuid AS mail, $8::text AS mail_kind, $9::uuid AS mail_account, $10::text AS recipient,
        $11::text AS mail_locale, $12::bytea AS content, $13::text AS user_agent, $14::inet AS ip_address, $15::text AS request_id
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
-- The function sees what was removed while this waited for the account.
owner AS MATERIALIZED (
    SELECT asked.id FROM asked, LATERAL portcullis_second_factors(asked.id) f WHERE f.is_asked
),
replaced AS (
    INSERT INTO recovery_codes (account_id, slot, hash)
    SELECT owner.id, code.slot, code.hash FROM owner, given, unnest(slots, hashes) AS code (slot, hash)
    ON CONFLICT (account_id, slot) DO UPDATE SET hash = EXCLUDED.hash, used_at = NULL
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM owner, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'recovery_codes_replaced', user_agent, ip_address, request_id, owner.id, by FROM owner, given
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, EXISTS (SELECT FROM owner) AS is_done
