//! Postman's collection format 2.1.

use serde_json::{Value, json};

use super::requests::{ABOUT, Request, VARIABLES};
use super::scripts::Names;

const NAMES: Names = Names {
    test: "pm.test",
    expect: "pm.expect",
    status: "pm.response.code",
    body: "pm.response.json()",
    set: "pm.collectionVariables.set",
    set_for_run: Some("pm.variables.set"),
};

pub(super) fn collection(requests: &[Request]) -> Value {
    let variables = VARIABLES.map(|(key, value)| json!({ "key": key, "value": value }));
    json!({
        "info": {
            "name": "Portcullis",
            "description": ABOUT,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": requests.iter().map(item).collect::<Vec<_>>(),
        "variable": variables,
    })
}

fn item(request: &Request) -> Value {
    let scripts = [("prerequest", NAMES.before(request)), ("test", NAMES.after(request))];
    let events = scripts.into_iter().filter(|(_, lines)| !lines.is_empty());
    let auth = if request.signed_in {
        json!({ "type": "bearer", "bearer": [{ "key": "token", "value": "{{accessToken}}", "type": "string" }] })
    } else {
        json!({ "type": "noauth" })
    };
    json!({
        "name": request.name,
        "event": events
            .map(|(listen, lines)| json!({ "listen": listen, "script": { "type": "text/javascript", "exec": lines } }))
            .collect::<Vec<_>>(),
        "request": {
            "method": "POST",
            "url": { "raw": "{{baseUrl}}/graphql", "host": ["{{baseUrl}}"], "path": ["graphql"] },
            "auth": auth,
            "header": [],
            "body": { "mode": "graphql", "graphql": { "query": request.document, "variables": request.variables() } },
            "description": request.description(),
        },
    })
}
