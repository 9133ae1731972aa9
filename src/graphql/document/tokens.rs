//! The tokens of a document (GraphQL specification, section 2.1), as far as they matter before the document is
//! parsed.

/// A token or a comment, with its position in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    String,
    BlockString,
    /// Its one character, or the first of three dots. Characters that are not tokens are of this kind as well. The
    /// parser refuses them.
    Punctuator(u8),
    Comment,
}

/// What can't be a token, and where it begins.
pub(super) struct Malformed {
    pub(super) what: &'static str,
    pub(super) start: usize,
}

pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    fn next_token(&mut self, start: usize, first: u8) -> Result<Token, Malformed> {
        let bytes = self.bytes;
        let malformed = |what| Malformed { what, start };
        let (kind, end) = match first {
            b'#' => (Kind::Comment, run(bytes, start, |byte| !matches!(byte, b'\r' | b'\n'))),
            b'"' => string(bytes, start).ok_or(malformed("A string has no end."))?,
            b'-' | b'0'..=b'9' => (Kind::Number, number(bytes, start).ok_or(malformed("A number is malformed."))?),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => (Kind::Name, run(bytes, start, is_name)),
            b'.' if bytes[start..].starts_with(b"...") => (Kind::Punctuator(b'.'), start + 3),
            other => (Kind::Punctuator(other), start + 1),
        };
        Ok(Token { kind, start, end })
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // Beyond ASCII only the byte order mark is not an error, and that is ignored.
        self.at = run(self.bytes, self.at, |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x80..));
        let first = *self.bytes.get(self.at)?;
        let token = self.next_token(self.at, first);
        self.at = token.as_ref().map_or(self.bytes.len(), |token| token.end);
        Some(token)
    }
}

fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// The end of the bytes from `at` that are `wanted`.
fn run(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    at + bytes[at..].iter().take_while(|byte| wanted(**byte)).count()
}

/// The end of the number that begins at `at`. The parser would take 007 for three numbers, and 1a for a number and a name.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let sign = |at: usize, signs: &[u8]| at + usize::from(bytes.get(at).is_some_and(|byte| signs.contains(byte)));
    let digits = |at: usize| Some(run(bytes, at, |byte| byte.is_ascii_digit())).filter(|end| *end > at);
    let start = sign(at, b"-");
    let mut end = digits(start)?;
    if bytes[start] == b'0' && end > start + 1 {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end = digits(sign(end + 1, b"+-"))?;
    }
    let ends = bytes.get(end).is_none_or(|byte| *byte != b'.' && !is_name(*byte));
    ends.then_some(end)
}

/// The kind and the end of the string that begins at `at`, if it has an end.
fn string(bytes: &[u8], at: usize) -> Option<(Kind, usize)> {
    const BLOCK: &[u8] = b"\"\"\"";
    if bytes[at..].starts_with(BLOCK) {
        let mut at = at + BLOCK.len();
        loop {
            at += match bytes.get(at..)? {
                [] => return None,
                [b'\\', b'"', b'"', b'"', ..] => 4,
                [b'"', b'"', b'"', ..] => return Some((Kind::BlockString, at + BLOCK.len())),
                _ => 1,
            };
        }
    }
    let mut at = at + 1;
    loop {
        at += match bytes.get(at)? {
            b'"' => return Some((Kind::String, at + 1)),
            b'\r' | b'\n' => return None,
            b'\\' => 2,
            _ => 1,
        };
    }
}
