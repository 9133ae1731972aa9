-- Ends the flow of a verification, and notes that the address of the account is proven, if the account is enabled and still has the
-- address to which the mail went. Returns the address, and nothing if the flow is over. The account is locked before the flow.
WITH given AS (
    SELECT $1::uuid AS flow, $2::uuid AS account, $3::text AS email, $4::timestamptz AS now,
        $5::text AS user_agent, $6::inet AS ip_address, $7::text AS request_id
),
account AS (
    SELECT id, email FROM accounts
    WHERE id = (SELECT account FROM given) AND disabled_at IS NULL
        AND lower(email COLLATE "C") = (SELECT lower(email COLLATE "C") FROM given) FOR NO KEY UPDATE
),
consumed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM account, given
    WHERE flows.id = flow AND consumed_at IS NULL AND flows.expires_at > now RETURNING account.id, account.email
),
verified AS (
    UPDATE accounts SET email_verified_at = now FROM consumed, given
    WHERE accounts.id = consumed.id AND accounts.email_verified_at IS NULL RETURNING accounts.id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id)
    SELECT portcullis_event_id(now), now, 'email_verified', user_agent, ip_address, request_id, verified.id FROM verified, given
)
SELECT email FROM consumed
