// @generated automatically by Diesel CLI.

diesel::table! {
    accounts (id) {
        id -> Uuid,
        email -> Text,
        username -> Nullable<Text>,
        roles -> Array<Nullable<Text>>,
        created_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
        session_generation -> Int8,
        deleted_at -> Nullable<Timestamptz>,
        deleted_email -> Nullable<Text>,
        deleted_username -> Nullable<Text>,
        email_verified_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    audit_events (id) {
        id -> Uuid,
        kind -> Text,
        account_id -> Nullable<Uuid>,
        session_id -> Nullable<Uuid>,
        occurred_at -> Timestamptz,
        user_agent -> Nullable<Text>,
        ip_address -> Nullable<Inet>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    clean_up (task) {
        task -> Text,
        due_at -> Timestamptz,
        position -> Uuid,
    }
}

diesel::table! {
    flows (id) {
        id -> Uuid,
        kind -> Text,
        link_kind -> Text,
        account_id -> Nullable<Uuid>,
        email -> Text,
        locale -> Text,
        token_hash -> Bytea,
        link_hash -> Nullable<Bytea>,
        code_mac -> Nullable<Bytea>,
        code_expires_at -> Nullable<Timestamptz>,
        tries -> Int4,
        data -> Nullable<Bytea>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        consumed_at -> Nullable<Timestamptz>,
        user_agent -> Nullable<Text>,
        ip_address -> Nullable<Inet>,
        factor_tries -> Int4,
    }
}

diesel::table! {
    histories (name) {
        name -> Text,
        mark -> Text,
    }
}

diesel::table! {
    keys (id) {
        id -> Uuid,
        purpose -> Text,
        algorithm -> Text,
        sealed -> Bytea,
        created_at -> Timestamptz,
        activates_at -> Timestamptz,
    }
}

diesel::table! {
    limits (key) {
        key -> Bytea,
        full_at -> Timestamptz,
        held -> Int8,
        held_before -> Int8,
        held_in -> Int8,
    }
}

diesel::table! {
    mails (id) {
        id -> Uuid,
        kind -> Text,
        account_id -> Nullable<Uuid>,
        recipient -> Nullable<Text>,
        locale -> Text,
        content -> Nullable<Bytea>,
        created_at -> Timestamptz,
        due_at -> Nullable<Timestamptz>,
        attempts -> Int4,
        sent_at -> Nullable<Timestamptz>,
        failed_at -> Nullable<Timestamptz>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    passkeys (id) {
        id -> Uuid,
        account_id -> Uuid,
        credential_id -> Bytea,
        public_key -> Bytea,
        sign_count -> Int8,
        is_backup_eligible -> Bool,
        is_backed_up -> Bool,
        aaguid -> Nullable<Uuid>,
        transports -> Array<Nullable<Text>>,
        name -> Text,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    passwords (account_id) {
        account_id -> Uuid,
        hash -> Text,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    recovery_codes (account_id, slot) {
        account_id -> Uuid,
        slot -> Int2,
        hash -> Text,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    revocations (id) {
        id -> Int8,
        history -> Text,
        transaction_id -> Int8,
        session_id -> Nullable<Uuid>,
        account_id -> Nullable<Uuid>,
        revoked_at -> Timestamptz,
        generation -> Nullable<Int8>,
        kept_session_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    service_keys (id) {
        id -> Uuid,
        name -> Text,
        hash -> Bytea,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    session_endings (account_id, generation) {
        account_id -> Uuid,
        generation -> Int8,
        ended_at -> Timestamptz,
        kept_session_id -> Nullable<Uuid>,
        user_agent -> Nullable<Text>,
        ip_address -> Nullable<Inet>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        account_id -> Uuid,
        refresh_counter -> Int8,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        user_agent -> Nullable<Text>,
        ip_address -> Nullable<Inet>,
        generation -> Int8,
        ended_in -> Nullable<Int8>,
        authenticated_at -> Nullable<Timestamptz>,
        methods -> Array<Nullable<Text>>,
    }
}

diesel::table! {
    totps (account_id) {
        account_id -> Uuid,
        secret -> Bytea,
        created_at -> Timestamptz,
        last_step -> Int8,
    }
}

diesel::table! {
    trusted_devices (account_id, device_id) {
        account_id -> Uuid,
        device_id -> Uuid,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_used_at -> Timestamptz,
        user_agent -> Nullable<Text>,
        ip_address -> Nullable<Inet>,
    }
}

diesel::table! {
    used_challenges (nonce) {
        nonce -> Uuid,
        expires_at -> Timestamptz,
    }
}

diesel::joinable!(flows -> accounts (account_id));
diesel::joinable!(mails -> accounts (account_id));
diesel::joinable!(passkeys -> accounts (account_id));
diesel::joinable!(passwords -> accounts (account_id));
diesel::joinable!(recovery_codes -> accounts (account_id));
diesel::joinable!(session_endings -> accounts (account_id));
diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(totps -> accounts (account_id));
diesel::joinable!(trusted_devices -> accounts (account_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    audit_events,
    clean_up,
    flows,
    histories,
    keys,
    limits,
    mails,
    passkeys,
    passwords,
    recovery_codes,
    revocations,
    service_keys,
    session_endings,
    sessions,
    totps,
    trusted_devices,
    used_challenges,
);
