-- Counts a wrong code in a flow, and records it. Of many at once each counts. Returns nothing if the flow is over.
WITH given AS (
    SELECT $1::uuid AS flow, $2::timestamptz AS now, $3::integer AS tries, $4::text AS event, $5::uuid AS session,
        $6::text AS user_agent, $7::inet AS ip_address, $8::text AS request_id
),
counted AS (
    UPDATE flows SET tries = flows.tries + 1 FROM given
    WHERE flows.id = flow AND flows.tries < given.tries AND consumed_at IS NULL AND flows.expires_at > now
    RETURNING flows.tries, flows.account_id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id, session_id)
    SELECT portcullis_event_id(now), now, event, user_agent, ip_address, request_id, account_id, session FROM counted, given
)
SELECT tries FROM counted
