-- The sessions of each page that are active, newest first. None has a higher generation than its account, so an index
-- gives them in this order.
SELECT page.number, listed.*
FROM (SELECT $4::timestamptz AS now, $5::timestamptz AS unused_since) given,
    unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS page (account, after, first, number)
    JOIN accounts a ON a.id = page.account
CROSS JOIN LATERAL (
    SELECT s.id, account_id, refresh_counter, created_at, last_used_at, expires_at, revoked_at, user_agent, ip_address, generation,
        authenticated_at, methods
    FROM sessions s
    WHERE s.account_id = page.account AND s.generation = a.session_generation
        AND s.id < coalesce(page.after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND portcullis_is_active(s, a.session_generation, at => given.now, unused_since => given.unused_since)
    ORDER BY s.id DESC LIMIT page.first
) listed
ORDER BY page.number, listed.id DESC
