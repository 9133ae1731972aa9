//! Passkeys of an account.

pub(in crate::graphql) mod add;
pub(in crate::graphql) mod manage;

use async_graphql::{Context, ID, SimpleObject};

use crate::app::SignedIn;
use crate::graphql::error::ApiError;
use crate::graphql::loaders::Loaders;
use crate::graphql::scalars::{DateTime, WebAuthnJson};
use crate::passkeys;

/// A passkey of the account (Web Authentication Level 3). Its authenticator verifies its user each time.
#[derive(SimpleObject)]
pub(crate) struct Passkey {
    /// Identifies the passkey here. Browsers know it by another id.
    id: ID,
    /// As its owner named it. It may hold anything that somebody typed.
    name: String,
    /// When it was added.
    created_at: DateTime,
    /// When it was last used. Null if it never was.
    last_used_at: Option<DateTime>,
    /// Whether its provider had a copy when it was last used, so that it is not lost with a device.
    backed_up: bool,
    /// The kind of authenticator, as it says of itself: the AAGUID. Null if it does not say.
    aaguid: Option<ID>,
}

/// What the browser needs for a passkey.
#[derive(SimpleObject)]
pub(crate) struct PasskeyOptions {
    /// For a new passkey: `navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })`.
    /// For one that is there: `get` and `parseRequestOptionsFromJSON`. What that resolves to is the `credential` to send.
    options: WebAuthnJson,
    /// When it is too late to send it.
    expires_at: DateTime,
}

impl From<passkeys::Passkey> for Passkey {
    fn from(passkey: passkeys::Passkey) -> Self {
        Self {
            id: passkey.id.0.into(),
            name: passkey.name,
            created_at: passkey.created_at.into(),
            last_used_at: passkey.last_used_at.map(Into::into),
            backed_up: passkey.is_backed_up,
            aaguid: passkey.aaguid.map(Into::into),
        }
    }
}

impl From<passkeys::Started> for PasskeyOptions {
    fn from(started: passkeys::Started) -> Self {
        Self { options: started.options.into(), expires_at: started.expires_at.into() }
    }
}

/// The passkeys of the caller.
pub(in crate::graphql) async fn passkeys_of(ctx: &Context<'_>, caller: &SignedIn) -> Result<Vec<Passkey>, ApiError> {
    let loader = ctx.data_unchecked::<Loaders>().passkeys();
    let found = loader.load_one(caller.account().id).await?.unwrap_or_default();
    Ok(found.into_iter().map(Into::into).collect())
}
