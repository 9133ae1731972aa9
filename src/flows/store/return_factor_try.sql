-- Gives back a try of a second factor in a flow in which nothing was compared.
UPDATE flows SET factor_tries = factor_tries - 1 WHERE id = $1::uuid AND consumed_at IS NULL AND factor_tries > 0
