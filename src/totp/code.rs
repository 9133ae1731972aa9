//! Codes that people type from their authenticator app.

use zeroize::Zeroizing;

/// How many digits a code has.
pub(super) const DIGITS: usize = 6;

/// A code of six digits.
pub(crate) struct TotpCode(Zeroizing<String>);

impl TotpCode {
    /// Reads what somebody typed: spaces and hyphens between the digits are left out. `None` if it can't be a code.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        // This comes first, because a long text need not be gone through.
        if typed.len() > 4 * DIGITS {
            return None;
        }
        let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let digits = Zeroizing::new(digits);
        let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then_some(Self(digits))
    }

    pub(super) fn digits(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for typed in ["123456", " 123 456 ", "123-456", "12 34 56"] {
            assert_eq!(TotpCode::parse(typed).unwrap().digits(), b"123456", "{typed}");
        }
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６", "123456, 123457", "+12345", "-12345", "0x1234"]
        {
            assert!(TotpCode::parse(typed).is_none(), "{typed}");
        }
        assert!(TotpCode::parse(&" ".repeat(1_000_000)).is_none());
    }
}
