-- Finds the second factors of this account, and whether its session lacks one: there are some, and it has shown none.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS session, $3::text[] AS enough
)
SELECT is_asked AND NOT EXISTS (
        SELECT FROM sessions s WHERE s.id = session AND s.methods && enough
    ) AS lacks_factor,
    is_asked, has_totp, passkeys, transports, recovery_codes_left
FROM given, LATERAL portcullis_second_factors(account)
