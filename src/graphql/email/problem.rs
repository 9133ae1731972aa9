//! What can be wrong with a code or a link.

use async_graphql::SimpleObject;

use crate::graphql::problem::ErrorCode;

/// The code is wrong. After five wrong ones the code is over, and the link in the mail still works.
#[derive(SimpleObject)]
pub(crate) struct InvalidCode {
    /// Always `INVALID_CODE`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
    /// How many more codes can be tried. At 0, ask for another mail.
    tries_left: i32,
}

impl InvalidCode {
    pub(crate) fn new(tries_left: i32) -> Self {
        Self { code: ErrorCode::InvalidCode, message: "This is not the code in the mail.".to_owned(), tries_left }
    }
}

/// The link, or the code, is over: it was used, it expired, too many wrong codes were tried, or it never was one. Ask for
/// another mail.
#[derive(SimpleObject)]
pub(crate) struct FlowExpired {
    /// Always `FLOW_EXPIRED`.
    pub(in crate::graphql) code: ErrorCode,
    /// What happened, in English, for people.
    pub(in crate::graphql) message: String,
}

impl Default for FlowExpired {
    fn default() -> Self {
        let message = "This link or code is not valid any more. Ask for another one.".to_owned();
        Self { code: ErrorCode::FlowExpired, message }
    }
}
