//! Codes that people type.

use aws_lc_rs::rand;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// How many digits a code has.
const DIGITS: usize = 8;

/// How many codes there are.
const CODES: u32 = 10_u32.pow(DIGITS as u32);

/// A code of eight digits.
#[derive(Clone, Debug)]
pub(crate) struct Code(SecretString);

impl Code {
    /// One of all codes, each as likely as any other.
    pub(super) fn random() -> Result<Self, Error> {
        loop {
            let mut bytes = [0u8; 4];
            rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
            let number = u32::from_be_bytes(bytes);
            // What is left over at the top would make some codes more likely than others.
            if number < u32::MAX - u32::MAX % CODES {
                return Ok(Self(format!("{:0DIGITS$}", number % CODES).into()));
            }
        }
    }

    /// Reads what somebody typed: spaces and hyphens between the digits are left out. `None` if it can't be a code.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        // This comes first, because a long text need not be gone through.
        if typed.len() > 4 * DIGITS {
            return None;
        }
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let sound = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        sound.then(|| Self(digits.into()))
    }

    /// The digits. Never log them.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is authenticated: the code of this flow and of no other.
    pub(super) fn bound_to(&self, token_hash: &[u8]) -> Vec<u8> {
        [token_hash, self.expose().as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for typed in ["12345678", " 1234 5678 ", "1234-5678", "12 34 56 78"] {
            assert_eq!(Code::parse(typed).unwrap().expose(), "12345678", "{typed}");
        }
        for typed in ["", "1234567", "123456789", "1234567a", "１２３４５６７８", "12345678, 12345679", "+1234567"]
        {
            assert!(Code::parse(typed).is_none(), "{typed}");
        }
        assert!(Code::parse(&" ".repeat(1_000_000)).is_none());
    }

    #[test]
    fn codes_differ_and_have_eight_digits() {
        let codes: std::collections::HashSet<_> =
            (0..100).map(|_| Code::random().unwrap().expose().to_owned()).collect();
        assert!(codes.len() > 95 && codes.iter().all(|code| Code::parse(code).is_some()));
    }
}
