-- Ends the flow of a reset and sets the new password, if the account is enabled and still has the address to which the mail went. Ends
-- all sessions of the account and its other open flows, and tells the address by mail. If the address is proven only by this, second
-- factors go as well. Otherwise an account that has one needs a factor that was shown, and nothing changes without it. Flows that revert
-- a change of the address stay open, because they belong to whoever had the address before. Returns the account's new generation, which
-- is null if the flow is over, and whether a factor is lacking. Returns nothing if the account is disabled or has another address.
--
-- The account is locked before the flow, so a login or a sign-in by mail that is under way is waited for, and its session ends as well.
-- Each password has a later time than the one before, whatever the clocks of the instances say.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::text AS email, $4::text AS hash, $5::timestamptz AS now,
        $6::uuid AS mail, $7::text AS mail_kind, $8::uuid AS mail_account, $9::text AS recipient, $10::text AS mail_locale,
        $11::bytea AS content, $12::boolean AS factor_shown,
        $13::text AS user_agent, $14::inet AS ip_address, $15::text AS request_id
),
account AS (
    SELECT id, email, email_verified_at, username, roles, created_at, disabled_at, session_generation FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL
        AND lower(email COLLATE "C") = (SELECT lower(email COLLATE "C") FROM given) FOR NO KEY UPDATE
),
factors AS MATERIALIZED (
    SELECT f.* FROM account, LATERAL portcullis_second_factors(account.id) f
),
lacking AS MATERIALIZED (
    SELECT flows.id FROM account, factors, given, flows
    WHERE is_asked AND account.email_verified_at IS NOT NULL AND NOT factor_shown
        AND flows.id = flow AND consumed_at IS NULL AND flows.expires_at > now
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM account, factors, given
    WHERE flows.id = flow AND consumed_at IS NULL AND flows.expires_at > now AND NOT EXISTS (SELECT FROM lacking)
    RETURNING account.id, account.email_verified_at
),
raised AS (
    UPDATE accounts SET session_generation = accounts.session_generation + 1,
        email_verified_at = coalesce(accounts.email_verified_at, now)
    FROM consumed, given WHERE accounts.id = consumed.id RETURNING accounts.id, accounts.session_generation
),
password AS (
    INSERT INTO passwords (account_id, hash, changed_at) SELECT raised.id, hash, now FROM raised, given
    ON CONFLICT (account_id) DO UPDATE SET hash = EXCLUDED.hash,
        changed_at = greatest(EXCLUDED.changed_at, passwords.changed_at + interval '1 microsecond')
),
-- Whoever registered the address before it was proven may have been somebody else.
removed AS MATERIALIZED (
    SELECT portcullis_remove_factors(consumed.id) AS kinds FROM consumed WHERE consumed.email_verified_at IS NULL
),
ended AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM raised, given
    WHERE account_id = raised.id AND flows.id <> flow AND kind <> 'email_revert' AND consumed_at IS NULL
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at, user_agent, ip_address, request_id)
    SELECT raised.id, session_generation, now, user_agent, ip_address, request_id FROM raised, given
),
posted AS (
    INSERT INTO mails (id, kind, account_id, recipient, locale, content, created_at, due_at)
    SELECT mail, mail_kind, mail_account, recipient, mail_locale, content, now, now FROM raised, given WHERE mail IS NOT NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id)
    SELECT portcullis_event_id(now), now, kind, user_agent, ip_address, request_id, consumed.id
    FROM consumed, given, LATERAL (
        VALUES ('password_reset', true), ('email_verified', consumed.email_verified_at IS NULL)
        UNION ALL SELECT unnest(kinds), true FROM removed
    ) AS event (kind, is_so)
    WHERE is_so
)
SELECT (SELECT session_generation FROM raised) AS generation, EXISTS (SELECT FROM lacking) AS lacks_factor, account.*, factors.*
FROM account, factors
