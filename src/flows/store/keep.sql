-- Replaces what a flow keeps, if the flow is open.
UPDATE flows SET data = $2::bytea
WHERE id = $1::uuid AND consumed_at IS NULL AND expires_at > $3::timestamptz AND tries < $4::integer
