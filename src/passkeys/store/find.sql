-- Charges the attempt, and finds the passkey with this credential id and its account, even if the attempt is refused.
SELECT wait, refused, taken, contended, taken_in, k.name, k.public_key, k.is_backup_eligible,
    a.id, a.email, a.email_verified_at, a.username, a.roles, a.created_at, a.disabled_at, a.session_generation
FROM portcullis_take($1::integer[], $2::bytea[], $3::float8[], $4::float8[], $5::timestamptz, $6::boolean)
    LEFT JOIN passkeys k ON k.credential_id = $7::bytea
    LEFT JOIN accounts a ON a.id = k.account_id
