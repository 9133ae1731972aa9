//! Limits on second factors.

use std::time::Duration;

use super::attempt::Attempt;
use super::key::{Key, Name};
use super::kind::Kind;
use super::{ACCOUNT, ADDRESS, FlowAttempt, Limits, PAIR, SESSIONS, SITE, of_site};
use crate::client::Client;
use crate::clock::Timestamp;
use crate::config::Rate;

/// How many wrong codes of an authenticator app an account bears, whoever tries them: of a million codes three are right.
const TOTP: Rate = Rate { burst: 10, period: Duration::from_secs(60 * 60) };

/// How many more are borne from whoever is known, when others have used those up.
const TOTP_KNOWN: Rate = Rate { burst: 5, period: Duration::from_secs(60 * 60) };

/// By what somebody is known who shows a code of an account. Strangers do not use up what is borne from those who are known. All who are
/// known by the same share it, because somebody who once had the password may have many sessions and many devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
pub(crate) enum KnownBy {
    /// A session of the account.
    #[strum(serialize = "totp/session")]
    Session,
    /// A device that has signed in with a second factor of the account.
    #[strum(serialize = "totp/device")]
    Device,
    /// What came to the account's address by mail.
    #[strum(serialize = "totp/mail")]
    Mail,
}

/// A code of an authenticator app that is to be compared.
#[derive(Clone)]
pub(crate) struct FactorAttempt {
    pub(crate) attempt: Attempt,
    /// The bucket that counts for the account.
    pub(crate) counter: Vec<u8>,
}

impl FactorAttempt {
    /// How many wrong codes the account bears after this one. `full_at` is when its bucket was to be full again, before this one
    /// took from it.
    pub(crate) fn tries_left(&self, full_at: Option<Timestamp>) -> i32 {
        let missing =
            full_at.map_or(0.0, |full_at| (full_at - self.attempt.now).to_std().unwrap_or_default().as_secs_f64());
        let taken = (missing / TOTP.interval().as_secs_f64()).ceil();
        // The cast keeps a whole number of this size.
        (f64::from(TOTP.burst) - taken - 1.0).max(0.0) as i32
    }
}

impl Limits {
    /// A code of the authenticator app of `account`. A right one gives back what it took. Strangers who use up what the account bears do
    /// not use up what is borne from those who are known.
    #[must_use]
    pub(crate) fn totp(&self, client: &Client, account: &[u8], known: &[KnownBy], now: Timestamp) -> FactorAttempt {
        let mut steps = self.totp_steps(client, Some(account));
        let name = |by: &KnownBy| -> &'static str { by.into() };
        steps.extend(known.iter().map(|by| (ACCOUNT, Key::new(name(by)).bytes(account), TOTP_KNOWN)));
        let attempt = self.steps(now, steps).counting_account(&[ACCOUNT]).held();
        FactorAttempt { attempt, counter: totp_counter(Some(account)).finish() }
    }

    /// The same of the account of a flow.
    pub(crate) fn totp_in_flow(&self, client: &Client, now: Timestamp) -> FlowAttempt {
        self.in_flow(now, self.totp_steps(client, None)).telling_of(totp_counter(None))
    }

