//! Finds a path from a server's certificate to a trusted one where webpki does not: webpki refuses certificates of
//! version 1, and those of an authority, as the server's own.

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::UnixTime;

use super::certificate::Certificate;
use super::signature::signed_by;

/// Largest number of authorities between the server and a trusted one.
const MOST: usize = 5;

/// Verifies that one of `roots` signed `leaf`, directly or by way of the other certificates that the server sent.
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
        // An authority that was renewed has two certificates of one name and key. One that is valid is enough.
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
    // They would have to be compared with the names in this certificate.
    if authority.constrains_names() {
        return Err(format!(
            "that of {} limits names (nameConstraints), which is understood for a server's certificate of version 3 that is no authority's",
            authority.name()
        ));
    }
    Ok(())
}

/// This also fails if the certificate that signed it may not sign others.
pub(super) fn unsigned(certificate: &Certificate) -> String {
    let (name, issuer) = (certificate.name(), &certificate.content().issuer);
    format!("no authority in sslrootcert has signed that of {name}: its issuer is {issuer}")
}
