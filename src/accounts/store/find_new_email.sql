-- Charges the attempt, and finds the address that an account has now, and whether another account has the one that it is to have,
-- even if the attempt is refused. The work is the same in each case.
SELECT wait, refused, taken, contended, taken_in, a.email, a.username,
    EXISTS (SELECT FROM accounts other WHERE lower(other.email COLLATE "C") = $8::text AND other.id <> $7::uuid) AS is_taken
FROM portcullis_take($1::integer[], $2::bytea[], $3::float8[], $4::float8[], $5::timestamptz, $6::boolean)
    LEFT JOIN accounts a ON a.id = $7::uuid
