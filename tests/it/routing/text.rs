//! The text of a statement as words, with what stands in parentheses as groups.

/// A word, or what stands in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Word(String),
    Group(Vec<Node>),
}

impl Node {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Group(_) => None,
        }
    }

    pub(super) fn group(&self) -> Option<&[Self]> {
        match self {
            Self::Word(_) => None,
            Self::Group(nodes) => Some(nodes),
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.word() == Some(word)
    }
}

/// Reads a text. The types of parameters are left out. A column that is cast is no key any more.
pub(super) fn read(text: &str) -> Vec<Node> {
    let mut open = vec![Vec::new()];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ',' => 1,
            '\'' => 2 + rest[1..].find('\'').expect("the end of a string"),
            _ if is_name(first) => rest.find(|end| !is_name(end)).unwrap_or(rest.len()),
            _ => rest.find(|end: char| is_name(end) || "(),' ".contains(end)).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(length);
        rest = after.trim_start();
        match word {
            "(" => open.push(Vec::new()),
            ")" => {
                let group = open.pop().expect("a group");
                open.last_mut().expect("an open parenthesis").push(Node::Group(group));
            }
            "::" if is_parameter(open.last().and_then(|level| level.last())) => rest = without_type(rest),
            word => open.last_mut().expect("a level").push(Node::Word(word.to_owned())),
        }
    }
    let level = open.pop().expect("a level");
    assert!(open.is_empty(), "a parenthesis is not closed: {text}");
    level
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_.$".contains(letter)
}

fn is_parameter(node: Option<&Node>) -> bool {
    node.and_then(Node::word).is_some_and(|word| word.starts_with('$'))
}

fn without_type(text: &str) -> &str {
    let rest = text.trim_start_matches(is_name);
    rest.strip_prefix("[]").unwrap_or(rest).trim_start()
}

/// The parts between these words, on this level.
pub(super) fn split<'a>(nodes: &'a [Node], between: &str) -> Vec<&'a [Node]> {
    nodes.split(|node| node.is(between)).collect()
}
