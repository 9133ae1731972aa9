//! What can be wrong with a passkey, and with the removal of a second factor.

use async_graphql::SimpleObject;

use crate::graphql::problem::ErrorCode;

/// The passkey is not accepted. The answer does not tell why.
#[derive(SimpleObject)]
pub(crate) struct InvalidPasskey {
    /// Always `INVALID_PASSKEY`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for InvalidPasskey {
    fn default() -> Self {
        Self { code: ErrorCode::InvalidPasskey, message: "This passkey is not accepted.".to_owned() }
    }
}

/// The account has as many passkeys as it may have. Remove one first.
#[derive(SimpleObject)]
pub(crate) struct TooManyPasskeys {
    /// Always `TOO_MANY_PASSKEYS`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for TooManyPasskeys {
    fn default() -> Self {
        let message = "The account has as many passkeys as it may have. Remove one first.".to_owned();
        Self { code: ErrorCode::TooManyPasskeys, message }
    }
}

/// The account needs a second factor here, and this is its last one. Nothing was done. To replace it, add another one first.
#[derive(SimpleObject)]
pub(crate) struct LastSecondFactor {
    /// Always `LAST_SECOND_FACTOR`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for LastSecondFactor {
    fn default() -> Self {
        let message = "This account needs a second factor, and this is its last one.".to_owned();
        Self { code: ErrorCode::LastSecondFactor, message }
    }
}

/// The account has neither an authenticator app nor a passkey, so there are no recovery codes. It gets some with the first of them.
#[derive(SimpleObject)]
pub(crate) struct NoSecondFactor {
    /// Always `NO_SECOND_FACTOR`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for NoSecondFactor {
    fn default() -> Self {
        let message = "This account has no second factor. Add an authenticator app or a passkey first.".to_owned();
        Self { code: ErrorCode::NoSecondFactor, message }
    }
}

/// None of the caller's passkeys has this id. It was removed, or it was never the caller's. The answer does not tell which.
#[derive(SimpleObject)]
pub(crate) struct PasskeyNotFound {
    /// Always `PASSKEY_NOT_FOUND`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for PasskeyNotFound {
    fn default() -> Self {
        Self { code: ErrorCode::PasskeyNotFound, message: "None of your passkeys has this id.".to_owned() }
    }
}

/// Without it nobody could sign in to the account any more. Set a password or add another passkey first.
#[derive(SimpleObject)]
pub(crate) struct LastSignInMethod {
    /// Always `LAST_SIGN_IN_METHOD`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for LastSignInMethod {
    fn default() -> Self {
        let message = "Nothing else signs in to the account. Set a password or add another passkey first.".to_owned();
        Self { code: ErrorCode::LastSignInMethod, message }
    }
}
