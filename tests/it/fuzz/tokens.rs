//! Tokens: nothing is accepted but what was handed out, to the letter.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use portcullis::tokens::device::DeviceToken;
use portcullis::tokens::refresh::RefreshToken;
use proptest::prelude::*;
use serde_json::json;

use super::choices::{Choices, numbers};
use super::run;
use crate::support::{PASSWORD, TestApp};

/// What somebody makes of two genuine tokens.
fn forged(choices: &mut Choices<'_>, genuine: [&str; 2]) -> String {
    let [mine, other] = genuine;
    let mut parts: Vec<String> = mine.split('.').map(str::to_owned).collect();
    let others: Vec<&str> = other.split('.').collect();
    let place = choices.below(parts.len());
    match choices.below(8) {
        0 => return mine.to_owned(),
        1 => return choices.text(200),
        2 => parts[place] = others[place].to_owned(),
        3 => parts.swap(0, place),
        4 => {
            let (prefix, part) = parts[place].split_at_checked(4).filter(|_| place == 0).unwrap_or(("", &parts[place]));
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
            let spelled = match choices.below(4) {
                0 => URL_SAFE.encode(bytes),
                1 => STANDARD.encode(bytes),
                2 => STANDARD_NO_PAD.encode(bytes),
                // The same bytes, if the unused bits of the last character were not looked at.
                _ => {
                    let mut text = URL_SAFE_NO_PAD.encode(bytes);
                    let last = text.pop().map(|last| char::from(u8::try_from(last).unwrap_or_default() ^ 1));
                    text.extend(last);
                    text
                }
            };
            parts[place] = format!("{prefix}{spelled}");
        }
        5 => parts[place] = choices.pick(&["", "0", "-1", "+1", "01", "9223372036854775808", "e30"]).to_owned(),
        6 => parts.insert(place, choices.text(4)),
        _ => return choices.mutated(mine),
    }
    parts.join(".")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_handed_out_is_accepted() {
    let app = TestApp::start().await;
    let [ada, eve] = [app.registered("ada@example.com").await, app.registered("eve@example.com").await];
    let (keys, now) = (app.app.keys.current(), app.clock.clock().now());
    let refresh = [&ada, &eve].map(|client| client.refresh_token());
    let access = [&ada, &eve].map(|client| client.access_token());
    let device = [&ada, &eve].map(|client| client.device_token());
    assert!(RefreshToken::verify(&keys, refresh[0]).is_some() && DeviceToken::verify(&keys, device[0]).is_some());
    run(20_000, &numbers(), |numbers| {
        let mut choices = Choices::of(&numbers);
        let text = forged(&mut choices, refresh);
        prop_assert_eq!(RefreshToken::verify(&keys, &text).is_some(), refresh.contains(&text.as_str()), "{}", text);
        let text = forged(&mut choices, device);
        prop_assert_eq!(DeviceToken::verify(&keys, &text).is_some(), device.contains(&text.as_str()), "{}", text);
        let text = forged(&mut choices, access);
        let accepted = app.app.access_tokens.verify(&keys, &text, now).is_ok();
        prop_assert_eq!(accepted, access.contains(&text.as_str()), "{}", text);
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_right_as_typed_and_in_no_other_way() {
    let app = TestApp::start().await;
    app.registered("ada@example.com").await;
    let handle = tokio::runtime::Handle::current();
    run(150, &numbers(), |numbers| {
        let typed = Choices::of(&numbers).mutated(PASSWORD);
        let answer = handle.block_on(app.anonymous().try_login("ada@example.com", &typed));
        let success = answer["data"]["login"]["__typename"] == json!("LoginSuccess");
        prop_assert_eq!(success, typed == PASSWORD, "{:?}: {}", typed, answer);
        Ok(())
    });
}
