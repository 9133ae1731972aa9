-- Charges the attempt, and finds which names of a registration another account has.
SELECT wait, refused, taken, contended, taken_in,
    a.id AS owner, a.username, a.disabled_at IS NOT NULL AS is_disabled,
    EXISTS (SELECT FROM accounts WHERE lower(username COLLATE "C") = $8::text) AS username_is_taken
FROM portcullis_take($1::integer[], $2::bytea[], $3::float8[], $4::float8[], $5::timestamptz, $6::boolean)
    LEFT JOIN accounts a ON lower(a.email COLLATE "C") = $7::text
