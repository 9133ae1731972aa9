-- Charges the attempt, and finds what the authenticator app of an account shares, even if the attempt is refused. Of the bucket that
-- counts for the account it tells when it was full before.
SELECT wait, refused, taken, contended, taken_in, t.secret, (SELECT full_at FROM limits WHERE key = $8::bytea) AS full_at
FROM portcullis_take($1::integer[], $2::bytea[], $3::float8[], $4::float8[], $5::timestamptz, $6::boolean)
    LEFT JOIN accounts a ON a.id = $7::uuid AND a.disabled_at IS NULL
    LEFT JOIN totps t ON t.account_id = a.id
