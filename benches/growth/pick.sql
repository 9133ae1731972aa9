-- The account of this number, and one of its sessions that is active and goes on for at least a day. Accounts have none whose sessions
-- have ended.
SELECT a.email, s.id::text AS session
FROM (SELECT $1::bigint AS number) given CROSS JOIN growth
    JOIN accounts a ON a.id = growth_id(growth_registered(number, accounts, seeded_ms), number)
    JOIN sessions s ON s.account_id = a.id
WHERE s.revoked_at IS NULL AND s.last_used_at > seeded_at - interval '13 days' AND s.expires_at > seeded_at + interval '1 day'
ORDER BY md5(s.id::text) LIMIT 1
