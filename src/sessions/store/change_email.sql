-- Ends the flow of a change of an account's address and gives the account the new one, if the account is enabled, still has the
-- address from which the change started, and the session that asked for the change is active. Ends the account's other open flows,
-- which belong to the address of before, except those that revert an earlier change. Begins one that reverts this change, with
-- its mail to the address of before, unless the two differ in case only. A revert is later than those of earlier changes, whatever
-- the clocks of the instances say. Returns nothing if the flow is over.
WITH given AS (
    SELECT $1::uuid AS change, $2::uuid AS account, $3::uuid AS session, $4::text AS old_email, $5::text AS new_email, $6::timestamptz AS now,
        $7::timestamptz AS unused_since,
        $8::uuid AS flow, $9::text AS flow_kind, $10::text AS link_kind, $11::uuid AS flow_account, $12::text AS email,
        $13::text AS locale, $14::bytea AS token_hash, $15::bytea AS link_hash, $16::bytea AS code_mac,
        $17::timestamptz AS code_expires_at, $18::bytea AS data, $19::timestamptz AS created_at, $20::timestamptz AS expires_at,
        $21::uuid AS mail, $22::text AS mail_kind, $23::uuid AS mail_account, $24::text AS recipient, $25::text AS mail_locale,
        $26::bytea AS content, $27::text AS user_agent, $28::inet AS ip_address, $29::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL AND email = (SELECT old_email FROM given) FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM account, given, sessions s
    WHERE s.id = given.session AND s.account_id = account.id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM asked, given
    WHERE flows.id = change AND account_id = asked.id AND consumed_at IS NULL AND flows.expires_at > now RETURNING account_id
),
changed AS (
    UPDATE accounts SET email = new_email, email_verified_at = now FROM consumed, given
    WHERE accounts.id = consumed.account_id
    RETURNING accounts.id, lower(old_email COLLATE "C") <> lower(new_email COLLATE "C") AS is_another
),
ended AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM changed, given
    WHERE account_id = changed.id AND is_another AND flows.id <> change AND consumed_at IS NULL AND kind <> 'email_revert'
),
reverting AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, link_hash, data, created_at, expires_at, user_agent,
        ip_address)
    SELECT flow, flow_kind, link_kind, changed.id, old_email, locale, token_hash, link_hash, data,
        greatest(created_at, (
            SELECT max(earlier.created_at) + interval '1 microsecond' FROM flows earlier
            WHERE earlier.account_id = changed.id AND earlier.kind = 'email_revert'
        )), expires_at, user_agent, ip_address
    FROM changed, given WHERE is_another
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM changed, given
    WHERE is_another AND mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'email_changed', user_agent, ip_address, request_id, changed.id, session FROM changed, given
)
SELECT id FROM changed
