-- Replaces the seals of secrets, except where the secret is another one by now.
UPDATE totps SET secret = fresh.resealed
FROM (
    SELECT unnest($1::uuid[]) AS account, unnest($2::bytea[]) AS sealed, unnest($3::bytea[]) AS resealed
) fresh
WHERE account_id = fresh.account AND secret = fresh.sealed
