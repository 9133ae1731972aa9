-- Two sessions an account, half the time of a session apart. The first factor is a prime, so neighbours are of accounts far apart.
-- One in twenty was ended after a day, and one in twenty was not used after it was opened: those that are old enough are for the clean-up.
BEGIN;

TRUNCATE sessions;

INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, revoked_at,
    user_agent, ip_address)
SELECT growth_id(growth_opened(number, accounts, seeded_ms), number),
    growth_id(growth_registered(1 + number * 2654435761 % accounts, accounts, seeded_ms), 1 + number * 2654435761 % accounts),
    0, opened_at,
    CASE WHEN number % 20 = 13 THEN opened_at ELSE greatest(opened_at, seeded_at - number % 240 * interval '1 hour') END,
    opened_at, '{password}', opened_at + interval '30 days',
    CASE WHEN number % 20 = 7 AND opened_at < seeded_at - interval '1 day' THEN opened_at + interval '1 day' END,
    (ARRAY['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
        'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
        'okhttp/5.3.0'])[1 + number % 4],
    '10.0.0.0'::inet + number % 16777216
FROM growth, generate_series(1, 2 * accounts) number,
    LATERAL (SELECT to_timestamp(growth_opened(number, accounts, seeded_ms) / 1000.0) AS opened_at) opened;

COMMIT;
