-- Takes mails that are due, the oldest first, and leaves those that another instance is taking. Each is due again when
-- its lease is over, so none is lost if this instance stops before it has sent them. While one is being sent, it has no error.
WITH given AS (
    SELECT $1::timestamptz AS now, $2::timestamptz AS leased_until, $3::bigint AS most
),
due AS (
    SELECT id FROM mails WHERE due_at <= (SELECT now FROM given)
    ORDER BY due_at LIMIT (SELECT most FROM given) FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE mails SET due_at = leased_until, attempts = attempts + 1, error = NULL
FROM due, given WHERE mails.id = due.id
RETURNING mails.id, kind, recipient, locale, content, created_at, attempts
