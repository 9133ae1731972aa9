-- Ends all sessions of the account that an operator names. The account's sessions end with its generation.
WITH given AS (
    SELECT $1::uuid AS id, $2::text AS email, $3::text AS username, $4::timestamptz AS now
),
raised AS (
    UPDATE accounts a SET session_generation = session_generation + 1 FROM given
    WHERE (a.id = given.id OR lower(a.email COLLATE "C") = given.email OR lower(a.username COLLATE "C") = given.username)
        AND deleted_at IS NULL
    RETURNING a.id, a.session_generation
),
noted AS (
    INSERT INTO session_endings (account_id, generation, ended_at) SELECT raised.id, session_generation, now FROM raised, given
),
closed AS (
    UPDATE flows SET consumed_at = now, data = NULL, code_mac = NULL FROM raised, given
    WHERE flows.account_id = raised.id AND flows.kind <> 'email_revert' AND consumed_at IS NULL
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, account_id)
    SELECT portcullis_event_id(now), now, 'account_signed_out', raised.id FROM raised, given
)
SELECT id FROM raised
