//! Generated files that are committed are up to date.

mod settings;

use std::fmt::Write;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::Value;

use crate::support::TestApp;

pub(crate) fn committed(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect(path)
}

/// The files below a folder, sorted, each by its path from the root of the project.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).expect(folder);
    let entries = entries.map(|entry| entry.expect(folder));
    let paths = entries.map(|entry| {
        let path = format!("{folder}/{}", entry.file_name().to_str().expect(folder));
        if entry.file_type().expect(folder).is_dir() { files(&path) } else { vec![path] }
    });
    let mut paths: Vec<_> = paths.flatten().collect();
    paths.sort_unstable();
    paths
}

/// Compares, or writes when asked to.
pub(crate) fn compare(path: &str, generated: &str) {
    if std::env::var_os("PORTCULLIS_TEST_UPDATE").is_some() {
        let file = std::path::PathBuf::from(format!("{}/{path}", env!("CARGO_MANIFEST_DIR")));
        std::fs::create_dir_all(file.parent().expect(path)).expect(path);
        std::fs::write(file, generated).expect(path);
    }
    let committed = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap_or_default();
    assert!(committed == generated, "{path} is stale: PORTCULLIS_TEST_UPDATE=1 cargo test generated:: writes it");
}

#[test]
fn schema_graphql_is_what_the_server_serves() {
    compare("schema.graphql", &portcullis::graphql::sdl());
}

/// The tables as `diesel print-schema` prints them.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_module_is_what_the_migrations_make() {
    let app = TestApp::start().await;
    let columns = "SELECT c.table_name::text, c.column_name::text, c.udt_name::text, c.is_nullable = 'YES' \
         FROM information_schema.columns c \
         WHERE c.table_schema = current_schema AND c.table_name NOT LIKE '\\_\\_%' \
         ORDER BY c.table_name, c.ordinal_position";
    let primary_key = "SELECT string_agg(a.attname::text, ', ' ORDER BY a.attnum) FROM pg_index i \
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
         WHERE i.indisprimary AND i.indrelid = ($1::text)::regclass";
    let mut out = String::from("// @generated automatically by Diesel CLI.\n");
    let mut tables: Vec<String> = Vec::new();
    for row in app.database.operator.query(columns, &[]).await.expect("columns") {
        let (table, column, kind, nullable): (String, String, String, bool) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        if tables.last() != Some(&table) {
            if !tables.is_empty() {
                out.push_str("    }\n}\n");
            }
            let key = app.database.operator.query_one(primary_key, &[&table]).await.expect("a primary key");
            write!(out, "\ndiesel::table! {{\n    {table} ({}) {{\n", key.get::<_, String>(0)).expect("text");
            tables.push(table);
        }
        let kind = match kind.as_str() {
            "uuid" => "Uuid",
            "text" => "Text",
            "_text" => "Array<Nullable<Text>>",
            "timestamptz" => "Timestamptz",
            "int8" => "Int8",
            "int4" => "Int4",
            "int2" => "Int2",
            "bool" => "Bool",
            "bytea" => "Bytea",
            "inet" => "Inet",
            other => panic!("a type that this test does not know: {other}"),
        };
        let kind = if nullable { format!("Nullable<{kind}>") } else { kind.to_owned() };
        writeln!(out, "        {column} -> {kind},").expect("text");
    }
    out.push_str("    }\n}\n\n");
    let joins = "SELECT conrelid::regclass::text, confrelid::regclass::text, a.attname::text \
         FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
         WHERE c.contype = 'f' AND c.connamespace = current_schema::regnamespace ORDER BY 1, 2";
    for row in app.database.operator.query(joins, &[]).await.expect("foreign keys") {
        let (child, parent, column): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        writeln!(out, "diesel::joinable!({child} -> {parent} ({column}));").expect("text");
    }
    // As rustfmt lays it out.
    let line = format!("diesel::allow_tables_to_appear_in_same_query!({},);", tables.join(", "));
    if line.len() <= 120 {
        writeln!(out, "\n{line}").expect("text");
    } else {
        let tables: String = tables.iter().map(|table| format!("    {table},\n")).collect();
        writeln!(out, "\ndiesel::allow_tables_to_appear_in_same_query!(\n{tables});").expect("text");
    }
    compare("src/db/schema.rs", &out);
}

/// The committed schema.
pub(crate) fn definitions() -> Vec<TypeSystemDefinition> {
    parse_schema(committed("schema.graphql")).expect("a schema").definitions
}

#[test]
fn everything_in_the_schema_is_described() {
    let (mut bare, mut described) = (Vec::new(), 0);
    let mut look = |place: String, description: &Option<Positioned<String>>| match description {
        Some(text) if !text.node.trim().is_empty() => described += 1,
        _ => bare.push(place),
    };
    for definition in definitions() {
        let kind = match definition {
            TypeSystemDefinition::Type(kind) => kind.node,
            TypeSystemDefinition::Directive(directive) => {
                look(format!("@{}", directive.node.name.node), &directive.node.description);
                continue;
            }
            TypeSystemDefinition::Schema(_) => continue,
        };
        let name = &kind.name.node;
        look(name.to_string(), &kind.description);
        let fields = match kind.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::Enum(values) => {
                values
                    .values
                    .iter()
                    .for_each(|value| look(format!("{name}.{}", value.node.value), &value.node.description));
                continue;
            }
            TypeKind::InputObject(input) => {
                input
                    .fields
                    .iter()
                    .for_each(|field| look(format!("{name}.{}", field.node.name), &field.node.description));
                continue;
            }
            TypeKind::Scalar | TypeKind::Union(_) => continue,
        };
        for field in fields {
            let place = format!("{name}.{}", field.node.name);
            look(place.clone(), &field.node.description);
            field
                .node
                .arguments
                .iter()
                .for_each(|argument| look(format!("{place}({})", argument.node.name), &argument.node.description));
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:?}");
    assert!(described > 80, "{described}");
}

