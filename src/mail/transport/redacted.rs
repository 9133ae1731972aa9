//! What a mail server says, fit for the log and for the table.

/// Longest text that is kept, in characters.
const MOST: usize = 300;

/// Fewest characters of a part of a secret that is taken away. Fewer may be a part of anything.
const FEWEST: usize = 6;

const REDACTED: &str = "[redacted]";

/// The text on one line, without these secrets and the longer parts of them: a server may quote what it
/// was sent.
pub(super) fn redacted<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        text = without_parts(&without(&text, secret), secret);
    }
    text
}

/// The beginning of a text that is too long. Nothing may be taken out of it afterwards, because half a secret is not found.
pub(super) fn cut(text: String) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Without the secret as a whole, in upper or lower case.
fn without(text: &str, secret: &str) -> String {
    let (folded, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in folded.match_indices(&secret) {
        kept.push_str(&text[from..at]);
        kept.push_str(REDACTED);
        from = at + found.len();
    }
    kept + &text[from..]
}

/// Without words that are a part of the secret: a long one is broken where it is quoted.
fn without_parts(text: &str, secret: &str) -> String {
    let secret = secret.to_ascii_lowercase();
    let is_part = |word: &str| word.len() >= FEWEST && secret.contains(&word.to_ascii_lowercase());
    let mut kept = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')) {
        let word = piece.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        if is_part(word) {
            kept.push_str(REDACTED);
            kept.push_str(&piece[word.len()..]);
        } else {
            kept.push_str(piece);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_quotes_the_mail_reveals_nothing() {
        let token = "plf_Q8s2kd83JHdk3ldiIqmxnbvcQ8s2kd83JHdk3ldiIqm";
        let secrets = [token, "12345678", "ada@example.com"];
        for (said, kept) in [
            ("550 no such user <ADA@example.com>", "550 no such user <[redacted]>"),
            (
                "554 http://app/#reset-password=plf_Q8s2kd83JHdk3ldiIqmxnbvcQ8s2kd83JHdk3ldiIqm listed",
                "554 http://app/#reset-password=[redacted] listed",
            ),
            ("554 ...#a=plf_Q8s2kd83JHdk=\r\n3ldiIqmxnbvc in URIBL", "554 ...#a=[redacted]=  [redacted] in URIBL"),
            ("554 PLF_Q8S2KD83jhdk3LDIIQMXNBVCQ8S2KD83JHDK3LDIIQM", "554 [redacted]"),
            ("554 your code 12345678.", "554 your code [redacted]."),
            ("451 4.7.1 Greylisted, ünd again", "451 4.7.1 Greylisted, ünd again"),
        ] {
            assert_eq!(redacted(said, secrets), kept);
        }
        assert_eq!(cut("ä".repeat(301)).chars().count(), 301);
        assert_eq!(redacted("a\u{1b}[31m\nb", ["", "x"]), "a [31m b");
    }
}
