-- Takes one of the tries that a flow has for a second factor. Of many at once each takes one. Returns nothing if the flow is over.
UPDATE flows SET factor_tries = factor_tries + 1
WHERE id = $1::uuid AND factor_tries < $2::integer AND consumed_at IS NULL AND expires_at > $3::timestamptz
RETURNING factor_tries
