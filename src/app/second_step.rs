//! The second step of a sign-in: a flow that waits for a second factor.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{App, CheckedFactor, FactorInput, FactorOwner, fewest};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::flows::store::return_factor_try;
use crate::flows::{FlowWithoutMail, Kind};
use crate::ids::AccountId;
use crate::passkeys::Ceremony;
use crate::sessions::{Method, PendingSignIn, SecondFactors};
use crate::tokens::PlainToken;
use crate::tokens::device::{DeviceToken, SignInTimes};

/// What a client is told whose first step was right, and who has to show a second factor.
#[derive(Debug)]
pub(crate) struct SecondStep {
    /// The token of the flow.
    pub(crate) flow: String,
    /// When it has to begin anew.
    pub(crate) expires_at: Timestamp,
    /// By what it can be made.
    pub(crate) methods: Vec<Method>,
    /// What the client needs to ask for a passkey, if the account has one.
    pub(crate) passkey_options: Option<Value>,
}

/// The outcome of a factor that was shown in a flow.
pub(crate) enum FactorInFlow {
    /// It is right.
    Right,
    /// It is wrong or was used before. So many more may be tried in the flow.
    Wrong(i32),
    /// It was not compared, because there were too many tries. The time says when to try again.
    Limited(Duration),
}

impl App {
    /// The step by which this flow is completed, whose token is `token`, by the second factors that its account has.
    pub(crate) fn required(
        &self,
        (flow, account): (Uuid, AccountId),
        (token, expires_at): (&str, Timestamp),
        factors: &SecondFactors,
        now: Timestamp,
    ) -> Result<SecondStep, Error> {
        let ceremony = Ceremony::SecondFactor { account, flow };
        let passkey_options = self.ask_for_passkey(ceremony, &factors.passkeys, now)?;
        let methods = [
            (passkey_options.is_some(), Method::Passkey),
            (factors.has_totp, Method::Totp),
            (factors.recovery_codes_left > 0, Method::RecoveryCode),
        ];
        Ok(SecondStep {
            flow: token.to_owned(),
            expires_at,
            methods: methods.into_iter().filter_map(|(is_possible, method)| is_possible.then_some(method)).collect(),
            passkey_options,
        })
    }

    /// Checks a second factor for which a try was taken in this flow. The try is given back if nothing is compared.
    pub(crate) async fn check_factor_in_flow(
        &self,
        client: &Client,
        owner: &FactorOwner<'_>,
        factor: FactorInput,
        (flow, tries_left): (Uuid, i32),
    ) -> Result<FactorInFlow, Error> {
        let give_back = async || self.db.run(async |connection| return_factor_try(connection, flow).await).await;
        match self.check_factor(client, owner, factor).await {
            Ok(CheckedFactor::Right(_)) => Ok(FactorInFlow::Right),
            Ok(CheckedFactor::Wrong { tries_left: of_account }) => {
                Ok(FactorInFlow::Wrong(fewest(of_account, tries_left)))
            }
            Ok(CheckedFactor::Limited(retry_after)) => {
                give_back().await?;
                Ok(FactorInFlow::Limited(retry_after))
            }
            Err(error) => {
                // What went wrong first is told.
                let _ = give_back().await;
                Err(error)
            }
        }
    }

    /// The flow of a second step, which the statement of the first step begins if the account has a second factor.
    pub(crate) fn second_step(
        &self,
        whose: (AccountId, String),
        pending: &PendingSignIn,
        client: &Client,
        now: Timestamp,
    ) -> Result<FlowWithoutMail, Error> {
        let locale = self.locale(None, client);
        self.flow_keys.begin_without_mail(Kind::SignIn, whose, locale, &pending.to_bytes()?, now)
    }

    /// The device token of a device that has just signed in: the next one of the device that it is known to be, else the first.
    pub(crate) fn device_token(
        &self,
        known: Option<DeviceToken>,
        account: AccountId,
        password_of: Timestamp,
        now: Timestamp,
    ) -> PlainToken {
        let known = known.filter(|device| device.is_alive(now) && device.is_of(account, password_of));
        let device = match known {
            Some(known) => known.renewed(now),
            None => DeviceToken::new(account, SignInTimes { password_of, now }),
        };
        device.mint(&self.keys.current())
    }
}
