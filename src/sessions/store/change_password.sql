-- Replaces the account's password and ends all its sessions except the one that asks, if that one is active and the
-- password is still the one that was compared. Returns whether it was, and the account's new generation. Each change
-- has a later time than the one before, whatever the clocks of the instances say.
WITH given AS (
    SELECT $1::uuid AS account, $2::uuid AS by, $3::timestamptz AS now, $4::timestamptz AS unused_since, $5::text AS old, $6::text AS new,
        $7::text AS user_agent, $8::inet AS ip_address, $9::text AS request_id
),
account AS (
    SELECT id, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT account_id FROM passwords
    WHERE account_id = (SELECT id FROM account) AND hash = (SELECT old FROM given) FOR NO KEY UPDATE
),
asking AS (
    SELECT s AS session FROM password, given, sessions s
    WHERE s.id = given.by AND s.account_id = password.account_id FOR NO KEY UPDATE OF s
),
asked AS (
    SELECT account.id FROM account, asking, given
    WHERE portcullis_is_active(asking.session, account.session_generation, at => now, unused_since => unused_since)
),
raised AS (
    UPDATE accounts SET session_generation = accounts.session_generation + 1 FROM asked
    WHERE accounts.id = asked.id RETURNING accounts.id, accounts.session_generation
),
changed AS (
    UPDATE passwords SET hash = new, changed_at = greatest(now, changed_at + interval '1 microsecond') FROM raised, given
    WHERE account_id = raised.id
),
kept AS (
    UPDATE sessions SET generation = raised.session_generation FROM raised, given WHERE sessions.id = given.by
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, kept_session_id, user_agent, ip_address, request_id)
    SELECT raised.id, raised.session_generation, now, by, user_agent, ip_address, request_id FROM raised, given
),
closed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM raised, given
    WHERE flows.account_id = raised.id AND flows.kind NOT IN ('email_revert', 'email_change') AND consumed_at IS NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'password_changed', user_agent, ip_address, request_id, raised.id, by FROM raised, given
)
SELECT EXISTS (SELECT FROM password) AS has_hash, (SELECT session_generation FROM raised) AS generation
