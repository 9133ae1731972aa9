//! Lines of plain text.

/// Longest line, in characters. Mails are quoted, and then it still fits into 80.
pub(super) const WIDTH: usize = 72;

/// The text in lines. A word that is longer than a line, such as a link, stays whole.
pub(super) fn wrap(text: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 {
            let fits = width + 1 + length <= WIDTH;
            lines.push(if fits { ' ' } else { '\n' });
            width = if fits { width + 1 } else { 0 };
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_full_and_not_too_long() {
        let wrapped = wrap(&"übermut ".repeat(40));
        assert!(
            wrapped.lines().all(|line| line.chars().count() == 71 || line == "übermut übermut übermut übermut"),
            "{wrapped}"
        );
        let link = "x".repeat(100);
        assert_eq!(wrap(&format!("a  b\nc {link} d")), format!("a b c\n{link}\nd"));
        assert_eq!(wrap(""), "");
    }
}
