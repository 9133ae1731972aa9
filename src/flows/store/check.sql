-- Checks what somebody got by mail, and counts a wrong code. The flow's row is locked, so of many codes at once each counts.
-- Wrong codes count for the address as well, whichever of its flows they were tried in, if that has a mail. They are recorded whether an account has it
-- or not, so that the work is the same.
WITH given AS (
    SELECT $1::text AS kind, $2::bytea AS token_hash, $3::bytea AS link_hash, $4::bytea[] AS code_macs, $5::timestamptz AS now,
        $6::integer AS tries, $7::bigint AS tries_of_address, $8::timestamptz AS tries_since,
        $9::text AS user_agent, $10::inet AS ip_address, $11::text AS request_id
),
found AS (
    SELECT f.* FROM flows f, given
    WHERE (f.token_hash = given.token_hash AND f.kind = given.kind OR f.link_hash = given.link_hash AND f.link_kind = given.kind)
        AND consumed_at IS NULL AND expires_at > now
    FOR NO KEY UPDATE OF f
),
tried AS (
    SELECT sum(f.tries) AS tries, min(f.created_at) AS since FROM flows f, found, given
    WHERE lower(f.email COLLATE "C") = lower(found.email COLLATE "C") AND f.created_at > tries_since AND f.tries > 0
        AND f.link_hash IS NOT NULL
),
judged AS (
    SELECT found.id, given.link_hash IS NULL AND found.tries < given.tries AND code_expires_at > now AS takes_code,
        given.link_hash IS NULL AND tried.tries >= tries_of_address AS is_limited,
        extract(epoch FROM tried.since - tries_since)::float8 AS wait,
        coalesce(code_mac = ANY (code_macs), false) AS has_code
    FROM found, given, tried
),
counted AS (
    UPDATE flows SET tries = flows.tries + 1 FROM judged
    WHERE flows.id = judged.id AND takes_code AND is_limited IS NOT TRUE AND NOT has_code
    RETURNING flows.tries, flows.account_id
),
recorded AS (
    INSERT INTO audit_events (id, occurred_at, kind, user_agent, ip_address, request_id, account_id)
    SELECT portcullis_event_id(now), now, 'code_failed', user_agent, ip_address, request_id, account_id
    FROM counted, given
)
SELECT found.id, found.account_id, CASE WHEN given.link_hash IS NULL THEN code_expires_at ELSE found.expires_at END AS expires_at, found.email, found.locale, found.data, a.username,
    a.session_generation AS generation, p.changed_at AS password_of,
    given.link_hash IS NOT NULL OR takes_code AND has_code AS is_right,
    EXISTS (SELECT FROM counted) AS is_counted,
    coalesce((SELECT tries FROM counted), found.tries) AS tries,
    CASE WHEN is_limited THEN wait END AS wait
FROM judged, given, found LEFT JOIN accounts a ON a.id = found.account_id LEFT JOIN passwords p ON p.account_id = a.id
