-- All that a snapshot of this history sees. Transactions of another history are over.
SELECT id, session_id, account_id, revoked_at, generation, kept_session_id
FROM revocations
WHERE (history <> $1::text OR pg_visible_in_snapshot(transaction_id::text::xid8, $2::text::pg_snapshot))
    AND id > $3::bigint AND revoked_at > clock_timestamp() - make_interval(secs => $4::float8)
ORDER BY id LIMIT $5::bigint
