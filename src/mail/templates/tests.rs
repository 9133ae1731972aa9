use std::net::Ipv6Addr;

use strum::VariantArray;

use super::*;
use crate::config::{EmailSignIn, EmailVerification, Mail, MailWay, Sender};
use crate::mail::{Device, Occasion, Purpose};

const HOSTILE: [&str; 8] = [
    "https://evil.example/login",
    "evil.com",
    "www.evil.com",
    "<script>alert(1)</script><a href=\"//evil.com\">",
    "\" onmouseover=\"x",
    "ada\u{202e}moc.elpmaxe\u{202c}",
    "ada\r\nBcc: eve@evil.example\r\n\r\nhello",
    "{{ link }}{app}{% raw %}",
];

fn config() -> Mail {
    Mail {
        way: MailWay::None,
        from: Sender { name: Some("Example".to_owned()), address: "no-reply@example.com".to_owned() },
        templates: None,
        locale: "en".to_owned(),
        link_url: "https://login.example.com/confirm".to_owned(),
        has_own_page: false,
        verification: EmailVerification::Off,
        sign_in: EmailSignIn::Off,
    }
}

fn templates() -> Templates {
    Templates::new(&config()).unwrap()
}

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

fn render(tag: &str, kind: Kind, content: &Content) -> Rendered {
    templates().render(kind, &locale(tag), sample::RECIPIENT, content).unwrap()
}

/// Every kind of mail in every language with all that it can have, with the least, and with nothing at all.
fn each() -> impl Iterator<Item = (&'static str, Kind, Content, Rendered)> {
    let kinds = Kind::VARIANTS.iter().flat_map(|kind| words::tags().map(move |tag| (tag, *kind)));
    kinds.flat_map(|(tag, kind)| {
        let contents = [sample::full(kind), sample::least(kind), Content::default()];
        contents.map(|content| (tag, kind, content.clone(), render(tag, kind, &content)))
    })
}

#[test]
fn every_mail_is_whole_in_every_language() {
    for (tag, kind, content, Rendered { subject, text, html }) in each() {
        assert!(!subject.is_empty() && !subject.contains('\n') && text.starts_with(&subject), "{tag} {kind}");
        for body in [&text, &html] {
            assert!(!body.contains(['{', '}']) || body.contains("<style>"), "{body}");
            for place in ["{app}", "{where}", "{period}", "{until}", "none", "None"] {
                assert!(
                    !body.replace("display: none", "").replace("text-decoration: none", "").contains(place),
                    "{tag} {kind} {place}: {body}"
                );
            }
            let link = content
                .link
                .as_ref()
                .map(|token| format!("https://login.example.com/confirm#{}={token}", Purpose::of(kind).unwrap()));
            assert!(link.is_none_or(|link| body.contains(&link)), "{tag} {kind}: {body}");
            assert_eq!(body.contains("1234 5678"), content.code.is_some(), "{tag} {kind}: {body}");
            assert!(body.contains("Example"), "{tag} {kind}");
        }
        assert!(html.contains(&format!("<html lang=\"{tag}\"")), "{tag} {kind}");
    }
}

#[test]
fn plain_text_fits_into_a_terminal() {
    for (tag, kind, _, Rendered { text, .. }) in each() {
        for line in text.lines() {
            let fits = line.chars().count() <= wrap::WIDTH || line.starts_with("https://");
            assert!(fits && (line == line.trim_end() || line == "-- "), "{tag} {kind}: {line:?}");
        }
        assert!(!text.contains("\n\n\n") && text.ends_with("\n-- \nExample\n"), "{tag} {kind}: {text}");
    }
}

#[test]
fn html_loads_nothing() {
    for (tag, kind, _, Rendered { html, .. }) in each() {
        for loading in ["<img", "<link", "<script", "url(", "@import", " src=", "@font-face"] {
            assert!(!html.contains(loading), "{tag} {kind}: {loading}");
        }
        assert!(html.contains("prefers-color-scheme: dark") && html.contains("name=\"color-scheme\""));
    }
}

