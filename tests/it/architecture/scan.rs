//! What the text of a source file says of its modules: which it declares, what it brings in, and which paths it names.
//!
//! It reads tokens, so comments and texts say nothing. What is compiled for tests alone is passed over.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The names of a path, such as `crate`, `sessions`, `Feed`.
pub(super) type Names = Vec<String>;

/// What stands directly in one module.
#[derive(Default)]
pub(super) struct Module {
    /// Modules whose text is in another file, with the file that `#[path]` names.
    pub(super) files: Vec<(String, Option<String>)>,
    /// Modules whose text stands here.
    pub(super) inline: BTreeMap<String, Module>,
    /// What `use` brings in, by the name that it has here.
    pub(super) aliases: BTreeMap<String, Names>,
    /// Modules all of whose names are brought in.
    pub(super) globs: Vec<Names>,
    /// What a `use` that is not `pub` brings in.
    pub(super) taken: BTreeSet<Names>,
    /// Every other path of the code, also those of one name.
    pub(super) paths: BTreeSet<Names>,
}

impl Module {
    pub(super) fn read(text: &str) -> Self {
        let mut module = Self::default();
        module.scan(text.parse().expect("Rust"));
        module
    }

    fn scan(&mut self, stream: TokenStream) {
        let tokens: Vec<_> = stream.into_iter().collect();
        let mut at = 0;
        let mut file = None;
        let mut public = false;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' && only_for_tests(tokens.get(at + 1)) => {
                    at = end_of_item(&tokens, at);
                }
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    file = path_attribute(tokens.get(at + 1)).or(file);
                }
                TokenTree::Punct(punct) if matches!(punct.as_char(), '.' | '\'') => {
                    let range = punct.as_char() == '.' && is_punct(tokens.get(at + 1), '.');
                    at += usize::from(!range && matches!(tokens.get(at + 1), Some(TokenTree::Ident(_))));
                }
                TokenTree::Group(group) => self.scan(group.stream()),
                TokenTree::Ident(ident) if ident == "pub" => public = true,
                TokenTree::Ident(ident) if ident == "use" && !is_punct(tokens.get(at + 1), '<') => {
                    let end = at + tokens[at..].iter().position(|token| is_punct(Some(token), ';')).expect("an end");
                    self.bring_in(&tokens[at + 1..end], &[], public);
                    at = end;
                    public = false;
                }
                TokenTree::Ident(ident) if ident == "mod" => {
                    let name = tokens[at + 1].to_string();
                    if let Some(TokenTree::Group(group)) = tokens.get(at + 2) {
                        self.inline.entry(name).or_default().scan(group.stream());
                    } else {
                        self.files.push((name, file.take()));
                    }
                    at += 2;
                    public = false;
                }
                TokenTree::Ident(_) => {
                    let (names, next) = path(&tokens, at);
                    if names != ["crate"] && names != ["super"] {
                        public = false;
                    }
                    self.paths.insert(names);
                    at = next - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// One tree of a `use` whose beginning is `before`.
    fn bring_in(&mut self, tokens: &[TokenTree], before: &[String], public: bool) {
        let mut names = before.to_vec();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    let alias = tokens[at + 1].to_string();
                    return self.bring_in_as(names, alias, public);
                }
                TokenTree::Ident(ident) => names.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    if !public {
                        self.taken.insert(names.clone());
                    }
                    return self.globs.push(names);
                }
                TokenTree::Group(group) => {
                    let tokens: Vec<_> = group.stream().into_iter().collect();
                    for tree in tokens.split(|token| is_punct(Some(token), ',')).filter(|tree| !tree.is_empty()) {
                        self.bring_in(tree, &names, public);
                    }
                    return;
                }
                _ => {}
            }
            at += 1;
        }
        let alias = names.iter().rfind(|name| *name != "self").cloned().unwrap_or_default();
        self.bring_in_as(names, alias, public);
    }

    fn bring_in_as(&mut self, mut names: Names, alias: String, public: bool) {
        if names.len() > 1 && names.last().is_some_and(|name| name == "self") {
            names.pop();
        }
        if !public {
            self.taken.insert(names.clone());
        }
        self.aliases.insert(alias, names);
    }
}

/// The path that begins at a name, and the place behind it.
fn path(tokens: &[TokenTree], start: usize) -> (Names, usize) {
    let mut names = vec![tokens[start].to_string()];
    let mut at = start + 1;
    while is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':') {
        let Some(TokenTree::Ident(ident)) = tokens.get(at + 2) else { break };
        names.push(ident.to_string());
        at += 3;
    }
    (names, at)
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn attribute(token: Option<&TokenTree>) -> Option<Vec<TokenTree>> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some(group.stream().into_iter().collect())
        }
        _ => None,
    }
}

fn only_for_tests(token: Option<&TokenTree>) -> bool {
    attribute(token).is_some_and(|tokens| match tokens.as_slice() {
        [TokenTree::Ident(cfg), TokenTree::Group(group)] => cfg == "cfg" && group.stream().to_string() == "test",
        _ => false,
    })
}

/// The file that `#[path = "..."]` names.
fn path_attribute(token: Option<&TokenTree>) -> Option<String> {
    match attribute(token)?.as_slice() {
        [TokenTree::Ident(name), _, TokenTree::Literal(file)] if name == "path" => {
            Some(file.to_string().trim_matches('"').to_owned())
        }
        _ => None,
    }
}

/// The last token of the item whose first attribute stands here.
fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punct(Some(other), ';'),
    };
    tokens[start..].iter().position(ends).map_or(tokens.len(), |place| start + place)
}
