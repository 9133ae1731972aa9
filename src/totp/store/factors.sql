-- Finds which second factors these accounts have.
SELECT given.account, t.created_at AS totp_since,
    (SELECT count(*) FROM recovery_codes c WHERE c.account_id = given.account AND c.used_at IS NULL) AS recovery_codes_left
FROM unnest($1::uuid[]) AS given (account) LEFT JOIN totps t ON t.account_id = given.account