#[test]
fn nothing_that_somebody_typed_becomes_markup_or_a_link() {
    for (kind, hostile) in Kind::VARIANTS.iter().flat_map(|kind| HOSTILE.iter().map(move |hostile| (*kind, *hostile))) {
        for tag in words::tags() {
            let long = hostile.repeat(500);
            for typed in [hostile.to_owned(), format!("{hostile}@evil.com"), long] {
                let mail = |typed: &str| {
                    let mut content = sample::full(kind);
                    content.username = Some(typed.to_owned());
                    content.new_email = Some(typed.to_owned());
                    let device = content.device.as_mut().unwrap();
                    device.user_agent = Some(typed.to_owned());
                    device.ip_address = Some(Ipv6Addr::LOCALHOST.into());
                    templates().render(kind, &locale(tag), typed, &content).unwrap()
                };
                let (Rendered { subject, text, html }, usual) = (mail(&typed), mail("lovelace@example.net"));
                assert_eq!(subject, usual.subject);
                assert!(text.lines().count() <= usual.text.lines().count() && text.len() < usual.text.len() + 300);
                for body in [&text, &html] {
                    for bad in
                        ["evil.com", "evil.example", "://evil", "<script", "Bcc: eve", "\u{202e}", "alert(1)<", "moc.e"]
                    {
                        assert!(!body.contains(bad), "{kind} {typed:?}: {bad} in {body}");
                    }
                }
                let count = |html: &str, what: &str| html.matches(what).count();
                assert_eq!(count(&html, "<a "), count(&usual.html, "<a "), "{html}");
                assert_eq!(count(&html, "=\""), count(&usual.html, "=\""), "{html}");
                assert!(html.len() < usual.html.len() + 4000);
            }
        }
    }
}

#[test]
fn a_code_is_told_only_by_mails_that_have_one() {
    for kind in Kind::VARIANTS {
        // Whoever writes a mail of a flow has its code at hand.
        let content =
            Content { code: Some("87654321".to_owned()), link: Some("pcl_x".to_owned()), ..Content::default() };
        let Rendered { text, html, .. } = render("en", *kind, &content);
        assert_eq!(text.contains("8765 4321"), kind.has_code(), "{kind}");
        assert_eq!(html.contains("8765 4321"), kind.has_code(), "{kind}");
        assert_eq!(text.contains("pcl_x"), Purpose::of(*kind).is_some(), "{kind}");
    }
}

#[test]
fn a_language_without_templates_gets_the_default() {
    let subject = |config: &Mail, tag: &str| {
        let templates = Templates::new(config).unwrap();
        templates.render(Kind::SignIn, &locale(tag), sample::RECIPIENT, &Content::default()).unwrap().subject
    };
    let (english, german) = ("Sign in", "Melden Sie sich an");
    assert_eq!(subject(&config(), "de-AT"), german);
    assert_eq!(subject(&config(), "fr"), english);
    let default_german = Mail { locale: "de-CH".to_owned(), ..config() };
    assert_eq!(subject(&default_german, "fr-CA"), german);
    assert_eq!(subject(&default_german, "en-GB"), english);
}

#[test]
fn a_default_language_without_templates_is_refused() {
    for tag in ["fr", "x", "12", "aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa"] {
        let fault = Templates::new(&Mail { locale: tag.to_owned(), ..config() }).unwrap_err().to_string();
        assert!(fault.contains("PORTCULLIS_MAIL_LOCALE"), "{fault}");
    }
}

#[test]
fn the_validity_is_told_as_a_period_and_as_a_time() {
    let mut content = sample::full(Kind::SignIn);
    let text = |content: &Content| render("en", Kind::SignIn, content).text;
    assert!(text(&content).contains("valid for 10 minutes, until 29 November 2026, 09:40 UTC."));
    let at = content.device.as_ref().unwrap().at;
    for (seconds, period) in [(60, "one minute"), (90 * 60, "90 minutes"), (86_400, "one day"), (599, "10 minutes")] {
        content.code_expires_at = Some(at + std::time::Duration::from_secs(seconds));
        assert!(text(&content).contains(&format!("The code is valid for {period}, until")), "{}", text(&content));
    }
    content.device = None;
    assert!(text(&content).contains("The code is valid until 29 November 2026, 09:39 UTC."), "{}", text(&content));
}

