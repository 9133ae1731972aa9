-- Ends the flow that reverts a change of an account's address and gives the account back the address of before, if the account is
-- enabled. Ends all its sessions, its password and its other open flows, so that whoever changed the address is out. Reverts of
-- earlier changes stay open: the owner of the first address has the last word. Begins a flow that sets a new password, with its mail
-- to that address. Returns the account's new generation, and nothing if the flow is over.
WITH given AS (
    SELECT $1::uuid AS revert, $2::uuid AS account, $3::timestamptz AS now,
        $4::uuid AS flow, $5::text AS flow_kind, $6::text AS link_kind, $7::uuid AS flow_account, $8::text AS email,
        $9::text AS locale, $10::bytea AS token_hash, $11::bytea AS link_hash, $12::bytea AS code_mac,
        $13::timestamptz AS code_expires_at, $14::bytea AS data, $15::timestamptz AS created_at, $16::timestamptz AS expires_at,
        $17::uuid AS mail, $18::text AS mail_kind, $19::uuid AS mail_account, $20::text AS recipient, $21::text AS mail_locale,
        $22::bytea AS content, $23::text AS user_agent, $24::inet AS ip_address, $25::text AS request_id
),
account AS (
    SELECT id FROM accounts WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL FROM account, given
    WHERE flows.id = revert AND account_id = account.id AND consumed_at IS NULL AND flows.expires_at > now
    RETURNING account_id, flows.email AS old_email, flows.created_at AS begun_at
),
reverted AS (
    UPDATE accounts SET email = old_email, email_verified_at = now, session_generation = session_generation + 1 FROM consumed, given
    WHERE accounts.id = consumed.account_id RETURNING accounts.id, session_generation, begun_at
),
taken_back AS MATERIALIZED (
    SELECT reverted.id, portcullis_take_back(reverted.id, ARRAY[revert, flow], begun_at, now) FROM reverted, given
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, user_agent, ip_address, request_id)
    SELECT reverted.id, session_generation, now, user_agent, ip_address, request_id FROM reverted, given
),
resetting AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, link_hash, data, created_at, expires_at, user_agent,
        ip_address)
    SELECT flow, flow_kind, link_kind, reverted.id, email, locale, token_hash, link_hash, data, created_at, expires_at, user_agent,
        ip_address
    FROM reverted, given
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM reverted, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id)
    SELECT portcullis_event_id(now), now, 'email_change_reverted', user_agent, ip_address, request_id, reverted.id FROM reverted, given
)
SELECT session_generation FROM reverted, taken_back
