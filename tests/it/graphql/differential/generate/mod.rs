//! Documents that are nearly right, with much in them that the specification decides: keys that meet, conditions, fragments on
//! all kinds of types, variables that are there, null, left out or defaulted.

mod values;

use serde_json::{Map, Value, json};

use crate::fuzz::choices::Choices;
use crate::fuzz::documents::Schema;

/// At each place where it can be done a wrong turn is taken once in so many times: in some documents seldom, in others often.
const WRONG: [usize; 4] = [90, 20, 400, 400];

struct Variable {
    name: String,
    kind: String,
    default: Option<String>,
    value: Option<Value>,
}

pub(super) struct Generator<'a, 'b> {
    schema: &'a Schema,
    texts: &'a [String],
    choices: &'a mut Choices<'b>,
    variables: Vec<Variable>,
    /// The type that each fragment is on, and its text; none while it is written.
    fragments: Vec<(String, Option<String>)>,
    aliases: usize,
    wrong: usize,
}

impl<'a, 'b> Generator<'a, 'b> {
    pub(super) fn new(schema: &'a Schema, texts: &'a [String], choices: &'a mut Choices<'b>) -> Self {
        let wrong = WRONG[choices.below(WRONG.len())];
        Self { wrong, schema, texts, choices, variables: Vec::new(), fragments: Vec::new(), aliases: 0 }
    }

    /// A request: the document, values for its variables, and which operation is meant.
    pub(super) fn request(&mut self) -> Value {
        let (word, root) = if self.choices.one_in(2) { ("mutation", "Mutation") } else { ("query", "Query") };
        let selections = self.selections(root, 4);
        let variables = self.definitions();
        let directive = if self.wrong() { self.directive() } else { String::new() };
        let mut text = match self.choices.below(8) {
            0 if word == "query" && variables.is_empty() => selections,
            0..3 => format!("{word}{variables}{directive} {selections}"),
            _ => format!("{word} Main{variables}{directive} {selections}"),
        };
        for (number, (on, fragment)) in std::mem::take(&mut self.fragments).into_iter().enumerate() {
            if !self.wrong() {
                text.push_str(&format!(
                    "\nfragment F{number} on {on} {}",
                    fragment.unwrap_or_else(|| "{ __typename }".into())
                ));
            }
        }
        if self.wrong() {
            text.push_str(self.choices.pick(&[
                " query Other { __typename }",
                " fragment Unused on User { id }",
                " {",
                "#",
                " query Main { me { id } }",
            ]));
        }
        if self.choices.one_in(12) {
            text = self.choices.mutated(&text);
        }
        let mut values = Map::new();
        for variable in &self.variables {
            if let Some(value) = &variable.value {
                values.insert(variable.name.clone(), value.clone());
            }
        }
        if self.wrong() {
            values.insert("unknown".to_owned(), json!(1));
        }
        let operation =
            if self.choices.one_in(12) { Some(self.choices.pick(&["Main", "Other", "", "Main"])) } else { None };
        json!({ "query": text, "variables": values, "operationName": operation })
    }

    fn wrong(&mut self) -> bool {
        self.choices.one_in(self.wrong)
    }

    fn definitions(&mut self) -> String {
        if self.variables.is_empty() {
            return String::new();
        }
        let mut text = "(".to_owned();
        let gap = if self.choices.one_in(6) { self.choices.pick(&[" ", ",", "\n", " # ]\n"]) } else { "" };
        for Variable { name, kind, default, .. } in &self.variables {
            let default = default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
            let kind = kind.replace('[', &format!("[{gap}")).replace(']', &format!("{gap}]"));
            let kind = kind.replace('!', &format!("{gap}!"));
            text.push_str(&format!("${name}: {kind}{default}, "));
        }
        text + ")"
    }

    fn selections(&mut self, on: &str, depth: usize) -> String {
        let mut text = "{".to_owned();
        for _ in 0..=self.choices.below(4) {
            text.push_str(self.choices.pick(&[" ", " ", " ", "\n", ", ", " # comment {\n"]));
            text.push_str(&self.selection(on, depth));
        }
        text + " }"
    }

    fn selection(&mut self, on: &str, depth: usize) -> String {
        let is_union = self.schema.members.contains_key(on);
        match self.choices.below(if is_union { 4 } else { 10 }) {
            0 => format!("{}__typename{}", self.alias(), self.directive()),
            1 if depth > 0 => {
                let (condition, inner) = self.condition(on);
                let directive = self.directive();
                format!("... {condition}{directive} {}", self.selections(&inner, depth - 1))
            }
            2 if depth > 0 => self.spread(on, depth - 1),
            _ if is_union => {
                let inner = self.member(on);
                let directive = self.directive();
                format!("... on {inner}{directive} {}", self.selections(&inner, depth.saturating_sub(1)))
            }
            _ => self.field(on, depth),
        }
    }

