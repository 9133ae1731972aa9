//! The tables of `docs/architecture.md`.

/// A row of who may know whom.
pub(crate) struct Room {
    pub(crate) names: Vec<String>,
    /// Nothing where it may know everything below it.
    pub(crate) knows: Option<Vec<String>>,
}

/// A row of which library is only where.
pub(crate) struct Library {
    pub(crate) names: Vec<String>,
    pub(crate) places: Vec<String>,
}

/// The cells of each row of the table whose first heading this is.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let page = include_str!("../../../docs/architecture.md");
    let is_head = |line: &&str| line.starts_with(&format!("| {heading} |"));
    let rows = page.lines().skip_while(|line| !is_head(line)).take_while(|line| line.starts_with('|'));
    rows.skip(2).map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands in backquotes.
pub(crate) fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Who may know whom, from above.
pub(crate) fn rooms() -> Vec<Room> {
    let room = |cells: Vec<String>| {
        let (names, knows) = (quoted(&cells[0]), quoted(&cells[2]));
        let said = !knows.is_empty() || cells[2] == "nothing";
        assert!(said || cells[2] == "everything", "{names:?} knows {:?}", cells[2]);
        Room { names, knows: said.then_some(knows) }
    };
    rows("module").into_iter().map(room).collect()
}

/// Which library is only where.
pub(crate) fn libraries() -> Vec<Library> {
    rows("library").iter().map(|cells| Library { names: quoted(&cells[0]), places: quoted(&cells[1]) }).collect()
}
