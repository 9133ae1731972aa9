-- Charges the attempt, and finds which names of a registration another account has, and whether the address may be given back to an
-- account that had it.
SELECT wait, refused, taken, contended, taken_in,
    a.id AS owner, a.email, a.username, a.disabled_at IS NOT NULL AS is_disabled,
    EXISTS (SELECT FROM accounts WHERE lower(username COLLATE "C") = $8::text) AS username_is_taken,
    EXISTS (
        SELECT FROM flows f JOIN accounts had ON had.id = f.account_id AND had.deleted_at IS NULL
        WHERE f.kind = 'email_revert' AND lower(f.email COLLATE "C") = $7::text AND f.consumed_at IS NULL AND f.expires_at > $5::timestamptz
    ) AS email_may_be_reverted
FROM portcullis_take($1::integer[], $2::bytea[], $3::float8[], $4::float8[], $5::timestamptz, $6::boolean)
    LEFT JOIN accounts a ON lower(a.email COLLATE "C") = $7::text
