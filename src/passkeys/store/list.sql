-- Lists the passkeys of these accounts, the oldest first.
SELECT id, account_id, credential_id, transports, name, created_at, last_used_at, is_backed_up, aaguid
FROM passkeys WHERE account_id = ANY ($1::uuid[]) ORDER BY id
