-- Ends a session of the account, if both it and the one that asks are active. Returns those of the two that are
-- active.
--
-- Statements that lock an account's row and rows of sessions lock the account first, as its removal does, and then
-- the sessions in one order, so that devices that end each other take turns. The state of the sessions is read when
-- all are locked, because it may change before.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::uuid AS target, $4::timestamptz AS now, $5::timestamptz AS unused_since,
        $6::text AS user_agent, $7::inet AS ip_address, $8::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
locked AS (
    SELECT s.id, s AS session FROM account, given, sessions s
    WHERE s.id IN (given.by, given.target) AND s.account_id = account.id
    ORDER BY s.id FOR NO KEY UPDATE OF s
),
active AS (
    SELECT locked.id FROM locked, account, given
    WHERE portcullis_is_active(locked.session, account.session_generation, at => now, unused_since => unused_since)
),
ended AS (
    UPDATE sessions SET revoked_at = given.now FROM active, given
    WHERE sessions.id = active.id AND active.id = given.target AND EXISTS (SELECT FROM active WHERE id = given.by)
    RETURNING sessions.account_id, sessions.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'session_revoked', user_agent, ip_address, request_id, ended.account_id, ended.id
    FROM ended, given
)
SELECT active.id, ended.id IS NOT NULL AS has_ended FROM active LEFT JOIN ended USING (id)
