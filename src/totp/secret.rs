//! The secret that an authenticator app shares, and the codes of it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{hmac, rand};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::code::{DIGITS, TotpCode};
use crate::clock::Timestamp;
use crate::error::Error;

/// The length of a secret: that of the hash, as RFC 4226 (section 4, R6) recommends.
pub(super) const BYTES: usize = 20;

/// How long a time step is, in seconds. It is the only one that all apps know.
pub(super) const PERIOD: i64 = 30;

/// A secret of 160 random bits.
pub(crate) struct TotpSecret(Zeroizing<[u8; BYTES]>);

impl TotpSecret {
    pub(crate) fn random() -> Result<Self, Error> {
        let mut secret = Zeroizing::new([0; BYTES]);
        rand::fill(secret.as_mut_slice()).map_err(|_| Error::internal("no randomness"))?;
        Ok(Self(secret))
    }

    /// What a flow keeps of it. Never log it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// `None` if it has another length.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Never log it.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The secret as apps take it: base32 without padding (RFC 4648). Never log it.
    pub(crate) fn base32(&self) -> String {
        BASE32_NOPAD.encode(self.expose())
    }

    /// The time step whose code this is: the current one, the one before or the one after, because clocks differ and typing
    /// takes time. Each comparison takes as long as any other.
    pub(crate) fn matching_step(&self, code: &TotpCode, now: Timestamp) -> Option<i64> {
        let current = now.timestamp().div_euclid(PERIOD);
        let matches = |step: &i64| {
            let expected = Zeroizing::new(hotp(self.expose(), *step, DIGITS));
            verify_slices_are_equal(expected.as_bytes(), code.digits()).is_ok()
        };
        [current - 1, current, current + 1].into_iter().filter(matches).max()
    }
}

/// The one-time password of a counter (RFC 4226, section 5.3), which for a TOTP is the time step.
fn hotp(secret: &[u8], counter: i64, digits: usize) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let offset = usize::from(tag.as_ref()[BYTES - 1] & 0xf);
    let number = tag.as_ref()[offset..offset + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    format!("{:0digits$}", (number & 0x7fff_ffff) % 10_u32.pow(digits as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8; BYTES] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_values_of_rfc_4226_appendix_d() {
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, code) in expected.into_iter().enumerate() {
            assert_eq!(hotp(SECRET, counter as i64, 6), code, "{counter}");
        }
    }

    #[test]
    fn the_values_of_rfc_6238_appendix_b() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(hotp(SECRET, seconds / PERIOD, 8), code, "{seconds}");
            let secret = TotpSecret::from_bytes(SECRET).unwrap();
            let code = TotpCode::parse(&code[2..]).unwrap();
            assert_eq!(secret.matching_step(&code, at(seconds)), Some(seconds / PERIOD), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step() {
        let secret = TotpSecret::from_bytes(SECRET).unwrap();
        // The code of the step 37037036, from 1111111080 on.
        let code = TotpCode::parse("081804").unwrap();
        let step = |seconds| secret.matching_step(&code, at(seconds));
        assert_eq!((step(1_111_111_049), step(1_111_111_050)), (None, Some(37_037_036)));
        assert_eq!((step(1_111_111_139), step(1_111_111_140)), (Some(37_037_036), None));
    }

    #[test]
    fn secrets_differ_and_are_base32_of_32_characters() {
        let secrets: std::collections::HashSet<_> = (0..50).map(|_| TotpSecret::random().unwrap().base32()).collect();
        let is_base32 = |c: char| c.is_ascii_uppercase() || ('2'..='7').contains(&c);
        assert!(secrets.len() == 50 && secrets.iter().all(|text| text.len() == 32 && text.chars().all(is_base32)));
        assert_eq!(TotpSecret::from_bytes(SECRET).unwrap().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(TotpSecret::from_bytes(&SECRET[1..]).is_none());
    }
}
