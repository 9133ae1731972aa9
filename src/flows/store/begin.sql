-- Begins a flow, with its mail and its event. The work is the same whether an account has the address or not, except for the
-- checks of foreign keys and a lock on its row: where nobody is to get the mail, it has no recipient, and is dropped.
WITH given AS (
    SELECT $1::uuid AS flow, $2::text AS flow_kind, $3::text AS link_kind, $4::uuid AS flow_account, $5::text AS email,
        $6::text AS locale, $7::bytea AS token_hash, $8::bytea AS link_hash, $9::bytea AS code_mac, $10::timestamptz AS code_expires_at,
        $11::bytea AS data, $12::timestamptz AS created_at, $13::timestamptz AS expires_at,
        $14::uuid AS mail, $15::text AS mail_kind, $16::uuid AS mail_account, $17::text AS recipient, $18::text AS mail_locale,
        $19::bytea AS content, $20::text AS event,
        $21::text AS user_agent, $22::inet AS ip_address, $23::text AS request_id
),
-- The account may have been deleted since it was found. Then it is one that does not exist.
known AS MATERIALIZED (
    SELECT a.id FROM given, accounts a WHERE a.id = flow_account AND a.deleted_at IS NULL FOR KEY SHARE OF a
),
flow AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, link_hash, code_mac, code_expires_at, data, created_at,
        expires_at, user_agent, ip_address)
    SELECT flow, flow_kind, link_kind, known.id, email, locale, token_hash, link_hash, code_mac, code_expires_at, data, created_at,
        expires_at, user_agent, ip_address
    FROM given LEFT JOIN known ON true
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, created_at, created_at FROM given
    WHERE mail IS NOT NULL AND (mail_account IS NULL OR mail_account = (SELECT id FROM known))
)
INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id)
SELECT portcullis_event_id(created_at), created_at, event, user_agent, ip_address, request_id, known.id
FROM given LEFT JOIN known ON true WHERE event IS NOT NULL
