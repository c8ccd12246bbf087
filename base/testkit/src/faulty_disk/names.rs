//! The names of a disk: directories as a program sees them, as they are durable, and the changes between.

use super::{Chance, ENOENT, Unsynced, os_error};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// What a name stands for: a number of a file or of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    File(usize),
    Dir(usize),
}

#[derive(Clone, Default)]
struct Dir {
    seen: BTreeMap<String, Node>,
    durable: BTreeMap<String, Node>,
}

/// One name that comes to stand for something, or for nothing.
#[derive(Clone)]
struct Effect {
    dir: usize,
    name: String,
    node: Option<Node>,
}

/// All directories; number 0 is the root, which relative paths begin at too.
#[derive(Clone)]
pub(super) struct Names {
    dirs: Vec<Dir>,
    /// Changes that no sync has covered. The effects of one change become durable together.
    unsynced: Vec<Vec<Effect>>,
}

const ROOT: usize = 0;

impl Names {
    pub(super) fn new() -> Names {
        Names { dirs: vec![Dir::default()], unsynced: Vec::new() }
    }

    pub(super) fn find(&self, path: &Path) -> Option<Node> {
        let mut node = Node::Dir(ROOT);
        for name in names_of(path) {
            let Node::Dir(dir) = node else { return None };
            node = *self.dirs[dir].seen.get(&name)?;
        }
        Some(node)
    }

    /// Files and directories in a directory.
    pub(super) fn entries(&self, dir: usize) -> impl Iterator<Item = (&String, Node)> {
        self.dirs[dir].seen.iter().map(|(name, node)| (name, *node))
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        self.walk(ROOT, &PathBuf::new(), &mut |path, node| {
            if matches!(node, Node::File(_)) {
                paths.push(path.to_path_buf());
            }
        });
        paths
    }

    pub(super) fn files(&self) -> Vec<usize> {
        let mut files = Vec::new();
        self.walk(ROOT, &PathBuf::new(), &mut |_, node| {
            if let Node::File(file) = node {
                files.push(file);
            }
        });
        files
    }

    fn walk(&self, dir: usize, at: &Path, visit: &mut dyn FnMut(&Path, Node)) {
        for (name, node) in &self.dirs[dir].seen {
            let path = at.join(name);
            visit(&path, *node);
            if let Node::Dir(below) = node {
                self.walk(*below, &path, visit);
            }
        }
    }

    pub(super) fn link(&mut self, path: &Path, node: Node) -> io::Result<()> {
        let (dir, name) = self.place_of(path)?;
        self.change(vec![Effect { dir, name, node: Some(node) }]);
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let (dir, name) = self.place_of(path)?;
        self.change(vec![Effect { dir, name, node: None }]);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.find(from).ok_or_else(|| os_error(ENOENT))?;
        let (from_dir, from_name) = self.place_of(from)?;
        let (to_dir, to_name) = self.place_of(to)?;
        self.change(vec![
            Effect { dir: from_dir, name: from_name, node: None },
            Effect { dir: to_dir, name: to_name, node: Some(node) },
        ]);
        Ok(())
    }

    pub(super) fn make_dirs(&mut self, path: &Path) -> io::Result<()> {
        let mut at = PathBuf::new();
        for name in names_of(path) {
            at.push(name);
            match self.find(&at) {
                Some(Node::Dir(_)) => {}
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => {
                    self.dirs.push(Dir::default());
                    self.link(&at, Node::Dir(self.dirs.len() - 1))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn sync(&mut self, dir: usize) {
        for change in std::mem::take(&mut self.unsynced) {
            if change.iter().any(|effect| effect.dir == dir) {
                self.make_durable(change);
            } else {
                self.unsynced.push(change);
            }
        }
    }

    pub(super) fn lose_power(&mut self, unsynced: Unsynced, chance: &mut Chance) {
        for change in std::mem::take(&mut self.unsynced) {
            let is_kept = match unsynced {
                Unsynced::Lost => false,
                Unsynced::Kept => true,
                Unsynced::ByLot => chance.once_in(2),
            };
            // A name cannot move into a directory that is not there; no file system forgets the one and keeps the
            // other.
            if is_kept && change.iter().all(|effect| self.is_durable(effect.dir)) {
                self.make_durable(change);
            }
        }
        for dir in &mut self.dirs {
            dir.seen.clone_from(&dir.durable);
        }
    }

    fn is_durable(&self, dir: usize) -> bool {
        let is_held = |holder: &Dir| holder.durable.values().any(|node| *node == Node::Dir(dir));
        dir == ROOT || self.dirs.iter().any(is_held)
    }

    /// Puts a file in place, durably.
    pub(super) fn put(&mut self, path: &Path, file: usize) {
        let parent = path.parent().unwrap_or(Path::new(""));
        let made = self.make_dirs(parent).and_then(|()| self.link(path, Node::File(file)));
        made.expect("a path of a test does not lead through a file");
        for change in std::mem::take(&mut self.unsynced) {
            self.make_durable(change);
        }
    }

    pub(super) fn take_away(&mut self, path: &Path) {
        if let Ok((dir, name)) = self.place_of(path) {
            self.dirs[dir].seen.remove(&name);
            self.dirs[dir].durable.remove(&name);
        }
    }

    fn make_durable(&mut self, change: Vec<Effect>) {
        for Effect { dir, name, node } in change {
            set(&mut self.dirs[dir].durable, name, node);
        }
    }

    fn change(&mut self, effects: Vec<Effect>) {
        for Effect { dir, name, node } in &effects {
            set(&mut self.dirs[*dir].seen, name.clone(), *node);
        }
        self.unsynced.push(effects);
    }

    /// The directory that holds a name, and the name.
    fn place_of(&self, path: &Path) -> io::Result<(usize, String)> {
        let mut names = names_of(path);
        let name = names.pop().ok_or(io::ErrorKind::InvalidInput)?;
        match self.find(&names.iter().collect::<PathBuf>()) {
            Some(Node::Dir(dir)) => Ok((dir, name)),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(os_error(ENOENT)),
        }
    }
}

fn set(names: &mut BTreeMap<String, Node>, name: String, node: Option<Node>) {
    match node {
        Some(node) => names.insert(name, node),
        None => names.remove(&name),
    };
}

fn names_of(path: &Path) -> Vec<String> {
    let normal = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
    });
    normal.collect()
}
