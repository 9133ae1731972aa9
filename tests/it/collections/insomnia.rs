//! Insomnia's export format 4: the newest that its parser on npm reads, and the applications read it as well.

use serde_json::{Value, json};

use super::requests::{ABOUT, Request, VARIABLES};
use super::scripts::Names;

const NAMES: Names = Names {
    test: "insomnia.test",
    expect: "insomnia.expect",
    status: "insomnia.response.code",
    body: "insomnia.response.json()",
    set: "insomnia.collectionVariables.set",
    set_for_run: Some("insomnia.variables.set"),
};

/// The workspace that holds everything else.
const WORKSPACE: &str = "wrk_portcullis";

pub(super) fn export(requests: &[Request]) -> Value {
    let variables: Value = VARIABLES.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    let mut resources = vec![
        json!({
            "_id": WORKSPACE,
            "_type": "workspace",
            "parentId": null,
            "name": "Portcullis",
            "description": ABOUT,
            "scope": "collection",
        }),
        json!({
            "_id": "env_portcullis",
            "_type": "environment",
            "parentId": WORKSPACE,
            "name": "Base Environment",
            "data": variables,
        }),
    ];
    resources.extend((1..).zip(requests).map(|(place, request)| resource(place, request)));
    json!({ "_type": "export", "__export_format": 4, "__export_source": "portcullis", "resources": resources })
}

fn resource(place: usize, request: &Request) -> Value {
    let mut body = json!({ "query": request.document });
    if let Some(variables) = &request.variables {
        body["variables"] = with_templates(variables);
    }
    let authentication = if request.signed_in {
        json!({ "type": "bearer", "token": template("{{accessToken}}") })
    } else {
        json!({ "type": "none" })
    };
    json!({
        "_id": format!("req_portcullis_{place:02}"),
        "_type": "request",
        "parentId": WORKSPACE,
        "metaSortKey": place,
        "name": request.name,
        "description": request.description(),
        "method": "POST",
        "url": template("{{baseUrl}}/graphql"),
        "headers": [{ "name": "Content-Type", "value": "application/json" }],
        "body": { "mimeType": "application/graphql", "text": format!("{body:#}") },
        "authentication": authentication,
        "preRequestScript": NAMES.before(request).join("\n"),
        "afterResponseScript": NAMES.after(request).join("\n"),
    })
}

/// As Insomnia writes names of variables.
fn template(text: &str) -> String {
    text.replace("{{", "{{ _.").replace("}}", " }}")
}

fn with_templates(value: &Value) -> Value {
    match value {
        Value::String(text) => template(text).into(),
        Value::Array(values) => values.iter().map(with_templates).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), with_templates(value))).collect(),
        other => other.clone(),
    }
}
