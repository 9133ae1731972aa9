DROP TRIGGER recovery_codes_devices_forgotten ON recovery_codes;
DROP TRIGGER passkeys_devices_forgotten ON passkeys;
DROP TRIGGER totps_devices_forgotten ON totps;
DROP TRIGGER accounts_devices_forgotten ON accounts;
DROP TABLE trusted_devices;
DROP FUNCTION portcullis_bound_trusted_devices;
DROP FUNCTION portcullis_forget_devices;
