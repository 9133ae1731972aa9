-- The sealed secrets of authenticator apps after an account, in the order of accounts.
SELECT account_id, secret FROM totps WHERE account_id > $1::uuid ORDER BY account_id LIMIT $2::bigint
