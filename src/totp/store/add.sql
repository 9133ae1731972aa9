-- Ends the flow of an enrolment and gives the account its authenticator app, if the session that asks is active, and no sessions of the
-- account were ended together since the enrolment began. One that it had is replaced, and other enrolments that wait are over. An account
-- that has no recovery codes gets some, and one that had no second factor gets them in the place of all that it has. Tells the
-- address by mail. The account is locked before the flow.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::uuid AS by, $4::bigint AS generation, $5::integer AS tries, $6::bytea AS secret,
        $7::bigint AS step, $8::timestamptz AS now, $9::timestamptz AS unused_since, $10::integer[] AS slots, $11::text[] AS hashes,
        $12::uuid AS mail, $13::text AS mail_kind, $14::uuid AS mail_account, $15::text AS recipient, $16::text AS mail_locale,
        $17::bytea AS content, $18::text AS user_agent, $19::inet AS ip_address, $20::text AS request_id
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
    SELECT account.id, account.session_generation FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM asked, given
    WHERE flows.id = flow AND account_id = asked.id AND session_generation = generation AND flows.tries < given.tries
        AND consumed_at IS NULL AND flows.expires_at > now
    RETURNING account_id
),
-- The function sees what was added and removed while this waited for the account. It is asked before anything is added.
before AS MATERIALIZED (
    SELECT consumed.account_id, f.is_asked, f.has_totp FROM consumed, LATERAL portcullis_second_factors(consumed.account_id) f
),
added AS (
    INSERT INTO totps (account_id, secret, created_at, last_step) SELECT account_id, secret, now, step FROM before, given
    ON CONFLICT (account_id) DO UPDATE
        SET secret = EXCLUDED.secret, created_at = EXCLUDED.created_at, last_step = EXCLUDED.last_step
),
ended AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM consumed, given
    WHERE flows.account_id = consumed.account_id AND kind = 'totp' AND flows.id <> flow AND consumed_at IS NULL
),
codes AS (
    INSERT INTO recovery_codes (account_id, slot, hash)
    SELECT account_id, code.slot, code.hash FROM before, given, unnest(slots, hashes) AS code (slot, hash)
    ON CONFLICT (account_id, slot) DO UPDATE SET hash = EXCLUDED.hash, used_at = NULL
        WHERE NOT (SELECT is_asked FROM before)
    RETURNING slot
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM consumed, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, consumed.account_id, by
    FROM consumed, given, (VALUES ('totp_removed'), ('totp_added')) AS event (kind)
    WHERE kind = 'totp_added' OR (SELECT has_totp FROM before)
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, EXISTS (SELECT FROM consumed) AS is_done, EXISTS (SELECT FROM codes) AS has_new_codes
