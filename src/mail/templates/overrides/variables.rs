//! The variables of the operator's templates. `docs/deploying/mail-templates.md` lists them.

use minijinja::context;
use minijinja::value::Value;

use super::Part;
use super::environment::escaped;
use crate::clock::Timestamp;
use crate::mail::templates::facts::{Facts, LinkOrCode};
use crate::mail::templates::harmless::{plain_address, plain_name, plain_title, unlinked};

/// All variables. One that is missing is `none`.
pub(super) fn of(facts: &Facts<'_>, tag: &str, part: Part) -> Value {
    let is_html = part == Part::Html;
    let ours = |text: &str| if is_html { escaped(text) } else { Value::from(text) };
    // What somebody typed: in HTML it is broken up, and elsewhere it is missing where it could be taken for a link.
    let typed = |text: &str, plain: fn(&str) -> Option<&str>| match is_html {
        true => Some(escaped(&unlinked(text))),
        false => plain(text).map(Value::from),
    };
    let (link, code, asker) = (facts.link.as_ref(), facts.code.as_ref(), facts.asker.as_ref());
    let time = |time: Timestamp| ours(&time.format("%Y-%m-%d %H:%M UTC").to_string());
    let end = |what: Option<&LinkOrCode>| value(what.and_then(|what| what.expires_at).map(time));
    let minutes = |what: Option<&LinkOrCode>| value(what.and_then(|what| what.minutes).map(Value::from));
    let address = asker.and_then(|asker| asker.ip_address).map(|address| address.to_string());
    context! {
        app => ours(facts.app),
        kind => ours(facts.kind.as_str()),
        occasion => value(facts.occasion.map(|occasion| ours(occasion.into()))),
        locale => ours(tag),
        recipient => value(typed(facts.recipient, plain_address)),
        username => value(facts.username.and_then(|name| typed(name, plain_name))),
        new_email => value(facts.new_email.and_then(|address| typed(address, plain_address))),
        codes_left => value(facts.codes_left.map(Value::from)),
        passkey => value(facts.passkey.and_then(|name| typed(name, plain_title))),
        trusted_until => value(facts.trusted_until.map(time)),
        link => value(link.map(|link| ours(&link.text))),
        link_expires_at => end(link),
        link_minutes => minutes(link),
        code => value(code.map(|code| ours(&code.text))),
        code_expires_at => end(code),
        code_minutes => minutes(code),
        browser => value(asker.and_then(|asker| asker.browser).map(ours)),
        system => value(asker.and_then(|asker| asker.system).map(ours)),
        ip_address => value(address.map(|address| if is_html { escaped(&unlinked(&address)) } else { address.into() })),
        asked_at => value(asker.map(|asker| time(asker.at))),
    }
}

fn value(value: Option<Value>) -> Value {
    value.unwrap_or_else(|| Value::from(()))
}
