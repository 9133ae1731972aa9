-- Opens a session after a proof by password, if the account is enabled and the password is still the one that was
-- compared. The account's row is locked before the password's, so this waits for a change that is under way, and
-- reads both rows as they are afterwards. If the account has a second factor, or lacks one that is required of it, no
-- session is opened, and the flow of the second step begins, unless the account trusts the device that was shown: its row
-- is written, so what ended the trust meanwhile wins. Ends the least recently used of the account's other sessions, if
-- there are too many.
WITH given AS (
    SELECT $1::uuid AS account, $2::text AS hash, $3::text AS stronger, $4::uuid AS session, $5::text[] AS methods,
        $6::timestamptz AS now, $7::timestamptz AS unused_since, $8::timestamptz AS expires_at, $9::bigint AS most,
        $10::uuid AS flow, $11::text AS flow_kind, $12::text AS flow_email, $13::text AS flow_locale, $14::bytea AS token_hash,
        $15::bytea AS data, $16::timestamptz AS flow_expires_at,
        $17::text AS user_agent, $18::inet AS ip_address, $19::text AS request_id,
        $23::boolean AS required_of_all, $24::text[] AS required_roles
),
shown AS (
    SELECT $20::uuid AS device, $21::timestamptz AS device_password_of, $22::timestamptz AS trusted_since
),
account AS (
    SELECT id, session_generation, roles FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL FOR NO KEY UPDATE
),
password AS (
    SELECT account_id, changed_at FROM passwords
    WHERE account_id = (SELECT id FROM account) AND hash = (SELECT hash FROM given) FOR NO KEY UPDATE
),
upgraded AS (
    UPDATE passwords SET hash = stronger FROM password, given
    WHERE passwords.account_id = password.account_id AND stronger IS NOT NULL
),
trusted AS (
    UPDATE trusted_devices d SET last_used_at = greatest(d.last_used_at, now) FROM password, shown, given
    WHERE d.account_id = password.account_id AND d.device_id = device AND password.changed_at = device_password_of
        AND d.expires_at > now AND d.created_at > trusted_since
    RETURNING d.device_id
),
factors AS MATERIALIZED (
    SELECT f.is_asked AND NOT EXISTS (SELECT FROM trusted) AS is_asked, f.has_totp, f.passkeys, f.transports, f.recovery_codes_left,
        NOT f.is_asked AND (required_of_all OR account.roles && required_roles) AS is_lacking
    FROM account, password, given, LATERAL portcullis_second_factors(password.account_id) f
),
second_step AS (
    INSERT INTO flows (id, kind, link_kind, account_id, email, locale, token_hash, data, created_at, expires_at, user_agent, ip_address)
    SELECT flow, flow_kind, flow_kind, account.id, flow_email, flow_locale, token_hash, data, now, flow_expires_at, user_agent, ip_address
    FROM account, factors, given WHERE is_asked OR is_lacking
),
session AS (
    INSERT INTO sessions (id, account_id, generation, created_at, last_used_at, authenticated_at, methods, expires_at, user_agent,
        ip_address)
    SELECT session, account.id, session_generation, now, now, now, methods, expires_at, user_agent, ip_address
    FROM account, factors, given WHERE NOT (is_asked OR is_lacking) RETURNING account_id, id, generation
),
room AS MATERIALIZED (
    SELECT ended.* FROM session, given,
        LATERAL portcullis_make_room(session.account_id, session.generation, session.id, most, now, unused_since) ended
),
made_room AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'session_revoked', user_agent, ip_address, request_id, room.account_id, room.id
    FROM room, given
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, 'logged_in', user_agent, ip_address, request_id, session.account_id, session.id
    FROM session, given
)
SELECT session_generation AS generation, ARRAY(SELECT id FROM room) AS ended, factors.* FROM account, factors