/// Fields of the root types with the names of their directives.
pub(crate) fn root_fields() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for definition in definitions() {
        let TypeSystemDefinition::Type(kind) = definition else { continue };
        let TypeKind::Object(object) = kind.node.kind else { continue };
        if ["Query", "Mutation"].contains(&kind.node.name.node.as_str()) {
            found.extend(object.fields.into_iter().map(|field| {
                let directives = field.node.directives.iter().map(|directive| directive.node.name.node.to_string());
                (field.node.name.node.to_string(), directives.collect())
            }));
        }
    }
    found
}

#[test]
fn every_root_field_says_who_may_call_it() {
    for (name, directives) in root_fields() {
        let access = directives.iter().filter(|name| ["public", "auth"].contains(&name.as_str())).count();
        assert_eq!(access, 1, "{name}: {directives:?}");
    }
}

/// The directive is not only printed: each field behaves as it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_is_guarded_as_it_says() {
    let app = TestApp::start().await;
    let documents = [
        ("me", "{ me { id } }"),
        ("emailLink", "{ emailLink(link: \"\") { email } }"),
        ("register", "mutation { register(input: { email: \"\", password: \"\" }) { __typename } }"),
        ("confirmRegistration", "mutation { confirmRegistration(input: { proof: { link: \"\" } }) { __typename } }"),
        ("startPasswordReset", "mutation { startPasswordReset(input: { email: \"\" }) { __typename } }"),
        (
            "completePasswordReset",
            "mutation { completePasswordReset(input: { proof: { link: \"\" }, newPassword: \"\" }) { __typename } }",
        ),
        ("startEmailSignIn", "mutation { startEmailSignIn(input: { email: \"\" }) { __typename } }"),
        ("signInWithEmail", "mutation { signInWithEmail(input: { proof: { link: \"\" } }) { __typename } }"),
        ("startEmailVerification", "mutation { startEmailVerification { __typename } }"),
        ("confirmEmail", "mutation { confirmEmail(input: { proof: { link: \"\" } }) { __typename } }"),
        ("login", "mutation { login(input: { identifier: \"\", password: \"\" }) { __typename } }"),
        ("startPasskeySignIn", "mutation { startPasskeySignIn { expiresAt } }"),
        ("signInWithPasskey", "mutation { signInWithPasskey(input: { credential: {} }) { __typename } }"),
        ("completeSignIn", "mutation { completeSignIn(input: { flow: \"\", factor: { totp: \"\" } }) { __typename } }"),
        ("startSecondFactorEnrolment", "mutation { startSecondFactorEnrolment(input: { flow: \"\" }) { __typename } }"),
        (
            "completeSecondFactorEnrolment",
            "mutation { completeSecondFactorEnrolment(input: { flow: \"\", factor: { totp: \"\" } }) { __typename } }",
        ),
        ("logout", "mutation { logout { ended } }"),
        ("refreshToken", "mutation { refreshToken(input: { refreshToken: \"\" }) { __typename } }"),
        ("revokeSession", "mutation { revokeSession(input: { id: \"\" }) { __typename } }"),
        (
            "revokeOtherSessions",
            "mutation { revokeOtherSessions { ... on RevokeOtherSessionsSuccess { endedCount } } }",
        ),
        (
            "changePassword",
            "mutation { changePassword(input: { currentPassword: \"\", newPassword: \"\" }) { __typename } }",
        ),
        ("deleteAccount", "mutation { deleteAccount(input: { password: \"\" }) { __typename } }"),
        ("startEmailChange", "mutation { startEmailChange(input: { newEmail: \"\" }) { __typename } }"),
        ("completeEmailChange", "mutation { completeEmailChange(input: { proof: { link: \"\" } }) { __typename } }"),
        ("revertEmailChange", "mutation { revertEmailChange(input: { flow: \"\" }) { __typename } }"),
        ("startTotp", "mutation { startTotp { __typename } }"),
        ("confirmTotp", "mutation { confirmTotp(input: { flow: \"\", code: \"\" }) { __typename } }"),
        ("removeTotp", "mutation { removeTotp { __typename } }"),
        ("replaceRecoveryCodes", "mutation { replaceRecoveryCodes { __typename } }"),
        ("startPasskey", "mutation { startPasskey { __typename } }"),
        ("renamePasskey", "mutation { renamePasskey(input: { id: \"\", name: \"\" }) { __typename } }"),
        ("removePasskey", "mutation { removePasskey(input: { id: \"\" }) { __typename } }"),
        ("addPasskey", "mutation { addPasskey(input: { credential: {} }) { __typename } }"),
        (
            "forgetTrustedDevices",
            "mutation { forgetTrustedDevices(input: {}) { ... on ForgetTrustedDevicesSuccess { forgottenIds } } }",
        ),
        ("reauthenticate", "mutation { reauthenticate(input: { factor: { password: \"\" } }) { __typename } }"),
    ];
    for (name, directives) in root_fields() {
        let guarded = directives.iter().any(|name| name == "auth");
        let document =
            documents.iter().find(|(field, _)| *field == name).unwrap_or_else(|| panic!("no document: {name}")).1;
        let answer = app.anonymous().send(document, Value::Null).await;
        let refused = answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED";
        assert_eq!(refused, guarded, "{name}: {answer}");
        // There is no such link.
        let is_null = refused || name == "emailLink";
        assert_eq!(answer["data"][&name].is_null(), is_null, "{name}: {answer}");
    }
}
