//! A recovery code: the digit of its slot and eleven random characters, as `7KQ3-9XWT-0MHE`.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::CODES;
use crate::error::Error;
use crate::passwords::Password;

/// The characters of Crockford's base32: no letter that resembles a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many random characters follow the slot. They have 55 bits.
const RANDOM: usize = 11;

/// How many characters stand together.
const GROUP: usize = 4;

/// The longest text that is read, in bytes.
const MAX_BYTES: usize = 64;

/// A recovery code. What is hashed are its characters without hyphens.
pub(crate) struct RecoveryCode {
    slot: u8,
    text: Zeroizing<String>,
}

impl RecoveryCode {
    pub(super) fn random(slot: u8) -> Result<Self, Error> {
        let mut random = Zeroizing::new([0; RANDOM]);
        rand::fill(random.as_mut_slice()).map_err(|_| Error::internal("no randomness"))?;
        let mut text = Zeroizing::new(String::with_capacity(1 + RANDOM));
        text.push(char::from(b'0' + slot));
        // 32 divides 256, so each character is as likely as any other.
        text.extend(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])));
        Ok(Self { slot, text })
    }

    /// Reads what somebody typed. Case, spaces and hyphens do not matter, nor does a letter that resembles a digit. `None` if it
    /// can't be a code.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        // This comes first, because a long text need not be gone through.
        if typed.len() > MAX_BYTES {
            return None;
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
        for typed in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let meant = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            text.push(meant);
        }
        let is_code = text.len() == 1 + RANDOM && text.bytes().all(|byte| ALPHABET.contains(&byte));
        let slot = text.bytes().next()?.wrapping_sub(b'0');
        (is_code && slot < CODES).then_some(Self { slot, text })
    }

    /// Which of the account's codes it is.
    pub(crate) fn slot(&self) -> i32 {
        self.slot.into()
    }

    /// What is hashed.
    pub(crate) fn password(&self) -> Result<Password, Error> {
        Password::new(self.text.as_str().to_owned()).ok_or_else(|| Error::internal("a code longer than any password"))
    }

    /// The code as it is shown: in groups. Never log it.
    pub(crate) fn shown(&self) -> String {
        let groups: Vec<&str> =
            (0..self.text.len()).step_by(GROUP).filter_map(|at| self.text.get(at..at + GROUP)).collect();
        groups.join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let read = |typed: &str| RecoveryCode::parse(typed).map(|code| (code.slot, code.text.to_string()));
        let code = Some((7, "7KQ39XWT0MHE".to_owned()));
        for typed in ["7KQ3-9XWT-0MHE", "7kq3 9xwt omhe", " 7KQ39XWT0MHE ", "7-k-q-3\t9XwTOmHe"] {
            assert_eq!(read(typed), code, "{typed}");
        }
        assert_eq!(read("oli1-OLI1-oooo"), Some((0, "011101110000".to_owned())));
        for typed in ["", "7KQ3-9XWT-0MH", "7KQ3-9XWT-0MHEE", "7KQ3-9XWT-0MHU", "AKQ3-9XWT-0MHE", "7KQ3-9XWT-0MHÉ"] {
            assert!(read(typed).is_none(), "{typed}");
        }
        assert!(read(&" ".repeat(1_000_000)).is_none());
    }

    #[test]
    fn a_code_that_is_shown_is_read_as_itself_and_all_differ() {
        let mut seen = std::collections::HashSet::new();
        for slot in (0..CODES).cycle().take(200) {
            let code = RecoveryCode::random(slot).unwrap();
            let shown = code.shown();
            assert_eq!((shown.len(), shown.matches('-').count()), (14, 2), "{shown}");
            let read = RecoveryCode::parse(&shown).unwrap();
            assert_eq!((read.slot(), &read.text), (i32::from(slot), &code.text));
            assert!(seen.insert(shown));
        }
    }
}
