//! GraphQL documents that are nearly right: a walk over the schema that takes a wrong turn now and then.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use super::choices::Choices;

/// Put into every password. No name, identifier or e-mail address can hold it.
pub(super) const MARKER: &str = "s3cr3t marker of the fuzz";

/// At each place where it can be done a wrong turn is taken once in so many times: often enough to be met in most documents, and
/// seldom enough to leave some that are executed.
const WRONG: usize = 60;

/// A name and its type, as the schema writes it.
pub(crate) type Typed = (String, String);

pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Typed>,
    pub(crate) returns: String,
    /// Whether only those may call it who are signed in.
    pub(crate) is_guarded: bool,
}

/// What there is to ask for.
#[derive(Default)]
pub(crate) struct Schema {
    pub(crate) fields: BTreeMap<String, Vec<Field>>,
    pub(crate) members: BTreeMap<String, Vec<String>>,
    pub(crate) inputs: BTreeMap<String, Vec<Typed>>,
    /// Those of which exactly one field is given.
    pub(crate) one_of: BTreeSet<String>,
    pub(crate) values: BTreeMap<String, Vec<String>>,
    pub(crate) names: Vec<String>,
}

impl Schema {
    pub(crate) fn read() -> Self {
        let mut schema = Self::default();
        let document = parse_schema(portcullis::graphql::sdl()).expect("a schema");
        for definition in document.definitions {
            let TypeSystemDefinition::Type(kind) = definition else { continue };
            let name = kind.node.name.node.to_string();
            schema.names.push(name.clone());
            let fields = match kind.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Union(union) => {
                    let members = union.members.into_iter().map(|member| member.node.to_string());
                    schema.members.insert(name, members.collect());
                    continue;
                }
                TypeKind::InputObject(input) => {
                    if kind.node.directives.iter().any(|directive| directive.node.name.node == "oneOf") {
                        schema.one_of.insert(name.clone());
                    }
                    let typed = input.fields.into_iter().map(|field| field.node);
                    let typed = typed.map(|field| (field.name.node.to_string(), field.ty.node.to_string()));
                    schema.inputs.insert(name, typed.collect());
                    continue;
                }
                TypeKind::Enum(list) => {
                    let values = list.values.into_iter().map(|value| value.node.value.to_string());
                    schema.values.insert(name, values.collect());
                    continue;
                }
                TypeKind::Scalar => continue,
            };
            let field = |field: async_graphql::parser::types::FieldDefinition| Field {
                name: field.name.node.to_string(),
                arguments: field
                    .arguments
                    .into_iter()
                    .map(|argument| (argument.node.name.node.to_string(), argument.node.ty.node.to_string()))
                    .collect(),
                returns: base(&field.ty.node.to_string()).to_owned(),
                is_guarded: field.directives.iter().any(|directive| directive.node.name.node == "auth"),
            };
            schema.fields.insert(name, fields.into_iter().map(|found| field(found.node)).collect());
        }
        for fields in schema.fields.values() {
            schema.names.extend(fields.iter().map(|field| field.name.clone()));
        }
        schema
    }

    fn any_name(&self, choices: &mut Choices<'_>) -> String {
        match choices.below(4) {
            0 => choices.pick(&["__typename", "__schema", "__type", "nothing", "_", "on", "true", "null"]).to_owned(),
            _ => self.names[choices.below(self.names.len())].clone(),
        }
    }
}

pub(crate) fn base(written: &str) -> &str {
    written.trim_matches(['[', ']', '!'])
}

/// A document under construction, with the variables that it uses.
pub(super) struct Writer<'a, 'b> {
    pub(super) schema: &'a Schema,
    pub(super) choices: &'a mut Choices<'b>,
    variables: Vec<Typed>,
    fragments: Vec<String>,
    aliases: usize,
}

impl<'a, 'b> Writer<'a, 'b> {
    pub(super) fn new(schema: &'a Schema, choices: &'a mut Choices<'b>) -> Self {
        Self { schema, choices, variables: Vec::new(), fragments: Vec::new(), aliases: 0 }
    }

