-- Gives a passkey of the account another name, if the session that asks is active. Returns the passkey, if the account has it.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since, $5::uuid AS passkey,
        $6::text AS new_name, $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
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
renamed AS (
    UPDATE passkeys p SET name = new_name FROM asked, given WHERE p.id = given.passkey AND p.account_id = asked.id
    RETURNING p.id, p.account_id, p.credential_id, p.transports, p.name, p.created_at, p.last_used_at, p.is_backed_up, p.aaguid
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'passkey_renamed', user_agent, ip_address, request_id, renamed.account_id, by
    FROM renamed, given
)
SELECT EXISTS (SELECT FROM asked) AS has_asked, renamed.* FROM (VALUES (1)) AS one LEFT JOIN renamed ON true
