//! The page of mails as text.

use askama::Template;
use chrono::SecondsFormat;

use crate::mail::Delivered;

#[derive(Template)]
#[template(path = "page.html", config = "src/http/endpoints/mail_page/askama.toml")]
struct Page<'a> {
    mails: Vec<Row<'a>>,
    shown: Option<Shown<'a>>,
}

/// A line of the list.
struct Row<'a> {
    id: String,
    subject: &'a str,
    recipient: &'a str,
    written_at: String,
    is_shown: bool,
}

/// The mail that is shown.
struct Shown<'a> {
    id: String,
    subject: &'a str,
    recipient: &'a str,
    written_at: String,
    text: Vec<Piece<'a>>,
}

/// A part of a mail's text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    /// A link of ours. Whatever else looks like one is none.
    Link(&'a str),
}

/// The page with these mails. Links in a mail's text begin with `link_url`.
///
/// # Errors
/// What the template can't do, in practice nothing.
pub(super) fn page(mails: &[Delivered], shown: Option<&Delivered>, link_url: &str) -> Result<String, String> {
    let at = |mail: &Delivered| mail.written_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let row = |mail: &'_ Delivered| (mail.id.to_string(), at(mail));
    let rows = mails.iter().map(|mail| {
        let (id, written_at) = row(mail);
        let is_shown = shown.is_some_and(|shown| shown.id == mail.id);
        Row { id, subject: &mail.rendered.subject, recipient: &mail.recipient, written_at, is_shown }
    });
    let shown = shown.map(|mail| {
        let (id, written_at) = row(mail);
        let text = pieces(&mail.rendered.text, link_url);
        Shown { id, subject: &mail.rendered.subject, recipient: &mail.recipient, written_at, text }
    });
    Page { mails: rows.collect(), shown }.render().map_err(|error| error.to_string())
}

/// The text in pieces. A link begins with `link_url` and its fragment, and ends where a link of ours does.
fn pieces<'a>(text: &'a str, link_url: &str) -> Vec<Piece<'a>> {
    let start = format!("{link_url}#");
    let belongs = |c: char| c.is_ascii_alphanumeric() || "-_=".contains(c);
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find(&start) {
        let (words, link) = rest.split_at(place);
        let fragment = link.split_at(start.len()).1;
        let end = start.len() + fragment.find(|c| !belongs(c)).unwrap_or(fragment.len());
        let (link, after) = link.split_at(end);
        pieces.extend([Piece::Words(words), Piece::Link(link)]);
        rest = after;
    }
    pieces.push(Piece::Words(rest));
    pieces
}

/// A mail's HTML as it stands in the frame: what is clicked in it opens in the place of the whole page.
pub(super) fn in_frame(html: &str) -> String {
    const BASE: &str = "<base target=\"_top\">";
    let head = html.to_ascii_lowercase().find("<head").and_then(|start| Some(start + html[start..].find('>')? + 1));
    let (before, after) = html.split_at(head.unwrap_or_default());
    [before, BASE, after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_ours_and_nothing_else_are_links() {
        let ours = "http://localhost:8080/confirm#sign-in=pcl_a-b_c";
        let text = format!("Hello http://evil.example/x,\n{ours}\n({ours}).");
        let words = [Piece::Words("Hello http://evil.example/x,\n"), Piece::Link(ours), Piece::Words("\n(")];
        let rest = [Piece::Link(ours), Piece::Words(").")];
        assert_eq!(pieces(&text, "http://localhost:8080/confirm"), words.into_iter().chain(rest).collect::<Vec<_>>());
        assert_eq!(pieces("", "x"), [Piece::Words("")]);
    }

    #[test]
    fn links_in_a_frame_open_in_the_place_of_the_page() {
        let base = "<base target=\"_top\">";
        assert_eq!(in_frame("<!DOCTYPE html><HEAD lang=de><p>"), format!("<!DOCTYPE html><HEAD lang=de>{base}<p>"));
        assert_eq!(in_frame("<p>ü"), format!("{base}<p>ü"));
        assert_eq!(in_frame("<head"), format!("{base}<head"));
    }
}
