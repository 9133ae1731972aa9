//! What somebody got by mail and shows.

use super::FlowKeys;
use super::code::Code;
use super::token::{FLOW, LINK, hash_of};

/// What somebody got by mail. Never print it.
pub(crate) enum EmailProof {
    /// The token in the link.
    Link(String),
    /// The code, with the token of the flow that asked for it.
    Code {
        /// The token of the flow.
        flow: String,
        /// The code.
        code: String,
    },
}

/// A proof as it is compared in the database.
pub(super) struct Shown {
    pub(super) token_hash: Option<Vec<u8>>,
    pub(super) link_hash: Option<Vec<u8>>,
    /// What may be stored for the code: more than one while the deployment's secret is being replaced. Empty for a link, and for
    /// what can't be a code.
    pub(super) code_macs: Vec<Vec<u8>>,
}

impl EmailProof {
    /// The token in it: the link's, or that of the flow.
    pub(crate) fn token(&self) -> &str {
        match self {
            Self::Link(token) | Self::Code { flow: token, .. } => token,
        }
    }

    /// The proof for the database. `None` if it can't be one of ours.
    pub(super) fn shown(&self, keys: &FlowKeys) -> Option<Shown> {
        match self {
            Self::Link(link) => {
                Some(Shown { token_hash: None, link_hash: Some(hash_of(LINK, link)?), code_macs: Vec::new() })
            }
            Self::Code { flow, code } => {
                let token_hash = hash_of(FLOW, flow)?;
                let macs = Code::parse(code).map(|code| keys.macs.macs(&code.bound_to(&token_hash)));
                Some(Shown { token_hash: Some(token_hash), link_hash: None, code_macs: macs.unwrap_or_default() })
            }
        }
    }
}
