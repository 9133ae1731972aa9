-- Begins a flow that no mail belongs to, if its account is enabled.
WITH given AS (
    SELECT $1::uuid AS flow, $2::text AS flow_kind, $3::text AS flow_email, $4::text AS flow_locale, $5::bytea AS token_hash,
        $6::bytea AS data, $7::timestamptz AS flow_expires_at, $8::uuid AS account, $9::timestamptz AS now,
        $10::text AS user_agent, $11::inet AS ip_address, $12::text AS request_id
),
known AS MATERIALIZED (
    SELECT a.id FROM given, accounts a WHERE a.id = account AND a.disabled_at IS NULL FOR KEY SHARE OF a
)
INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, data, created_at, expires_at, user_agent, ip_address)
SELECT flow, flow_kind, flow_kind, known.id, flow_email, flow_locale, token_hash, data, now, flow_expires_at, user_agent, ip_address
FROM known, given
