//! Which source file needs which.
//!
//! An arrow leads from file A to file B when the code of A names something that B defines. So it is said here:
//!
//! - What a path names is followed to where it is defined, through every `use` on the way. A re-export is therefore no
//!   definition, and a file that only hands a name on needs nothing: `pub use` counts once the file itself uses the name.
//! - Declaring a module (`mod a;`) is no arrow, and neither is naming it: only what is taken from it is.
//! - A file may use what the module that it is part of defines: that module is the room, and the file stands in it. So an arrow
//!   from `sessions/store/end.rs` to `sessions/mod.rs` is left out, and one from `accounts/` to `sessions/mod.rs` is not.
//! - Code that is compiled for tests alone is passed over, and so are the tests in `tests/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::scan::{Module, Names};

/// A crate of the package: each module by its path, with its file and what stands in it.
struct Crate {
    modules: BTreeMap<Names, (String, Module)>,
}

/// The arrows of the package: from, to, and a name that is taken.
#[derive(Default)]
pub(crate) struct Arrows {
    pub(crate) between: BTreeMap<(String, String), BTreeSet<String>>,
    /// By file, the first name of each path: that of a library, if it leads out of the package.
    pub(crate) libraries: BTreeSet<(String, String)>,
    pub(crate) files: BTreeSet<String>,
}

/// Where a path leads.
enum End {
    Module,
    Item(String),
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Crate {
    fn read(file: &str) -> Self {
        let mut this = Self { modules: BTreeMap::new() };
        this.add(Vec::new(), file.to_owned(), Module::read(&text(file)), true);
        this
    }

    /// `owner` says whether the modules of this file lie beside it, and not in a folder of its name.
    fn add(&mut self, path: Names, file: String, mut module: Module, owner: bool) {
        let place = Path::new(&file);
        let beside = place.parent().expect("a folder").to_owned();
        let folder = if owner { beside.clone() } else { place.with_extension("") };
        for (name, said) in std::mem::take(&mut module.files) {
            let named = said.map(|said| flat(&beside.join(said)));
            let single = folder.join(format!("{name}.rs"));
            let child = named.unwrap_or_else(|| {
                if root().join(&single).exists() { flat(&single) } else { flat(&folder.join(&name).join("mod.rs")) }
            });
            let owner = child.ends_with("/mod.rs");
            let read = Module::read(&text(&child));
            self.add(below(&path, &name), child, read, owner);
        }
        for (name, inner) in std::mem::take(&mut module.inline) {
            self.add(below(&path, &name), file.clone(), inner, owner);
        }
        self.modules.insert(path, (file, module));
    }

    /// Where the path that stands in `module` leads; nothing if out of the crate, or to what `module` itself defines.
    fn follow(&self, library: Option<&Self>, module: &Names, path: &[String], depth: usize) -> Option<End> {
        let (first, rest) = path.split_first()?;
        let here = &self.modules.get(module)?.1;
        match first.as_str() {
            _ if depth > 20 => None,
            "crate" => self.descend(library, &Vec::new(), rest, depth),
            "self" => self.descend(library, module, rest, depth),
            "super" => self.descend(library, &module[..module.len().checked_sub(1)?].to_vec(), rest, depth),
            "portcullis" if library.is_some() => library?.descend(None, &Vec::new(), rest, depth),
            name => {
                // `use email::email;` is about the module of that name.
                if let Some(target) = here.aliases.get(name).filter(|target| target[0] != *name) {
                    return self.follow(library, module, &[target, rest].concat(), depth + 1);
                }
                let child = below(module, name);
                if self.modules.contains_key(&child) {
                    return self.descend(library, &child, rest, depth);
                }
                here.globs.iter().find_map(|glob| {
                    self.follow(library, module, &[glob, path].concat(), depth + 1)
                        .filter(|end| matches!(end, End::Item(_)))
                })
            }
        }
    }

    /// Where the rest of a path leads that has come to `module`.
    fn descend(&self, library: Option<&Self>, module: &Names, rest: &[String], depth: usize) -> Option<End> {
        let Some((first, after)) = rest.split_first() else { return Some(End::Module) };
        if first == "super" {
            return self.follow(library, module, rest, depth + 1);
        }
        let child = below(module, first);
        if self.modules.contains_key(&child) {
            return self.descend(library, &child, after, depth);
        }
        let (file, _) = self.modules.get(module)?;
        self.follow(library, module, rest, depth + 1).or_else(|| Some(End::Item(file.clone())))
    }

    fn draw(&self, library: Option<&Self>, arrows: &mut Arrows) {
        for (module, (file, inside)) in &self.modules {
            arrows.files.insert(file.clone());
            let brought = inside.taken.iter().chain(inside.aliases.values()).chain(&inside.globs);
            let named = brought.chain(inside.paths.iter().filter(|path| path.len() > 1));
            arrows.libraries.extend(named.map(|path| (file.clone(), path[0].clone())));
            for path in inside.taken.iter().chain(&inside.paths) {
                if let Some(End::Item(to)) = self.follow(library, module, path, 0)
                    && to != *file
                    && !is_part_of(file, &to)
                {
                    let name = path.last().cloned().unwrap_or_default();
                    arrows.between.entry((file.clone(), to)).or_default().insert(name);
                }
            }
        }
    }
}

/// Whether `file` lies in the folder that `whole` stands for.
fn is_part_of(file: &str, whole: &str) -> bool {
    file.starts_with(whole.strip_suffix("mod.rs").unwrap_or(&format!("{}/", whole.trim_end_matches(".rs"))))
}

fn below(path: &[String], name: &str) -> Names {
    [path, &[name.to_owned()]].concat()
}

pub(crate) fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The path without `..`.
fn flat(path: &Path) -> String {
    let mut parts: Vec<_> = Vec::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            parts.pop();
        } else {
            parts.push(part.as_os_str());
        }
    }
    parts.into_iter().collect::<PathBuf>().to_string_lossy().into_owned()
}

