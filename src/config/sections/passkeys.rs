//! Settings of passkeys.

use clap::Args;
use url::Url;

use crate::config::faults::Check;
use crate::config::form::{Given, list, text_of};
use crate::config::relying_party::{PasskeyOrigin, RelyingParty, rp_id};

const RP_ID: &str = "PORTCULLIS_WEBAUTHN_RP_ID";
const ORIGINS: &str = "PORTCULLIS_WEBAUTHN_ORIGINS";

/// As they are given.
#[derive(Args, Clone)]
#[command(next_help_heading = "Passkeys")]
pub(in crate::config) struct PasskeySettings {
    /// The domain to which passkeys belong (the RP ID of WebAuthn): the host of the pages that use them, or a domain of yours
    /// above it, such as example.com for https://app.example.com. There are no passkeys where PORTCULLIS_ISSUER is no https
    /// page of a domain, nor one of localhost, and neither this nor PORTCULLIS_WEBAUTHN_ORIGINS is set. A passkey works for no
    /// other domain, so changing this, or having no passkeys any more, makes all of them useless. Accounts that have them are
    /// still asked for a second factor: without an authenticator app their owners need a recovery code, or the operator runs
    /// portcullis accounts recover [default: the host of PORTCULLIS_ISSUER].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_WEBAUTHN_RP_ID",
        value_name = "DOMAIN",
        value_parser = text_of(rp_id, String::new())
    )]
    pub(in crate::config) webauthn_rp_id: Option<Given<String>>,

    /// The origins that may use passkeys, each to the letter: pages such as https://app.example.com, and Android apps such as
    /// android:apk-key-hash: with the SHA-256 of their certificate in base64url. Pages of other domains than
    /// PORTCULLIS_WEBAUTHN_RP_ID (related origins) may have five names at the most. Browsers look these up at
    /// /.well-known/webauthn on the host of that domain: have it lead to this server [default: the origin of
    /// PORTCULLIS_ISSUER].
    #[arg(
        long,
        global = true,
        env = "PORTCULLIS_WEBAUTHN_ORIGINS",
        value_name = "ORIGINS",
        value_parser = list(PasskeyOrigin::read)
    )]
    pub(in crate::config) webauthn_origins: Option<Given<Vec<PasskeyOrigin>>>,
}

impl PasskeySettings {
    /// The relying party. There is none if nothing is set and the issuer has no pages that browsers have passkeys for.
    pub(in crate::config) fn check(&self, issuer: &str, check: &mut Check) -> Option<RelyingParty> {
        let own = Url::parse(issuer).ok().and_then(|url| PasskeyOrigin::read(&url.origin().ascii_serialization()).ok());
        let before = check.faults.len();
        let id = check.optional(self.webauthn_rp_id.as_ref());
        let origins = check.optional(self.webauthn_origins.as_ref());
        if check.faults.len() > before || id.is_none() && origins.is_none() && own.is_none() {
            return None;
        }
        let must = "it must be set as well: browsers have no passkeys for the pages of PORTCULLIS_ISSUER";
        let Some(id) = id.or_else(|| own.as_ref()?.host().map(str::to_owned)) else {
            return check.fault(RP_ID, must, None);
        };
        let is_default = origins.is_none();
        let Some(origins) = origins.or_else(|| own.map(|own| vec![own])) else {
            return check.fault(ORIGINS, must, None);
        };
        match RelyingParty::fault(&id, &origins) {
            _ if origins.is_empty() => check.fault(ORIGINS, "it names no origin", None),
            Some(_) if is_default => {
                let why = "it is not the host of PORTCULLIS_ISSUER, and no domain above it that can be yours: set PORTCULLIS_WEBAUTHN_ORIGINS";
                check.fault(RP_ID, why, None)
            }
            Some(why) => check.fault(ORIGINS, why, None),
            None => Some(RelyingParty::new(id, origins)),
        }
    }
}
