//! The codes of unsuccessful outcomes.

use async_graphql::Enum;

/// The code of a `UserError`.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// Another account has this e-mail address.
    EmailTaken,
    /// Another account has this username.
    UsernameTaken,
    /// Parts of the input are not valid. `fields` lists them.
    InvalidInput,
    /// The password is too easily guessed.
    WeakPassword,
    /// No account has this identifier and password. For a caller who is signed in: the password is wrong.
    InvalidCredentials,
    /// The refresh token is not accepted; `reason` says why.
    InvalidRefreshToken,
    /// None of the caller's active sessions has this id.
    SessionNotFound,
    /// There were too many attempts.
    RateLimited,
    /// Registration is closed.
    RegistrationClosed,
    /// The code is not the one in the mail.
    InvalidCode,
    /// The link or the code is over.
    FlowExpired,
    /// The caller has to prove anew who they are.
    ReauthenticationRequired,
    /// A second factor is needed.
    SecondFactorRequired,
    /// The e-mail address has to be proven first.
    EmailVerificationRequired,
    /// A new password has to be set first.
    PasswordResetRequired,
}
