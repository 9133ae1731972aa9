//! The second step of a sign-in to an account that needs a second factor and has none: a flow in which one is added.

use super::App;
use crate::accounts::NewAccount;
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::FlowWithoutMail;
use crate::limits::Consumed;
use crate::sessions::{Method, PendingSignIn, SecondFactorPolicy};

/// What a client is told whose first step was right, and who has to add a second factor.
#[derive(Debug)]
pub(crate) struct EnrolmentStep {
    /// The token of the flow.
    pub(crate) flow: String,
    /// When the first step has to be made anew.
    pub(crate) expires_at: Timestamp,
    /// What can be added.
    pub(crate) methods: Vec<Method>,
}

impl App {
    /// Which accounts need a second factor.
    pub(crate) fn second_factor_policy(&self) -> SecondFactorPolicy<'_> {
        let policy = &self.config.second_factors;
        SecondFactorPolicy { required_of_all: policy.of_all, required_roles: &policy.roles }
    }

    /// The step by which this flow is completed.
    pub(crate) fn enrolment_required(&self, flow: &FlowWithoutMail) -> EnrolmentStep {
        EnrolmentStep {
            flow: flow.token.expose().to_owned(),
            expires_at: flow.expires_at,
            methods: self.passkeys.iter().map(|_| Method::Passkey).chain([Method::Totp]).collect(),
        }
    }

    /// The flow of the second step of a registration, which the statement that creates the account begins if a second factor is
    /// required of that. `method` is the first step.
    pub(crate) fn second_step_of_new(
        &self,
        account: &NewAccount,
        method: Method,
        client: &Client,
    ) -> Result<FlowWithoutMail, Error> {
        let pending = PendingSignIn {
            generation: 0,
            password_of: account.password.as_ref().map(|_| account.created_at),
            methods: vec![method],
            device: None,
            taken: Consumed::default(),
            new_app: None,
        };
        self.second_step((account.id, account.email.as_str().to_owned()), &pending, client, account.created_at)
    }
}
