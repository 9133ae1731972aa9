-- Mails that were not sent, the oldest first, and how many there are.
SELECT id, kind, recipient, created_at, attempts, due_at, failed_at, error, count(*) OVER () AS total
FROM mails WHERE sent_at IS NULL AND recipient IS NOT NULL ORDER BY created_at, id LIMIT $1::bigint
