-- The first accounts whose address begins like this, in folded form. The server has no such search: it is what one would send.
SELECT id::text, email, username, created_at::text, disabled_at::text
FROM accounts
WHERE lower(email COLLATE "C") >= $1::text AND lower(email COLLATE "C") < $1::text || chr(1114111)
ORDER BY lower(email COLLATE "C") LIMIT 20
