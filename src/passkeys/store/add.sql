-- Adds a passkey to the account, if the session that asks is active, and the challenge was not answered before. Of several answers to one
-- challenge, one adds it. The account has room for it, and no account has one with the same credential id. An account that has no recovery
-- codes gets some, and one that had no second factor gets them in the place of all that it has: without codes for it, nothing is done.
-- Tells the address by mail.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since, $5::uuid AS passkey,
        $6::bytea AS credential_id, $7::bytea AS public_key, $8::bigint AS sign_count, $9::boolean AS is_backup_eligible,
        $10::boolean AS is_backed_up, $11::uuid AS aaguid, $12::text[] AS transports, $13::text AS name, $14::integer AS most,
        $15::uuid AS nonce, $16::timestamptz AS challenge_expires_at, $17::integer[] AS slots, $18::text[] AS hashes,
        $19::uuid AS mail, $20::text AS mail_kind, $21::uuid AS mail_account, $22::text AS recipient, $23::text AS mail_locale,
        $24::bytea AS content, $25::text AS user_agent, $26::inet AS ip_address, $27::text AS request_id
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
-- The function sees what was added and removed while this waited for the account. It is asked before anything is added.
before AS MATERIALIZED (
    SELECT asked.id, f.is_asked, cardinality(f.passkeys) AS passkeys FROM asked, LATERAL portcullis_second_factors(asked.id) f
),
ready AS MATERIALIZED (
    SELECT before.id, before.passkeys FROM before, given WHERE is_asked OR cardinality(slots) > 0
),
used AS (
    INSERT INTO used_challenges (nonce, expires_at) SELECT nonce, challenge_expires_at FROM ready, given
    ON CONFLICT (nonce) DO NOTHING RETURNING nonce
),
room AS MATERIALIZED (
    SELECT ready.id FROM used, ready, given WHERE passkeys < most
),
added AS (
    INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, aaguid, transports,
        name, created_at)
    SELECT passkey, room.id, credential_id, public_key, sign_count, is_backup_eligible, is_backed_up, aaguid, transports, name, now
    FROM room, given
    ON CONFLICT (credential_id) DO NOTHING RETURNING account_id
),
codes AS (
    INSERT INTO recovery_codes (account_id, slot, hash)
    SELECT account_id, code.slot, code.hash FROM added, given, unnest(slots, hashes) AS code (slot, hash)
    ON CONFLICT (account_id, slot) DO UPDATE SET hash = EXCLUDED.hash, used_at = NULL
        WHERE NOT (SELECT is_asked FROM before)
    RETURNING slot
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM added, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'passkey_added', user_agent, ip_address, request_id, added.account_id, by FROM added, given
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, EXISTS (SELECT FROM ready) AS is_ready,
    EXISTS (SELECT FROM used) AS is_first_answer, EXISTS (SELECT FROM room) AS has_room,
    EXISTS (SELECT FROM added) AS is_added, EXISTS (SELECT FROM codes) AS has_new_codes
