-- Creates an account that has no session yet.
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::timestamptz AS email_verified_at, $4::text AS username, $5::text AS hash,
        $6::timestamptz AS now
),
account AS (
    INSERT INTO accounts (id, email, email_verified_at, username, created_at)
    SELECT id, email, email_verified_at, username, now FROM given RETURNING id
),
password AS (
    INSERT INTO passwords (account_id, hash, changed_at) SELECT account.id, hash, now FROM account, given WHERE hash IS NOT NULL
)
INSERT INTO audit_events (id, occurred_at, kind, account_id)
SELECT portcullis_event_id(now), now, 'registered', account.id FROM account, given
