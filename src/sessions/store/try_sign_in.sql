-- Takes one of the tries that a sign-in has for its second factor, charges the attempt at its account, and finds what the sign-in keeps and
-- what the factor is compared with, even if the attempt is refused. Of many at once each takes a try. Returns nothing if the sign-in is
-- over. Waits for no disk, so that nobody waits for a bucket as long: a crash of the database may give back the tries of its last second.
--
-- The key of a bucket is the first half of a hash. The text of one that counts for the account ends with the account's id.
WITH given AS (
    SELECT $1::bytea AS token_hash, $2::integer AS tries, $3::integer AS slot, $4::bytea AS credential_id,
        $5::bytea AS counter, $6::integer[] AS steps, $7::bytea[] AS texts, $8::boolean[] AS of_account, $9::float8[] AS costs,
        $10::float8[] AS bursts, $11::timestamptz AS now, $12::boolean AS holding
),
quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
tried AS (
    UPDATE flows SET factor_tries = factor_tries + 1 FROM given, quick
    WHERE flows.token_hash = given.token_hash AND kind = 'sign_in' AND consumed_at IS NULL AND flows.expires_at > now
        AND factor_tries < given.tries
    RETURNING flows.id, flows.account_id, flows.email, flows.factor_tries, flows.data
),
enabled AS MATERIALIZED (
    SELECT a.id, a.email, a.email_verified_at, a.username, a.roles, a.created_at, a.disabled_at, a.session_generation
    FROM tried JOIN accounts a ON a.id = tried.account_id AND a.disabled_at IS NULL
),
bucket AS MATERIALIZED (
    SELECT substring(sha256(text || CASE WHEN is_of_account THEN uuid_send(enabled.id) ELSE '' END) FOR 16) AS key, place
    FROM enabled, given, unnest(texts, of_account) WITH ORDINALITY AS part (text, is_of_account, place)
),
taking AS MATERIALIZED (
    SELECT wait, refused, taken, contended, taken_in FROM enabled, given,
        LATERAL portcullis_take(steps, ARRAY(SELECT key FROM bucket ORDER BY place), costs, bursts, now, holding)
),
codes AS (
    SELECT (array_agg(hash) FILTER (WHERE c.slot = given.slot))[1] AS hash, count(c.slot) AS unused
    FROM given, enabled LEFT JOIN recovery_codes c ON c.account_id = enabled.id AND c.used_at IS NULL
)
SELECT tried.id AS flow, tried.email AS flow_email, tried.factor_tries, tried.data, enabled.*, taking.*,
    (SELECT full_at FROM limits WHERE key = substring(sha256(given.counter || uuid_send(enabled.id)) FOR 16)) AS full_at,
    (SELECT secret FROM totps WHERE account_id = enabled.id) AS secret, codes.hash, codes.unused,
    (SELECT min(f.created_at) FROM (
        SELECT created_at FROM totps WHERE account_id = enabled.id UNION ALL SELECT created_at FROM passkeys WHERE account_id = enabled.id
    ) f) AS asked_since,
    k.name, k.public_key, k.is_backup_eligible
FROM given, tried, taking, codes, enabled LEFT JOIN passkeys k
    ON k.credential_id = (SELECT credential_id FROM given) AND k.account_id = enabled.id
