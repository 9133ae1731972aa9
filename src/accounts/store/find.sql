-- Charges the attempt, and finds the account that somebody names, with its password if it has one, even if the
-- attempt is refused. The work is the same whether there is such an account or not.
SELECT wait, refused, taken, contended, taken_in,
    a.id, a.email, a.email_verified_at, a.username, a.roles, a.created_at, a.disabled_at, a.session_generation, p.hash, p.changed_at
FROM portcullis_take($1::integer[], $2::bytea[], $3::float8[], $4::float8[], $5::timestamptz, $6::boolean)
    LEFT JOIN accounts a ON lower(a.email COLLATE "C") = $7::text OR lower(a.username COLLATE "C") = $8::text
    LEFT JOIN passwords p ON p.account_id = a.id
