//! The way from a server's certificate to one that is trusted, where webpki does not go: it refuses certificates of version 1,
//! and those of an authority, as a server's own.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::UnixTime;

use super::certificate::Certificate;
use super::signature::signed_by;

/// Most authorities between the server and one that is trusted.
const MOST: usize = 5;

/// That `leaf` was signed by one of `roots`, or by way of the others that the server sent.
pub(super) fn verify(
    leaf: &Certificate,
    sent: &[Certificate],
    roots: &[Certificate],
    algorithms: &WebPkiSupportedAlgorithms,
    now: UnixTime,
) -> Result<(), String> {
    leaf.check(now)?;
    let mut child = leaf;
    for between in 0..=MOST {
        let signs = |issuer: &&Certificate| {
            issuer.content().subject == child.content().issuer
                && issuer.may_sign()
                && signed_by(child, issuer, algorithms)
        };
        // An authority that was renewed has two certificates of one name and key: one that is fit is enough.
        let mut unfit = None;
        let mut is_fit = |authority: &&Certificate| {
            check_authority(authority, between, now).map_err(|error| unfit = Some(error)).is_ok()
        };
        if roots.iter().filter(signs).any(|root| is_fit(&root)) {
            return Ok(());
        }
        let authorities = sent.iter().filter(|issuer| issuer.is_v3() && !issuer.is_self_issued());
        let next = authorities.filter(signs).find(is_fit);
        let Some(next) = next else { return Err(unfit.unwrap_or_else(|| unsigned(child))) };
        child = next;
    }
    Err(format!("there are more than {MOST} authorities between it and one that is trusted"))
}

fn check_authority(authority: &Certificate, between: usize, now: UnixTime) -> Result<(), String> {
    authority.check(now)?;
    if authority.path_length().is_some_and(|most| between > most) {
        return Err(format!("that of {} allows fewer authorities below it", authority.name()));
    }
    // They would have to be compared with what this certificate names.
    if authority.constrains_names() {
        return Err(format!(
            "that of {} limits names (nameConstraints), which is understood for a server's certificate of version 3 that is no authority's",
            authority.name()
        ));
    }
    Ok(())
}

/// Also where what has signed it may not sign.
pub(super) fn unsigned(certificate: &Certificate) -> String {
    let (name, issuer) = (certificate.name(), &certificate.content().issuer);
    format!("no authority in sslrootcert has signed that of {name}: its issuer is {issuer}")
}