#[test]
fn who_did_not_add_the_factor_of_an_enrolment_is_sent_to_the_application() {
    for tag in words::tags() {
        for kind in [Kind::TotpAdded, Kind::PasskeyAdded] {
            let not_you = |occasion| words::of(tag).unwrap().words(kind, occasion).not_you.unwrap();
            assert!(not_you(Some(Occasion::Enrolment)).contains("{app}"), "{tag} {kind}");
            assert!(!not_you(None).contains("{app}"), "{tag} {kind}");
        }
    }
}

#[test]
fn the_mail_of_a_revert_says_what_was_removed() {
    let mut content = sample::full(Kind::ResetPassword);
    for (occasion, is_told) in [(None, false), (Some(Occasion::Revert), true)] {
        content.occasion = occasion;
        for (tag, codes) in [("en", "recovery codes"), ("de", "Wiederherstellungscodes")] {
            let text = render(tag, Kind::ResetPassword, &content).text;
            assert_eq!(text.contains(codes), is_told, "{text}");
        }
    }
}

#[test]
fn an_unknown_device_is_called_so() {
    let mut content = sample::full(Kind::SignIn);
    let at = content.device.as_ref().unwrap().at;
    content.device = Some(Device { user_agent: None, ip_address: None, at });
    let text = render("de", Kind::SignIn, &content).text;
    assert!(text.contains("  Gerät      unbekannt\n  Zeitpunkt  29.11.2026"), "{text}");
}

#[test]
fn a_registration_is_confirmed_in_english() {
    let content = sample::full(Kind::ConfirmRegistration);
    insta::assert_snapshot!(render("en", Kind::ConfirmRegistration, &content).text, @"
    Confirm your registration

    Somebody, probably you, is registering at Example with this e-mail
    address. There is no account until you confirm that the address is
    yours.

    To confirm, open this page:

    https://login.example.com/confirm#confirm-registration=pcl_AXrZ0vC3mUe1uQ6yDk9sWb7tNf4hJg2LpOi8MxEcRaY

    The link is valid for one hour, until 29 November 2026, 10:30 UTC.

    Or enter this code where you registered:

        1234 5678

    The code is valid for 10 minutes, until 29 November 2026, 09:40 UTC.

    Never give this code to anybody. Example does not ask for it by phone,
    chat or mail.

    If you did not register, ignore this mail: no account will be made. Do
    not give the link or the code to anybody.

    The request came from:

      Device      Firefox on Linux
      IP address  192.0.2.7
      Time        29 November 2026, 09:30 UTC

    -- 
    Example
    ");
}

#[test]
fn a_change_of_address_is_told_in_german() {
    let content = sample::full(Kind::EmailChanged);
    insta::assert_snapshot!(render("de", Kind::EmailChanged, &content).text, @"
    Ihre E-Mail-Adresse wurde geändert

    Ihr Konto bei Example hat jetzt eine andere E-Mail-Adresse. Ihre
    bisherige Adresse gehört nicht mehr dazu.

    Neue Adresse: lovelace@example.net

    Falls Sie das selbst waren, müssen Sie nichts tun. Falls nicht, machen
    Sie die Änderung rückgängig: Das Konto erhält diese Adresse zurück, alle
    Geräte werden abgemeldet, und Sie legen ein neues Passwort fest. Alle
    Wiederherstellungscodes sowie Passkeys und Authenticator-Apps, die vor
    kurzem hinzugefügt wurden, werden dabei entfernt.

    Öffnen Sie diese Seite, um die Änderung rückgängig zu machen:

    https://login.example.com/confirm#revert-email-change=pcl_AXrZ0vC3mUe1uQ6yDk9sWb7tNf4hJg2LpOi8MxEcRaY

    Der Link gilt 7 Tage lang, bis zum 06.12.2026 um 09:30 Uhr UTC.

    Geben Sie den Link nicht weiter.

    Die Anfrage kam von:

      Gerät       Firefox unter Linux
      IP-Adresse  192.0.2.7
      Zeitpunkt   29.11.2026 um 09:30 Uhr UTC

    -- 
    Example
    ");
}