    /// A document, and values for its variables.
    pub(super) fn document(&mut self) -> (String, Value) {
        let (word, root) = match self.choices.below(24) {
            0..12 => ("query", "Query"),
            12..23 => ("mutation", "Mutation"),
            _ => ("subscription", "Query"),
        };
        let selections = self.selections(root, 4);
        let mut text = format!("{word} Fuzz");
        if !self.variables.is_empty() {
            let variables = self.variables.clone();
            text.push('(');
            for (name, kind) in &variables {
                let kind = if self.choices.one_in(WRONG) { format!("[{kind}]") } else { kind.clone() };
                let default =
                    if self.choices.one_in(6) { format!(" = {}", self.literal(&kind, 2)) } else { String::new() };
                text.push_str(&format!("${name}: {kind}{default} "));
            }
            text.push(')');
        }
        text.push_str(&format!("{}{selections}", self.directive()));
        for fragment in std::mem::take(&mut self.fragments) {
            text.push_str(&fragment);
        }
        if self.choices.one_in(10) {
            text.push_str(" query Other { __typename }");
        }
        let mut values = serde_json::Map::new();
        for (name, kind) in self.variables.clone() {
            if !self.choices.one_in(WRONG) {
                values.insert(name, self.json(&kind, 2));
            }
        }
        (text, Value::Object(values))
    }

    fn selections(&mut self, of: &str, depth: usize) -> String {
        let mut text = "{ __typename".to_owned();
        for _ in 0..=self.choices.below(4) {
            text.push(' ');
            text.push_str(&self.selection(of, depth));
        }
        text + " }"
    }

    fn selection(&mut self, of: &str, depth: usize) -> String {
        if let Some(members) = self.schema.members.get(of) {
            let member = members[self.choices.below(members.len())].clone();
            return format!("... on {member}{} {}", self.directive(), self.selections(&member, depth));
        }
        if self.choices.one_in(WRONG) {
            let name = self.schema.any_name(self.choices);
            return format!("... on {name} {}", self.selections(&name, depth.saturating_sub(1)));
        }
        if self.choices.one_in(12) && depth > 0 {
            let name = format!("f{}", self.fragments.len());
            self.fragments.push(String::new());
            if !self.choices.one_in(WRONG) {
                let (place, selections) = (self.fragments.len() - 1, self.selections(of, depth - 1));
                self.fragments[place] = format!(" fragment {name} on {of} {selections}");
            }
            return format!("...{name}{}", self.directive());
        }
        let alias = match self.choices.below(12) {
            0..8 => {
                self.aliases += 1;
                format!("a{}: ", self.aliases)
            }
            8..11 => String::new(),
            _ => "again: ".to_owned(),
        };
        let schema = self.schema;
        let fields = schema.fields.get(of).filter(|fields| !fields.is_empty());
        let Some(fields) = fields.filter(|_| !self.choices.one_in(WRONG)) else {
            let name = schema.any_name(self.choices);
            return format!("{alias}{name}{}", self.directive());
        };
        let field = &fields[self.choices.below(fields.len())];
        let mut text = format!("{alias}{}", field.name);
        let mut arguments = String::new();
        for (name, kind) in &field.arguments {
            if kind.ends_with('!') || self.choices.one_in(2) {
                arguments.push_str(&format!("{name}: {} ", self.argument(kind)));
            }
        }
        if self.choices.one_in(WRONG) {
            arguments.push_str(&format!("{}: {}", schema.any_name(self.choices), self.literal("", 2)));
        }
        if !arguments.is_empty() {
            text.push_str(&format!("({arguments})"));
        }
        text.push_str(&self.directive());
        let has_fields = schema.fields.contains_key(&field.returns) || schema.members.contains_key(&field.returns);
        if has_fields != self.choices.one_in(WRONG) {
            match depth {
                0 => text.push_str(" { __typename }"),
                _ => text.push_str(&format!(" {}", self.selections(&field.returns, depth - 1))),
            }
        }
        text
    }

    fn directive(&mut self) -> String {
        if !self.choices.one_in(WRONG) {
            return String::new();
        }
        let name = self.choices.pick(&["include", "skip", "include", "skip", "auth", "nothing"]);
        match self.choices.below(3) {
            0 => format!(" @{name}(if: {})", self.argument("Boolean!")),
            1 => format!(" @{name}"),
            _ => format!(" @{name} @{name}(if: true, url: \"x\")"),
        }
    }

