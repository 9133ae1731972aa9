-- Ends all sessions of the account except the one that asks, if that one is active: the account's generation is
-- raised, and the session's with it. Returns a row if the one that asks is active, with the generation if there was
-- another session to end. Sessions that were left unused for too long end too, or they would become active again if
-- that time is made longer. The trust in the account's devices ends, also if none of them has a session.
--
-- The account is locked first, then the session. The session's state is read when both are locked.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since,
        $5::text AS user_agent, $6::inet AS ip_address, $7::text AS request_id
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
    SELECT account.id, account.session_generation FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
raised AS (
    UPDATE accounts SET session_generation = accounts.session_generation + 1 FROM asked
    WHERE accounts.id = asked.id AND EXISTS (
        SELECT FROM sessions other, given WHERE other.account_id = asked.id
            AND other.generation = asked.session_generation AND other.revoked_at IS NULL AND other.id <> given.by
    )
    RETURNING accounts.id, accounts.session_generation
),
forgotten AS (
    DELETE FROM trusted_devices d USING asked WHERE d.account_id = asked.id RETURNING d.device_id
),
kept AS (
    UPDATE sessions SET generation = raised.session_generation FROM raised, given WHERE sessions.id = given.by
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, kept_session_id, user_agent, ip_address, request_id)
    SELECT raised.id, raised.session_generation, now, by, user_agent, ip_address, request_id FROM raised, given
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'devices_forgotten', user_agent, ip_address, request_id, asked.id, by
    FROM asked, given WHERE EXISTS (SELECT FROM forgotten)
)
SELECT (SELECT session_generation FROM raised) AS generation FROM asked
