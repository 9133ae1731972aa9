-- Finds the open flow of an account by its token, with what it keeps.
SELECT id, data FROM flows
WHERE token_hash = $1::bytea AND kind = $2::text AND account_id = $3::uuid AND consumed_at IS NULL AND expires_at > $4::timestamptz
    AND tries < $5::integer
