-- Finds the hash of an account's recovery code, if it was not used yet, and how many are left.
SELECT (array_agg(hash) FILTER (WHERE slot = $2::integer))[1] AS hash, count(*) AS unused
FROM recovery_codes WHERE account_id = $1::uuid AND used_at IS NULL