    fn argument(&mut self, kind: &str) -> String {
        if self.choices.one_in(2) {
            let name = format!("v{}", self.variables.len());
            let kind = if self.choices.one_in(WRONG) { self.schema.any_name(self.choices) } else { kind.to_owned() };
            self.variables.push((name.clone(), kind));
            return format!("${name}");
        }
        self.literal(kind, 2)
    }

    /// A value of that type, or of another.
    fn json(&mut self, kind: &str, depth: usize) -> Value {
        if self.choices.one_in(WRONG) {
            return self.odd_json(depth);
        }
        let schema = self.schema;
        if let Some(fields) = schema.inputs.get(base(kind)) {
            let mut object = serde_json::Map::new();
            if schema.one_of.contains(base(kind)) && !self.choices.one_in(WRONG) {
                let (name, kind) = &fields[self.choices.below(fields.len())];
                return json!({ name: self.json(kind, depth.saturating_sub(1)) });
            }
            for (name, kind) in fields {
                if name.contains("assword") {
                    let value = if self.choices.one_in(WRONG) { json!([MARKER]) } else { json!(MARKER) };
                    object.insert(name.clone(), value);
                } else if kind.ends_with('!') || self.choices.one_in(2) {
                    object.insert(name.clone(), self.json(kind, depth.saturating_sub(1)));
                }
            }
            if self.choices.one_in(WRONG) {
                object.insert(schema.any_name(self.choices), self.odd_json(depth));
            }
            return Value::Object(object);
        }
        if let Some(values) = schema.values.get(base(kind)) {
            return json!(values[self.choices.below(values.len())]);
        }
        match base(kind) {
            "Int" => json!(self.choices.below(200)),
            "Boolean" => json!(self.choices.one_in(2)),
            _ => match self.choices.below(4) {
                0 => json!("ada@example.com"),
                1 => json!(format!("a{}@example.com", self.choices.below(2000))),
                2 => json!("01a205b5-3e9f-7102-a065-bf7c97c487b3"),
                _ => json!(self.choices.text(40)),
            },
        }
    }

    fn odd_json(&mut self, depth: usize) -> Value {
        match self.choices.below(if depth == 0 { 8 } else { 10 }) {
            0 => Value::Null,
            1 => json!(i64::MIN),
            2 => json!(u64::MAX),
            3 => json!(1e308),
            4 => json!(-0.5),
            5 => json!(true),
            6 => json!(self.choices.text(300)),
            7 => json!("x".repeat(self.choices.below(5000))),
            8 => json!([self.odd_json(depth - 1), self.odd_json(depth - 1)]),
            _ => json!({ self.choices.text(5): self.odd_json(depth - 1), "input": self.odd_json(depth - 1) }),
        }
    }

    /// The same as text of GraphQL.
    fn literal(&mut self, kind: &str, depth: usize) -> String {
        if self.choices.one_in(WRONG) {
            let odd = [
                "1e999",
                "-0",
                "123456789012345678901234567890",
                "\"\\ud800\"",
                "\"\\u{1f600}\"",
                "\"\\u0000\"",
                "\"\"\"\n  block \\\"\"\" \u{0} \n\"\"\"",
                "\"\"\"\"\"\"",
                "null",
                "[]",
                "{}",
                "[[[[]]]]",
                "$nothing",
                "UNKNOWN",
                "-1",
                "0.1",
                "{ input: { input: 1 }, input: 2 }",
                "\"\\x\"",
                "\"unended",
            ];
            return odd[self.choices.below(odd.len())].to_owned();
        }
        let value = self.json(kind, depth);
        let mut text = String::new();
        write(&value, self.schema.values.contains_key(base(kind)), &mut text);
        text
    }
}

/// Object keys are names, and values of enums have no quotes.
fn write(value: &Value, is_enum: bool, text: &mut String) {
    match value {
        Value::Array(list) => {
            text.push('[');
            list.iter().for_each(|value| {
                write(value, is_enum, text);
                text.push(' ');
            });
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (name, value) in fields {
                text.push_str(&format!("{name}: "));
                write(value, name == "transport", text);
                text.push(' ');
            }
            text.push('}');
        }
        Value::String(name) if is_enum => text.push_str(name),
        other => text.push_str(&other.to_string()),
    }
}