    fn field(&mut self, on: &str, depth: usize) -> String {
        let schema = self.schema;
        let Some(fields) = schema.fields.get(on).filter(|fields| !fields.is_empty()) else {
            return "__typename".to_owned();
        };
        if self.wrong() {
            return self
                .choices
                .pick(&[
                    "nothing",
                    "__schema { queryType { name } }",
                    "__type(name: \"User\") { name kind }",
                    "id { id }",
                    "__typename(a: 1)",
                    "__typename { id }",
                ])
                .to_owned();
        }
        let field = &fields[self.choices.below(fields.len())];
        let mut text = if on == "Mutation" { self.own_alias() } else { self.alias() };
        text.push_str(&field.name);
        let mut arguments = Vec::new();
        for (name, kind) in &field.arguments {
            if kind.ends_with('!') && !self.wrong() || self.choices.one_in(2) {
                arguments.push(format!("{name}: {}", self.argument(kind, false, 2)));
            }
        }
        if self.wrong() {
            arguments.push("first: 1".to_owned());
        }
        if self.choices.one_in(2) {
            arguments.reverse();
        }
        if !arguments.is_empty() {
            text.push_str(&format!("({})", arguments.join(self.choices.pick(&[", ", " ", "\n"]))));
        }
        text.push_str(&self.directive());
        let has_fields = schema.fields.contains_key(&field.returns) || schema.members.contains_key(&field.returns);
        if has_fields != self.wrong() {
            match depth {
                0 => text.push_str(" { __typename }"),
                _ => text.push_str(&format!(" {}", self.selections(&field.returns, depth - 1))),
            }
        }
        text
    }

    /// Few of them, so that keys meet.
    fn alias(&mut self) -> String {
        if self.choices.one_in(8) {
            format!("{}: ", self.choices.pick(&["x", "y", "id", "code"]))
        } else {
            String::new()
        }
    }

    fn own_alias(&mut self) -> String {
        self.aliases += 1;
        if self.choices.one_in(4) { String::new() } else { format!("m{}: ", self.aliases) }
    }

    fn member(&mut self, of: &str) -> String {
        let members = self.schema.members.get(of).filter(|members| !members.is_empty());
        members.map_or_else(|| of.to_owned(), |members| members[self.choices.below(members.len())].clone())
    }

    /// A type condition, and the type that holds within.
    fn condition(&mut self, on: &str) -> (String, String) {
        let inner = match self.choices.below(6) {
            0..2 => return (String::new(), on.to_owned()),
            2 => on.to_owned(),
            3 if self.wrong() => self.schema.names[self.choices.below(self.schema.names.len())].clone(),
            3 => "UserError".to_owned(),
            _ => self.member(on),
        };
        let fits = inner == on || self.schema.members.contains_key(on) || self.is_error(on) || self.wrong();
        let inner = if fits { inner } else { on.to_owned() };
        (format!("on {inner}"), inner)
    }

    fn is_error(&self, on: &str) -> bool {
        self.schema
            .fields
            .get(on)
            .is_some_and(|fields| fields.iter().any(|field| field.name == "code") && on != "FieldError")
    }

    fn spread(&mut self, on: &str, depth: usize) -> String {
        let known = self.fragments.iter().position(|(of, text)| of == on && text.is_some());
        let number = match known.filter(|_| self.choices.one_in(2)) {
            Some(known) => known,
            None => {
                let (_, inner) = self.condition(on);
                let number = self.fragments.len();
                self.fragments.push((inner.clone(), None));
                let text = self.selections(&inner, depth);
                self.fragments[number].1 = Some(text);
                number
            }
        };
        format!("...F{number}{}", self.directive())
    }

    fn directive(&mut self) -> String {
        if !self.choices.one_in(5) {
            return String::new();
        }
        let name = if self.wrong() {
            self.choices.pick(&["auth", "nothing", "specifiedBy"])
        } else {
            self.choices.pick(&["include", "skip"])
        };
        let text = format!(" @{name}(if: {})", self.argument("Boolean!", false, 2));
        match self.choices.below(90) {
            1 => format!("{text}{text}"),
            2 => format!(" @{name}"),
            3 => format!(" @{name}(if: true, if: true)"),
            4 => format!(" @{name}(of: true)"),
            5..20 => format!(
                "{text} @{}(if: {})",
                if name == "skip" { "include" } else { "skip" },
                self.argument("Boolean!", false, 2)
            ),
            _ => text,
        }
    }
}
