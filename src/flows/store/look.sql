-- Finds what the link of a mail leads to, and who asked for it. Nothing changes. A link to an account that is disabled
-- leads to nothing.
SELECT f.id, f.link_kind, f.email, f.data, f.created_at, f.expires_at, f.user_agent, f.ip_address,
    a.email AS account_email, a.username
FROM flows f LEFT JOIN accounts a ON a.id = f.account_id
WHERE f.link_hash = $1::bytea AND f.consumed_at IS NULL AND f.expires_at > $2::timestamptz AND a.disabled_at IS NULL
