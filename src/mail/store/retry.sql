-- Makes mails due at once: the one with this id, or all that were given up. One that was given up gets all its attempts again.
-- One that waits for its next attempt has an error, which one that is being sent has not.
WITH given AS (
    SELECT $1::uuid AS mail, $2::timestamptz AS now
)
UPDATE mails SET due_at = now, failed_at = NULL, attempts = CASE WHEN failed_at IS NULL THEN attempts ELSE 0 END
FROM given
WHERE CASE WHEN mail IS NULL THEN failed_at IS NOT NULL ELSE id = mail AND sent_at IS NULL AND error IS NOT NULL END
