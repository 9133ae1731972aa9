-- Marks what became of an attempt to send a mail, unless the mail was taken anew since. What the mail tells is erased
-- once it was sent.
WITH given AS (
    SELECT $1::uuid AS mail, $2::integer AS attempt, $3::timestamptz AS sent_at, $4::timestamptz AS failed_at,
        $5::timestamptz AS due_at, $6::text AS error
)
UPDATE mails SET sent_at = given.sent_at, failed_at = given.failed_at, due_at = given.due_at, error = given.error,
    content = CASE WHEN given.sent_at IS NULL THEN content END
FROM given WHERE id = mail AND attempts = attempt AND mails.due_at IS NOT NULL
