//! What people are told of a flow that is over.

use serde_json::{Value, json};

use crate::passkey_sign_in::{finish, start, with_passkey};
use crate::support::passkeys::Authenticator;
use crate::support::{Client, TestApp};

/// The answer of this mutation.
async fn answer(client: &Client, (field, kind): (&str, &str), input: Value) -> Value {
    let query =
        format!("mutation($i: {kind}!) {{ {field}(input: $i) {{ __typename ... on UserError {{ code message }} }} }}");
    client.send(&query, json!({ "i": input })).await["data"][field].clone()
}

fn over(message: &str) -> Value {
    json!({ "__typename": "FlowExpired", "code": "FLOW_EXPIRED", "message": message })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_fits_what_is_over() {
    let app = TestApp::start().await;
    let mut authenticator = Authenticator::synced();
    let ada = with_passkey(&app, "ada@example.com", &mut authenticator).await;
    let mail = over("This link or code is not valid any more. Ask for another one.");
    let sign_in = over("This sign-in is not valid any more. Sign in again.");
    let setup = over("This setup of an authenticator app is not valid any more. Begin anew.");
    let (flow, totp) = (format!("pcf_{}", "A".repeat(43)), json!({ "totp": "123456" }));
    let link = json!({ "proof": { "link": "pcl_x" } });
    for (mutation, input, expected) in [
        (("confirmEmail", "ConfirmEmailInput"), link, mail),
        (("completeSignIn", "CompleteSignInInput"), json!({ "flow": flow, "factor": totp }), sign_in.clone()),
        (("startSecondFactorEnrolment", "StartSecondFactorEnrolmentInput"), json!({ "flow": flow }), sign_in.clone()),
        (
            ("completeSecondFactorEnrolment", "CompleteSecondFactorEnrolmentInput"),
            json!({ "flow": flow, "factor": totp }),
            sign_in,
        ),
        (("confirmTotp", "ConfirmTotpInput"), json!({ "flow": flow, "code": "123456" }), setup),
    ] {
        assert_eq!(answer(&ada, mutation, input).await, expected, "{mutation:?}");
    }
    let passkey = over("The passkey was asked for too long ago, or was sent before. Begin anew.");
    let credential = authenticator.sign_in(&start(&ada).await);
    finish(&ada, &credential).await;
    assert_eq!(finish(&ada, &credential).await, passkey);
    let created = Authenticator::synced().register(&ada.start_passkey().await["options"]);
    let add = async || answer(&ada, ("addPasskey", "AddPasskeyInput"), json!({ "credential": created })).await;
    add().await;
    assert_eq!(add().await, passkey);
}