    /// A recovery code of `account`. Nobody guesses one, so the account bears as many as passwords, and nobody is kept out: when
    /// that is used up, each address has a few attempts of its own.
    #[must_use]
    pub(crate) fn recovery_code(&self, client: &Client, account: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, self.recovery_code_steps(client, Some(account))).telling(&[PAIR, ACCOUNT]).patient()
    }

    /// The same of the account of a flow.
    pub(crate) fn recovery_code_in_flow(&self, client: &Client, now: Timestamp) -> FlowAttempt {
        self.in_flow(now, self.recovery_code_steps(client, None))
    }

    /// A sign-in by a passkey alone. `claimed` is the account that the answer names, whether it is its passkey or not. Nobody guesses a
    /// signature, so what fails counts for the client alone, and bounds how many it has verified. What succeeds counts for the account, so
    /// that nobody opens sessions without end, and keeps no other address out.
    #[must_use]
    pub(crate) fn passkey_sign_in(&self, client: &Client, claimed: &[u8], now: Timestamp) -> Attempt {
        let mut steps = self.factor_of_client(client);
        steps.push((SESSIONS, Key::new(Kind::PasskeySessions).bytes(claimed), self.rates.sessions));
        let few = Key::new("passkey/sessions/few").network(client.network()).bytes(claimed);
        steps.push((SESSIONS, few, self.rates.login_attacked));
        self.steps(now, steps).counting_success(&[SESSIONS]).held()
    }

    /// A passkey that is shown once more in a session.
    #[must_use]
    pub(crate) fn passkey_in_session(&self, session: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new(Kind::PasskeySession).bytes(session), self.rates.login)]).held()
    }

    /// A passkey that is shown as a second factor of `account`. Nobody guesses a signature, so what fails counts for the client alone, and
    /// bounds how many it has verified.
    #[must_use]
    pub(crate) fn passkey(&self, client: &Client, account: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, self.passkey_steps(client, Some(account))).held()
    }

    /// The same of the account of a flow.
    pub(crate) fn passkey_in_flow(&self, client: &Client, now: Timestamp) -> FlowAttempt {
        self.in_flow(now, self.passkey_steps(client, None))
    }

    /// A change of the second factors of `account` by its owner.
    #[must_use]
    pub(crate) fn factor_change(&self, account: &[u8], now: Timestamp) -> Attempt {
        self.steps(now, vec![(0, Key::new(Kind::FactorChange).bytes(account), self.rates.login)])
    }

    /// What takes nothing from the account of a flow.
    pub(crate) fn nothing_in_flow(&self, now: Timestamp) -> FlowAttempt {
        self.in_flow(now, Vec::new())
    }

    fn totp_steps(&self, client: &Client, account: Option<&[u8]>) -> Vec<(i32, Key, Rate)> {
        let mut steps = self.factor_of_client(client);
        steps.push((ACCOUNT, totp_counter(account), TOTP));
        steps
    }

    fn recovery_code_steps(&self, client: &Client, account: Option<&[u8]>) -> Vec<(i32, Key, Rate)> {
        let pair = |name: Name| Key::new(name).network(client.network()).account(account);
        let mut steps = vec![(PAIR, pair(Kind::Recovery.into()), self.rates.login)];
        steps.extend(self.factor_of_client(client));
        steps.push((ACCOUNT, Key::new(Kind::RecoveryAccount).account(account), self.rates.login_account));
        steps.push((ACCOUNT, pair("recovery/attacked".into()), self.rates.login_attacked));
        steps
    }

    fn passkey_steps(&self, client: &Client, account: Option<&[u8]>) -> Vec<(i32, Key, Rate)> {
        let pair = Key::new(Kind::Passkey).network(client.network()).account(account);
        let mut steps = vec![(PAIR, pair, self.rates.login)];
        steps.extend(self.factor_of_client(client));
        steps
    }

    fn in_flow(&self, now: Timestamp, steps: Vec<(i32, Key, Rate)>) -> FlowAttempt {
        FlowAttempt::new(now, if self.rates.enabled { steps } else { Vec::new() })
    }

    /// What the client's address and its site take, for all accounts together.
    fn factor_of_client(&self, client: &Client) -> Vec<(i32, Key, Rate)> {
        let mut steps = vec![(ADDRESS, Key::new(Kind::Factor).network(client.network()), self.rates.login_address)];
        if let Some(site) = client.site() {
            steps.push((SITE, Key::new(Kind::FactorSite).network(Some(site)), of_site(self.rates.login_address)));
        }
        steps
    }
}

/// The bucket that counts wrong codes for the account.
fn totp_counter(account: Option<&[u8]>) -> Key {
    Key::new(Kind::Totp).account(account)
}
