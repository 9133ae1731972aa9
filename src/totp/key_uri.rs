//! The URI that a QR code brings into an authenticator app.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::TotpSecret;
use super::code::DIGITS;
use super::secret::PERIOD;

/// What is not unreserved (RFC 3986, section 2.3) is encoded. A space is `%20`, because apps show a plus.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest name that is shown, in characters, so that a QR code can hold the URI and a camera can read it.
const NAME_LENGTH: usize = 100;

/// The URI in the Key URI Format of the first authenticator apps. `issuer` is the name of the application, and `account` the name
/// by which the person knows the account. Never log it.
pub(crate) fn key_uri(issuer: &str, account: &str, secret: &TotpSecret) -> Zeroizing<String> {
    let (issuer, account) = (name(issuer), name(account));
    let secret = Zeroizing::new(secret.base32());
    Zeroizing::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}",
        secret.as_str()
    ))
}

/// A name as it stands in a URI. A colon parts the names in the label, and a slash parts a path, also for apps that decode the
/// URI before they divide it. So both are replaced.
fn name(text: &str) -> String {
    let plain: String = text.chars().take(NAME_LENGTH).map(|c| if matches!(c, ':' | '/') { '_' } else { c }).collect();
    utf8_percent_encode(&plain, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn uri(issuer: &str, account: &str) -> String {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        key_uri(issuer, account, &secret).to_string()
    }

    #[test]
    fn the_uri_has_all_that_an_app_needs() {
        assert_eq!(
            uri("Example", "ada@example.com"),
            "otpauth://totp/Example:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA1\
             &digits=6&period=30"
        );
    }

    #[test]
    fn no_name_changes_the_parts_of_the_uri() {
        for (issuer, account, label) in [
            ("Big Corp: Mail & More", "ada+x/y@example.com", "Big Corp_ Mail & More:ada+x_y@example.com"),
            ("a?secret=B#c", "x&secret=A%41", "a?secret=B#c:x&secret=A%41"),
            ("Größe \u{1f600}", "\"a:b\"@example.com", "Größe \u{1f600}:\"a_b\"@example.com"),
            ("../..", "", ".._..:"),
        ] {
            let text = uri(issuer, account);
            let url = Url::parse(&text).unwrap();
            assert_eq!((url.scheme(), url.host_str(), url.fragment()), ("otpauth", Some("totp"), None), "{text}");
            assert_eq!(url.path_segments().unwrap().count(), 1, "{text}");
            let path = percent_encoding::percent_decode_str(&url.path()[1..]).decode_utf8().unwrap().into_owned();
            assert_eq!(path, label);
            let pairs: Vec<_> = url.query_pairs().collect();
            let secrets: Vec<_> = pairs.iter().filter(|(name, _)| name == "secret").collect();
            assert_eq!(secrets.len(), 1, "{text}");
            assert_eq!(pairs.iter().find(|(name, _)| name == "issuer").unwrap().1, label.split(':').next().unwrap());
        }
        assert!(uri(&"\u{1f600}".repeat(1000), &"x".repeat(1000)).len() < 3000);
    }
}
