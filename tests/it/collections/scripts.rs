//! The JavaScript of the collections. It is the same for all but the names of what each application offers it.

use super::requests::Request;

/// What an application calls things.
pub(super) struct Names {
    pub(super) test: &'static str,
    pub(super) expect: &'static str,
    pub(super) status: &'static str,
    pub(super) body: &'static str,
    /// The function that sets a variable of the collection.
    pub(super) set: &'static str,
    /// The function that sets a variable for the rest of a run, before those of other scopes, where `set` does not.
    pub(super) set_for_run: Option<&'static str>,
}

impl Names {
    /// The lines to run before the request is sent.
    pub(super) fn before(&self, request: &Request) -> Vec<String> {
        if !request.new_account {
            return Vec::new();
        }
        let mut lines = vec![
            "// Each run has an account of its own, so that it touches none that is there.".to_owned(),
            "const name = `user-${Math.random().toString(36).slice(2, 12)}`;".to_owned(),
            format!("{}('username', name);", self.set),
        ];
        let setters = [Some(self.set), self.set_for_run].into_iter().flatten();
        lines.extend(setters.map(|set| format!("{set}('email', `${{name}}@example.com`);")));
        lines
    }

    /// The line that gives the answer its name.
    fn answer(&self) -> String {
        format!("const answer = {};", self.body)
    }

    /// The lines that pass values on to later requests.
    fn keep(&self, request: &Request) -> Vec<String> {
        let line = |(variable, place): (&String, &String)| format!("{}('{variable}', {});", self.set, at(place));
        request.keep.iter().map(line).collect()
    }

    /// The lines that say whether the answer is the expected one.
    fn judge(&self, request: &Request) -> Vec<String> {
        let test = |what: &str, actual: &str, expected: &str| {
            format!("{}('{what}', () => {}({actual}).to.equal({expected}));", self.test, self.expect)
        };
        let mut lines = vec![test("The status is 200", self.status, "200")];
        if let Some(reason) = &request.refused {
            lines.push(test(
                &format!("The request is refused: {reason}"),
                "answer.errors?.[0]?.extensions?.reason",
                &format!("'{reason}'"),
            ));
        } else {
            lines.push(test("There are no errors", "answer.errors", "undefined"));
        }
        for (place, kind) in &request.expect {
            if kind == "null" {
                lines.push(test("There is nothing", &at(place), "null"));
                continue;
            }
            let place = format!("{place}.__typename");
            lines.push(test(&format!("The answer is a {kind}"), &at(&place), &format!("'{kind}'")));
        }
        lines
    }

    /// What passes values on, if there are any.
    pub(super) fn keeping(&self, request: &Request) -> Vec<String> {
        let lines = self.keep(request);
        if lines.is_empty() { lines } else { [vec![self.answer()], lines].concat() }
    }

    pub(super) fn tests(&self, request: &Request) -> Vec<String> {
        [vec![self.answer()], self.judge(request)].concat()
    }

    /// Both in one script.
    pub(super) fn after(&self, request: &Request) -> Vec<String> {
        [vec![self.answer()], self.keep(request), self.judge(request)].concat()
    }
}

/// What stands at a place of the data, or nothing.
fn at(place: &str) -> String {
    format!("answer.data?.{}", place.replace('.', "?."))
}
