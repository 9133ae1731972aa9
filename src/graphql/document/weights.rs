//! The weights of fields. This is the only place that defines them.

use crate::graphql::pages::{MOST, USUAL};

/// What a field adds to the weight of an operation. Fields that are not in the table weigh 1, mutations 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// This number, in addition to the weight of what is selected in it.
    Flat(u64),
    /// The weight of what is selected in it, multiplied by the argument.
    Connection {
        argument: &'static str,
        /// The factor if the argument is not given.
        usual: u64,
        /// The largest value that the field accepts.
        most: u64,
    },
    /// The weight of what is selected in it, multiplied by this: a list without pages.
    List(u64),
}

/// A password to hash.
const HASHING: Weight = Weight::Flat(50);

/// Ten recovery codes to hash.
const HASHING_CODES: Weight = Weight::Flat(500);

/// A statement that changes sessions.
const CHANGE: Weight = Weight::Flat(10);

/// Rows that are counted.
const COUNT: Weight = Weight::Flat(10);

/// As many passkeys as an account may have.
const MOST_PASSKEYS: u64 = crate::passkeys::MOST as u64;

/// As many items as are asked for.
const CONNECTION: Weight = Weight::Connection { argument: "first", usual: USUAL as u64, most: MOST as u64 };

const WEIGHTS: [(&str, &str, Weight); 57] = [
    ("Mutation", "register", HASHING),
    ("Mutation", "login", HASHING),
    ("Mutation", "completeSignIn", HASHING),
    ("Mutation", "changePassword", HASHING),
    ("Mutation", "deleteAccount", HASHING),
    ("Mutation", "reauthenticate", HASHING),
    ("Mutation", "confirmRegistration", CHANGE),
    ("Mutation", "startEmailChange", CHANGE),
    ("Mutation", "completeEmailChange", CHANGE),
    ("Mutation", "revertEmailChange", CHANGE),
    ("Mutation", "startPasswordReset", CHANGE),
    ("Mutation", "completePasswordReset", HASHING),
    ("Mutation", "startEmailSignIn", CHANGE),
    ("Mutation", "signInWithEmail", CHANGE),
    ("Mutation", "startPasskeySignIn", Weight::Flat(1)),
    ("Mutation", "signInWithPasskey", CHANGE),
    ("Mutation", "startEmailVerification", CHANGE),
    ("Mutation", "confirmEmail", CHANGE),
    ("Mutation", "startTotp", CHANGE),
    ("Mutation", "confirmTotp", HASHING_CODES),
    ("Mutation", "removeTotp", CHANGE),
    ("Mutation", "replaceRecoveryCodes", HASHING_CODES),
    ("Mutation", "startPasskey", CHANGE),
    ("Mutation", "addPasskey", HASHING_CODES),
    ("Mutation", "forgetTrustedDevices", CHANGE),
    ("Mutation", "startSecondFactorEnrolment", CHANGE),
    ("Mutation", "completeSecondFactorEnrolment", HASHING_CODES),
    ("Mutation", "renamePasskey", CHANGE),
    ("Mutation", "removePasskey", CHANGE),
    ("Mutation", "refreshToken", CHANGE),
    ("Mutation", "logout", CHANGE),
    ("Mutation", "revokeSession", CHANGE),
    ("Mutation", "revokeOtherSessions", CHANGE),
    ("RevokeOtherSessionsSuccess", "endedCount", COUNT),
    ("RevokeOtherSessionsSuccess", "endedSessions", CONNECTION),
    ("ChangePasswordSuccess", "endedCount", COUNT),
    ("ChangePasswordSuccess", "endedSessions", CONNECTION),
    ("RevertEmailChangeSuccess", "endedCount", COUNT),
    ("RevertEmailChangeSuccess", "endedSessions", CONNECTION),
    ("CompletePasswordResetSuccess", "endedCount", COUNT),
    ("CompletePasswordResetSuccess", "endedSessions", CONNECTION),
    ("User", "totpEnabledAt", COUNT),
    ("User", "recoveryCodesLeft", COUNT),
    ("User", "passkeys", Weight::List(MOST_PASSKEYS)),
    ("User", "trustedDevices", Weight::List(20)),
    ("User", "sessions", CONNECTION),
    ("User", "securityEvents", CONNECTION),
    ("__Schema", "types", Weight::List(3)),
    ("__Schema", "directives", Weight::List(2)),
    ("__Type", "fields", Weight::List(3)),
    ("__Type", "inputFields", Weight::List(3)),
    ("__Type", "interfaces", Weight::List(2)),
    ("__Type", "possibleTypes", Weight::List(2)),
    ("__Type", "enumValues", Weight::List(2)),
    ("__Field", "args", Weight::List(2)),
    ("__Directive", "args", Weight::List(2)),
    ("__Directive", "locations", Weight::List(2)),
];

/// The weight of `field` of the type `parent`.
pub(super) fn weight(parent: &str, field: &str) -> Weight {
    // An application's own mutation, if it is in no table.
    let otherwise = if parent == "Mutation" { CHANGE } else { Weight::Flat(1) };
    listed(parent, field).unwrap_or(otherwise)
}

fn listed(parent: &str, field: &str) -> Option<Weight> {
    WEIGHTS.iter().find(|(of, name, _)| *name == field && *of == parent).map(|(_, _, weight)| *weight)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "a test fails by panicking")]

    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{FieldDefinition, TypeKind, TypeSystemDefinition};

    use super::*;

    /// Fields of object and interface types, with the names of their types.
    fn fields() -> Vec<(String, FieldDefinition)> {
        let mut fields = Vec::new();
        for definition in parse_schema(crate::graphql::sdl()).expect("a schema").definitions {
            let TypeSystemDefinition::Type(kind) = definition else { continue };
            let of_kind = match kind.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let parent = kind.node.name.node.to_string();
            fields.extend(of_kind.into_iter().map(|field| (parent.clone(), field.node)));
        }
        fields
    }

    #[test]
    fn every_field_that_has_a_weight_exists() {
        let fields = fields();
        for (parent, name, weight) in WEIGHTS.iter().filter(|(parent, _, _)| !parent.starts_with("__")) {
            let field = fields.iter().find(|(of, field)| of == parent && field.name.node == *name);
            let (_, field) = field.unwrap_or_else(|| panic!("{parent}.{name} does not exist"));
            if let Weight::Connection { argument, .. } = weight {
                let known = field.arguments.iter().any(|known| known.node.name.node == *argument);
                assert!(known, "{parent}.{name} has no argument {argument}");
            }
        }
    }

    #[test]
    fn every_mutation_and_every_connection_has_a_weight() {
        for (parent, field) in fields() {
            let weight = weight(&parent, &field.name.node);
            let kind = field.ty.node.to_string();
            if kind.trim_end_matches('!').ends_with("Connection") {
                assert!(matches!(weight, Weight::Connection { .. }), "{parent}.{}", field.name.node);
            }
            assert!(parent != "Mutation" || listed(&parent, &field.name.node).is_some(), "{}", field.name.node);
        }
    }
}
