-- The events of each page, newest first.
SELECT page.number, listed.*
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS page (account, after, first, number)
CROSS JOIN LATERAL (
    SELECT id, kind, occurred_at, session_id, user_agent, ip_address, request_id
    FROM audit_events
    WHERE account_id = page.account AND id < coalesce(page.after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    ORDER BY id DESC LIMIT page.first
) listed
ORDER BY page.number, listed.id DESC
