//! What somebody got by mail.

use async_graphql::{InputObject, OneofObject};

use crate::flows;

/// What a mail brought: exactly one of the two.
#[derive(OneofObject)]
pub(crate) enum EmailProof {
    /// What stands in the mail's link after the `=`. It works on any device.
    #[graphql(secret)]
    Link(String),
    /// The code in the mail, with the flow that asked for it.
    Code(CodeProof),
}

/// A code from a mail.
#[derive(InputObject)]
pub(crate) struct CodeProof {
    /// The `flow` of the answer when the mail was asked for.
    #[graphql(secret)]
    flow: String,
    /// The eight digits. Spaces and hyphens between them do no harm.
    #[graphql(secret)]
    code: String,
}

impl From<EmailProof> for flows::EmailProof {
    fn from(proof: EmailProof) -> Self {
        match proof {
            EmailProof::Link(link) => Self::Link(link),
            EmailProof::Code(CodeProof { flow, code }) => Self::Code { flow, code },
        }
    }
}
