-- Finds a sign-in that waits for its second step, with its account, and whether that has a second factor. Nothing changes.
SELECT f.id AS flow, f.email AS flow_email, f.data, f.expires_at AS flow_expires_at, s.is_asked,
    a.id, a.email, a.email_verified_at, a.username, a.roles, a.created_at, a.disabled_at, a.session_generation
FROM flows f JOIN accounts a ON a.id = f.account_id AND a.disabled_at IS NULL, LATERAL portcullis_second_factors(a.id) s
WHERE f.token_hash = $1::bytea AND f.kind = 'sign_in' AND f.consumed_at IS NULL AND f.expires_at > $2::timestamptz
    AND f.factor_tries < $3::integer
