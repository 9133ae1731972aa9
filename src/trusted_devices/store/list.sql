-- Finds the devices that these accounts trust now, the last used first.
WITH given AS (
    SELECT $1::uuid[] AS accounts, $2::timestamptz AS now, $3::timestamptz AS since
)
SELECT d.account_id, d.device_id, d.created_at, d.last_used_at, d.expires_at, d.user_agent, d.ip_address
FROM trusted_devices d, given
WHERE d.account_id = ANY (accounts) AND d.expires_at > now AND d.created_at > since
ORDER BY d.account_id, d.last_used_at DESC, d.device_id
