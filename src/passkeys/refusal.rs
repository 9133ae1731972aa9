//! Why an answer is not accepted.

/// Why an answer is not accepted. This is for the log and for events: a client learns only that it is not accepted, or that the
/// challenge is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is not of the form that WebAuthn has, or too large.
    #[error("{0} is not of the form that it has to be")]
    Malformed(&'static str),
    /// It answers another kind of question.
    #[error("the client was asked for something else")]
    Type,
    /// The challenge is none of ours, or was made for another ceremony or another account.
    #[error("the challenge was not made for this")]
    Challenge,
    /// The challenge was ours.
    #[error("the challenge is over")]
    Expired,
    /// A page or an app answers that may not.
    #[error("the origin is not one of PORTCULLIS_WEBAUTHN_ORIGINS")]
    Origin,
    /// It comes from a frame in a page that may not.
    #[error("it comes from a frame in a page of another origin")]
    CrossOrigin,
    /// It is for another RP ID.
    #[error("it is for another RP ID")]
    RelyingParty,
    /// Nobody was there.
    #[error("nobody showed that they are there")]
    UserNotPresent,
    /// The authenticator did not verify who was there.
    #[error("the authenticator did not verify its user")]
    UserNotVerified,
    /// It is backed up and can't be.
    #[error("the flags of its backup contradict each other")]
    BackupFlags,
    /// It says otherwise than at its registration whether it can be backed up.
    #[error("whether it can be backed up has changed")]
    BackupEligibility,
    /// The algorithm was not offered.
    #[error("the algorithm of the key was not offered")]
    Algorithm,
    /// The public key can't be one.
    #[error("the public key is none")]
    PublicKey,
    /// The attestation is of a kind that was not asked for, or does not verify.
    #[error("the attestation is neither none nor by the credential itself")]
    Attestation,
    /// Another key signed it, or something else was signed.
    #[error("the signature is not that of the credential")]
    Signature,
    /// It is another account's, or does not say whose it is.
    #[error("the credential is not that of the account")]
    UserHandle,
}
