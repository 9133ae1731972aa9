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
    /// The code is not the one in the mail, not one that the authenticator app shows now, or not one of the recovery codes.
    InvalidCode,
    /// The link, the code, the sign-in, what was asked for a passkey, or the enrolment of a second factor is over.
    FlowExpired,
    /// The passkey is not accepted.
    InvalidPasskey,
    /// None of the caller's passkeys has this id.
    PasskeyNotFound,
    /// Without it nobody could sign in to the account any more.
    LastSignInMethod,
    /// The account has as many passkeys as it may have.
    TooManyPasskeys,
    /// The caller has to prove anew who they are.
    ReauthenticationRequired,
    /// A second factor is needed.
    SecondFactorRequired,
    /// A second factor has to be added first.
    SecondFactorEnrolmentRequired,
    /// The account needs a second factor, and this is its last.
    LastSecondFactor,
    /// The account has no second factor.
    NoSecondFactor,
    /// The e-mail address has to be proven first.
    EmailVerificationRequired,
    /// A new password has to be set first.
    PasswordResetRequired,
}