/// The roots of the package's crates but the library: the program, the benchmarks and the examples.
fn other_roots() -> Vec<String> {
    let mut roots = vec!["src/main.rs".to_owned()];
    for (folder, file) in [("benches", "main.rs"), ("examples", "")] {
        let entries = fs::read_dir(root().join(folder)).into_iter().flatten();
        let files = entries.map(|entry| flat(&Path::new(folder).join(entry.expect("an entry").file_name()).join(file)));
        roots.extend(files.filter(|file| file.ends_with(".rs") && root().join(file).exists()));
    }
    roots
}

/// All arrows of the package.
pub(crate) fn arrows() -> Arrows {
    let mut arrows = Arrows::default();
    let library = Crate::read("src/lib.rs");
    library.draw(None, &mut arrows);
    for file in other_roots() {
        Crate::read(&file).draw(Some(&library), &mut arrows);
    }
    arrows
}

impl Arrows {
    /// Groups of files each of which leads to each other one.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (from, to) in self.between.keys() {
            next.entry(from).or_default().insert(to);
        }
        let reached = |start: &str| {
            let mut seen = BTreeSet::new();
            let mut open: Vec<&str> = next.get(start).into_iter().flatten().copied().collect();
            while let Some(file) = open.pop() {
                if seen.insert(file) {
                    open.extend(next.get(file).into_iter().flatten());
                }
            }
            seen
        };
        let all: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|file| (*file, reached(file))).collect();
        let mut circles = BTreeSet::new();
        for (file, reach) in &all {
            if reach.contains(file) {
                let back = |other: &&&str| all.get(**other).is_some_and(|reach| reach.contains(file));
                circles.insert(reach.iter().filter(back).copied().collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }

    /// What ties the files of a circle together, for whoever mends it.
    pub(crate) fn ties(&self, circle: &[&str]) -> Vec<String> {
        let inside = self.between.iter().filter(|((from, to), _)| circle.contains(&&**from) && circle.contains(&&**to));
        inside.map(|((from, to), names)| format!("{from} -> {to}: {names:?}")).collect()
    }
}
