//! The tables of `docs/settings/`, made of the declarations of the settings.

use std::collections::BTreeMap;
use std::fmt::Write;

use portcullis::config::{Kind, SettingReference, reference};

use super::{committed, compare, files};

const BEGIN: &str = "<!-- Generated from src/config/sections: change it there. -->\n\n";
const END: &str = "\n<!-- The end of what is generated. -->\n";

#[test]
fn the_tables_of_settings_are_what_the_server_declares() {
    let mut areas: Vec<(String, Vec<SettingReference>)> = Vec::new();
    for setting in reference() {
        match areas.last_mut() {
            Some((area, settings)) if *area == setting.area => settings.push(setting),
            _ => areas.push((setting.area.clone(), vec![setting])),
        }
    }
    let pages: BTreeMap<_, _> = areas.iter().map(|(area, settings)| (path(area), (area, settings))).collect();
    assert_eq!(pages.len(), areas.len(), "the settings of an area stand together");
    let (overview, summary) = (committed("docs/settings.md"), committed("docs/SUMMARY.md"));
    for (path, (area, settings)) in &pages {
        let old = if files("docs/settings").contains(path) { committed(path) } else { format!("# {area}\n\n") };
        compare(path, &page(&old, settings));
        let link = path.trim_start_matches("docs/");
        assert!(overview.contains(&format!("({link})")) && summary.contains(&format!("({link})")), "{link} has a link");
    }
    for file in files("docs/settings") {
        assert!(pages.contains_key(&file) || !committed(&file).contains(BEGIN), "{file} is of no area any more");
    }
}

/// `docs/settings/tokens-and-keys.md`
fn path(area: &str) -> String {
    format!("docs/settings/{}.md", area.to_lowercase().replace(' ', "-"))
}

/// The page with what is written by hand around the table.
fn page(old: &str, settings: &[SettingReference]) -> String {
    let (before, rest) = old.split_once(BEGIN).unwrap_or((old, ""));
    let (_, after) = rest.split_once(END).unwrap_or_default();
    format!("{before}{BEGIN}{}{END}{after}", table(settings))
}

fn table(settings: &[SettingReference]) -> String {
    let mut table = "| Setting | Default | Allowed | What it does |\n| --- | --- | --- | --- |\n".to_owned();
    for SettingReference { key, variable, default, default_is_value, shape, help, .. } in settings {
        let default = match default {
            Some(default) if *default_is_value => format!("`{default}`"),
            Some(words) => prose(words),
            None => "none".to_owned(),
        };
        let allowed = shape.allowed().unwrap_or_else(|| free(shape.kind).to_owned());
        let help = prose(help);
        writeln!(table, "| `{key}`<br>`{variable}` | {default} | {allowed} | {help} |").expect("text");
    }
    table
}

/// What may be written where neither bounds nor words are told.
fn free(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a path",
        Kind::List => "a list",
        _ => "text",
    }
}

/// The words of the help in Markdown: names, values and addresses as code.
fn prose(help: &str) -> String {
    let words: Vec<_> = help.split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let start = word.len() - word.trim_start_matches('(').len();
    let end = word.trim_end_matches(['.', ',', ':', ')', '\'']).len().max(start);
    let (before, own, after) = (&word[..start], &word[start..end], &word[end..]);
    let is_name = own.contains('_') || own.starts_with('/') && own.len() > 1;
    let is_value = own.contains("://") || own.contains(['*', '<', '=', '|']) || own.starts_with("~/");
    if is_name || is_value { format!("{before}`{own}`{after}") } else { word.to_owned() }
}

/// Sentences of other pages that tell a default.
const TOLD: [(&str, &str, &str, &str); 9] = [
    ("docs/concepts.md", "session-idle-ttl", "14d", "14 days without use"),
    ("docs/concepts.md", "session-ttl", "30d", "30 days in all"),
    ("docs/concepts.md", "audit-retention", "400d", "400 days unless set otherwise"),
    ("docs/backends.md", "access-token-ttl", "10m", "ten minutes unless set otherwise"),
    ("docs/getting-started.md", "access-token-ttl", "10m", "after ten minutes"),
    ("docs/verify-tokens.md", "signing-algorithm", "EdDSA", "`PORTCULLIS_SIGNING_ALGORITHM` is `EdDSA` unless set"),
    ("docs/security/sessions.md", "max-sessions", "1000", "`PORTCULLIS_MAX_SESSIONS` is 1000 by default"),
    ("docs/decisions/sessions-per-account.md", "max-sessions", "1000", "`PORTCULLIS_MAX_SESSIONS`, 1000 by default"),
    ("docs/attempts.md", "limit-attempts", "300/1m", "`PORTCULLIS_LIMIT_ATTEMPTS`: 300 a minute"),
];

#[test]
fn what_other_pages_say_of_a_default_is_the_default() {
    for (page, key, default, sentence) in TOLD {
        let text = committed(page).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(sentence), "{page} says {sentence:?} no more: mend this list");
        let setting = reference().into_iter().find(|setting| setting.key == key).expect(key);
        assert_eq!(setting.default.as_deref(), Some(default), "{page} says {sentence:?}");
    }
}
