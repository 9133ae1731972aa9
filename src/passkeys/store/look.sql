-- Finds what there is before a passkey is added: whether its challenge was answered before, and whether the account has a second factor
-- and recovery codes, used or not.
SELECT EXISTS (SELECT FROM used_challenges WHERE nonce = $1::uuid) AS is_answered,
    f.is_asked AND EXISTS (SELECT FROM recovery_codes WHERE account_id = $2::uuid) AS has_codes
FROM portcullis_second_factors($2::uuid) f
