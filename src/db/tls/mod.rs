//! TLS to the database, as strict as `sslmode` asks. `docs/database-tls.md` says what differs from libpq.

mod certificate;
mod names;
mod path;
mod roots;
mod signature;
mod verifier;

use std::sync::Arc;

use rustls::ClientConfig;

use roots::Roots;
use verifier::Verifier;

/// Which parts of the server's certificate are verified.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Verification {
    /// Nothing is verified. The connection is protected against listeners, but not against a man in the middle.
    None,
    /// A trusted authority must have signed it.
    Chain,
    /// A trusted authority must have signed it, and it must name the host.
    ChainAndName,
}

/// A configuration that trusts the certificates in the file `root`, or the system's without one.
pub(super) fn client_config(verification: Verification, root: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let roots = match (verification, root) {
        (Verification::None, _) => None,
        (_, Some(file)) if file != "system" => Some(Roots::of_file(file)?),
        _ => Some(Roots::of_system()?),
    };
    let verifier = Verifier { roots, check_name: verification == Verification::ChainAndName, algorithms };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}
