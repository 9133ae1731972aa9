-- Ends the trust of the account in these of its devices, or in all of them, if the session that asks is active. The
-- account is locked first, so a login that is under way is waited for, and one that waits asks for the second factor.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::boolean AS is_all, $4::uuid[] AS ids, $5::timestamptz AS now,
        $6::timestamptz AS unused_since, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM account, given, sessions s
    WHERE s.id = given.by AND s.account_id = account.id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
forgotten AS (
    DELETE FROM trusted_devices d USING asked, given
    WHERE d.account_id = asked.id AND (is_all OR d.device_id = ANY (ids)) RETURNING d.device_id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'devices_forgotten', user_agent, ip_address, request_id, asked.id, by
    FROM asked, given WHERE EXISTS (SELECT FROM forgotten)
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, ARRAY(SELECT device_id FROM forgotten) AS forgotten
