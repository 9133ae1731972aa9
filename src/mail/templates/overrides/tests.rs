use std::path::Path;

use super::*;
use crate::mail::Content;
use crate::mail::templates::{facts::Facts, sample};

/// Shows everything that somebody typed in each way that a template has.
const GREEDY: &str = "{{ recipient or '' }}|{{ username or '' }}|{{ new_email or '' }}|{{ (username or '')|safe }}|\
    {% autoescape false %}{{ new_email or '' }}{{ username or '' }}{% endautoescape %}|\
    {{ browser or '' }}{{ system or '' }}|{% set a = username or '' %}{{ a|upper|lower }}";

fn overrides(templates: &[(&str, &str)]) -> Overrides {
    let mut environment = environment::new();
    for (name, text) in templates {
        environment.add_template_owned((*name).to_owned(), (*text).to_owned()).unwrap();
    }
    Overrides { environment, languages: [Locale::parse("en").unwrap()].into() }
}

fn render(overrides: &Overrides, part: Part, content: &Content, recipient: &str) -> Option<String> {
    let facts = Facts::new(Kind::SignIn, "Example", "https://login.example.com/confirm", recipient, content);
    overrides.render(&Locale::parse("en").unwrap(), part, &facts)
}

#[test]
fn what_was_typed_reaches_no_template_as_markup_or_a_link() {
    let overrides =
        overrides(&[("en/sign_in.subject", GREEDY), ("en/sign_in.txt", GREEDY), ("en/sign_in.html", GREEDY)]);
    for hostile in [
        "https://evil.example/login",
        "evil.com",
        "<script>alert(1)</script>",
        "\" onmouseover='x",
        "&lt;b&gt;",
        "ada\u{202e}evil.com",
        "ada\r\nBcc: eve@evil.example\r\n\r\nhello",
        "{{ link }}",
    ] {
        for typed in [hostile.to_owned(), format!("{hostile}@evil.com"), hostile.repeat(100)] {
            let mut content = sample::full(Kind::SignIn);
            content.username = Some(typed.clone());
            content.new_email = Some(typed.clone());
            content.device.as_mut().unwrap().user_agent = Some(typed.clone());
            for part in [Part::Subject, Part::Text, Part::Html] {
                let rendered = render(&overrides, part, &content, &typed).unwrap();
                for bad in ["evil.com", "evil.example", "<", ">", "\"", "'", "\u{202e}", "\r", "Bcc: eve", "pcl_"] {
                    assert!(!rendered.contains(bad), "{part:?} {typed:?}: {bad:?} in {rendered:?}");
                }
                assert_eq!(rendered.trim_end().lines().count(), 1);
            }
        }
    }
}

#[test]
fn a_template_that_fails_gives_way_to_the_built_in_mail() {
    let overrides = overrides(&[("en/sign_in.txt", "{{ username }} {{ link }}"), ("en/sign_in.subject", "{{ code }}")]);
    let full = sample::full(Kind::SignIn);
    assert!(render(&overrides, Part::Text, &full, "a@example.com").unwrap().starts_with("ada https://"));
    assert_eq!(render(&overrides, Part::Text, &Content::default(), "a@example.com"), None);
    assert_eq!(render(&overrides, Part::Subject, &full, "a@example.com").as_deref(), Some("1234 5678"));
    assert_eq!(render(&overrides, Part::Html, &full, "a@example.com"), None);
}

#[test]
fn a_subject_is_one_line() {
    assert_eq!(environment::one_line("  a\r\n b\t\u{7f}c\n").unwrap(), "a b c");
    for bad in ["", " \n", "\u{0}", &"a".repeat(201)] {
        assert!(environment::one_line(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_page_for_operators_lists_every_variable_and_kind() {
    use strum::VariantArray;
    let page = include_str!("../../../../docs/deploying/mail-templates.md");
    let content = sample::full(Kind::SignIn);
    let facts = Facts::new(Kind::SignIn, "Example", "https://example.com", sample::RECIPIENT, &content);
    let variables = variables::of(&facts, "en", Part::Text);
    assert_eq!(variables.len(), Some(20));
    for variable in variables.try_iter().unwrap() {
        assert!(page.contains(&format!("`{variable}`")), "{variable}");
    }
    for kind in Kind::VARIANTS {
        let yes = |is: bool| if is { "yes" } else { "no" };
        let row = page.lines().find(|line| line.starts_with(&format!("| `{kind}` |"))).unwrap();
        let has_link = crate::mail::Purpose::of(*kind).is_some();
        assert!(row.ends_with(&format!("| {} | {} |", yes(has_link), yes(kind.has_code()))), "{row}");
    }
    assert!(Overrides::read(Path::new("/nonexistent"), "Example").is_err());
}
