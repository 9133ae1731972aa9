-- Gives an account back to whoever reads its mail, because an operator says so, if the account is enabled and still has that address:
-- removes its second factors, its recovery codes and its password, ends its sessions and its open flows, and begins a reset, whose mail
-- tells the owner of all that. Flows that revert a change of the address stay open, because they belong to whoever had the address before.
-- Returns the account's new generation.
WITH given AS (
    SELECT $1::uuid AS flow, $2::text AS flow_kind, $3::text AS link_kind, $4::uuid AS flow_account, $5::text AS email,
        $6::text AS locale, $7::bytea AS token_hash, $8::bytea AS link_hash, $9::bytea AS code_mac, $10::timestamptz AS code_expires_at,
        $11::bytea AS data, $12::timestamptz AS created_at, $13::timestamptz AS expires_at,
        $14::uuid AS mail, $15::text AS mail_kind, $16::uuid AS mail_account, $17::text AS recipient, $18::text AS mail_locale,
        $19::bytea AS content
),
account AS (
    SELECT a.id FROM accounts a, given
    WHERE a.id = flow_account AND a.disabled_at IS NULL AND lower(a.email COLLATE "C") = lower(given.email COLLATE "C")
    FOR NO KEY UPDATE OF a
),
raised AS (
    UPDATE accounts SET session_generation = session_generation + 1 FROM account
    WHERE accounts.id = account.id RETURNING accounts.id, session_generation
),
password AS (
    DELETE FROM passwords USING raised WHERE account_id = raised.id
),
factors AS MATERIALIZED (
    SELECT raised.id, portcullis_remove_factors(raised.id) AS kinds FROM raised
),
ended AS (
    UPDATE flows SET consumed_at = given.created_at, data = NULL, code_mac = NULL FROM raised, given
    WHERE flows.account_id = raised.id AND kind <> 'email_revert' AND consumed_at IS NULL
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at) SELECT raised.id, session_generation, created_at FROM raised, given
),
reset AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, link_hash, code_mac, code_expires_at, data, created_at,
        expires_at)
    SELECT flow, flow_kind, link_kind, raised.id, email, locale, token_hash, link_hash, code_mac, code_expires_at, data, created_at,
        expires_at
    FROM raised, given
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, created_at, created_at FROM raised, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(created_at), created_at, kind, factors.id
    FROM factors, given, unnest(kinds || 'account_recovered'::text) AS event (kind)
)
SELECT session_generation FROM raised
