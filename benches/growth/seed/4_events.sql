-- The event of every other login.
BEGIN;

ALTER TABLE audit_events DISABLE TRIGGER audit_events_not_truncated;
TRUNCATE audit_events;
ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_not_truncated;

INSERT INTO audit_events (id, kind, account_id, session_id, occurred_at, user_agent, ip_address, request_id)
SELECT growth_id(growth_opened(number, accounts, seeded_ms), -number), 'logged_in',
    growth_id(growth_registered(1 + number * 2654435761 % accounts, accounts, seeded_ms), 1 + number * 2654435761 % accounts),
    growth_id(growth_opened(number, accounts, seeded_ms), number),
    to_timestamp(growth_opened(number, accounts, seeded_ms) / 1000.0),
    (ARRAY['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
        'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
        'okhttp/5.3.0'])[1 + number % 4],
    '10.0.0.0'::inet + number % 16777216, md5(number::text)
FROM growth, generate_series(1, 2 * accounts, 2) number;

COMMIT;
