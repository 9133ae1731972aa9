-- What became visible between two snapshots of one history. The first condition on transactions is for the index.
SELECT id, session_id, account_id, revoked_at, generation, kept_session_id
FROM revocations
WHERE history = $1::text AND transaction_id >= pg_snapshot_xmin($2::text::pg_snapshot)::text::bigint
    AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, $2::text::pg_snapshot)
    AND pg_visible_in_snapshot(transaction_id::text::xid8, $3::text::pg_snapshot)
    AND id > $4::bigint AND revoked_at > clock_timestamp() - make_interval(secs => $5::float8)
ORDER BY id LIMIT $6::bigint
