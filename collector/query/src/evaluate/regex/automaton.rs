//! What a shape alone tells about a regular expression: that all of its texts match, none, or that the text decides.
//!
//! A shape is a language: its fixed pieces, with for each variable all values that its form covers. The expression's
//! automaton reads all of them at once, as a set of states. Where each path ends in a match, each text matches; where none
//! does, none does. The language may hold more than the texts, so either is true of them all the more.
//!
//! The automaton is built as it is walked, in memory of a fixed size, and every shape costs steps of a budget; where one
//! of the two ends, or the expression asks for more than the automaton knows (borders of words beyond ASCII), the text
//! decides.
//!
//! Start at [`Automaton::judge`].

use crate::limits::{AUTOMATON_BYTES_MAX, AUTOMATON_STATES_MAX, AUTOMATON_STEPS_MAX};
use model::limits::REGEX_PROGRAM_BYTES_MAX;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use text_index::{CharacterSet, ShapePiece, ShapeText, VariableForm};

/// An expression as an automaton that reads shapes. It is built when it is asked first.
pub(crate) struct Automaton {
    regex: String,
    /// `None` for an expression that such an automaton does not know, or that is too large for it.
    built: OnceLock<Option<Built>>,
}

struct Built {
    dfa: DFA,
    memory: Mutex<Memory>,
}

impl fmt::Debug for Automaton {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Automaton").finish_non_exhaustive()
    }
}

/// What is kept from shape to shape.
struct Memory {
    cache: Cache,
    /// For each set of characters one byte of each class that the automaton tells apart in it.
    bytes_of: HashMap<CharacterSet, Vec<u8>>,
    /// For the shapes of the part at hand.
    steps_left: usize,
    /// The cache has no more room.
    is_full: bool,
}

/// The automaton cannot tell.
struct Unclear;

impl Automaton {
    /// Of an expression that can be compiled.
    pub(crate) fn new(regex: &str) -> Automaton {
        Automaton { regex: regex.to_owned(), built: OnceLock::new() }
    }

    /// Gives the steps back that shapes took: the shapes of one part are judged at a time.
    pub(crate) fn begin_part(&self) {
        if let Some(Some(built)) = self.built.get() {
            built.memory.lock().unwrap_or_else(PoisonError::into_inner).steps_left = AUTOMATON_STEPS_MAX;
        }
    }

    /// Tells whether all texts of the shape match, or none; `None` where the text decides.
    pub(crate) fn judge(&self, shape: ShapeText<'_>) -> Option<bool> {
        self.built.get_or_init(|| Built::new(&self.regex)).as_ref()?.judge(shape)
    }
}

impl Built {
    fn new(regex: &str) -> Option<Built> {
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .cache_capacity(AUTOMATON_BYTES_MAX)
            // States that are held must not go.
            .minimum_cache_clear_count(Some(0));
        let size = thompson::Config::new().nfa_size_limit(Some(REGEX_PROGRAM_BYTES_MAX));
        let dfa = DFA::builder().configure(config).thompson(size).build(regex).ok()?;
        // An empty match may then be one within a character, which is none.
        if dfa.get_nfa().has_empty() && !dfa.get_nfa().look_set_any().is_empty() {
            return None;
        }
        let (cache, bytes_of) = (dfa.create_cache(), HashMap::new());
        let memory = Memory { cache, bytes_of, steps_left: AUTOMATON_STEPS_MAX, is_full: false };
        Some(Built { dfa, memory: Mutex::new(memory) })
    }

    fn judge(&self, shape: ShapeText<'_>) -> Option<bool> {
        let memory = &mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.steps_left == 0 || memory.is_full {
            return None;
        }
        self.walk(shape, memory).unwrap_or(None)
    }

    fn walk(&self, shape: ShapeText<'_>, memory: &mut Memory) -> Result<Option<bool>, Unclear> {
        let config = start::Config::new().anchored(Anchored::No);
        let start = self.dfa.start_state(&mut memory.cache, &config).map_err(|_| Unclear)?;
        let mut paths = Paths {
            dfa: &self.dfa,
            memory,
            states: vec![start],
            next: Vec::new(),
            some_match: false,
            some_fail: false,
        };
        for piece in shape.pieces() {
            match piece {
                ShapePiece::Fixed(text) => paths.read(text.as_bytes())?,
                ShapePiece::Variable(form) => paths.read_variable(form)?,
            }
            if paths.states.is_empty() || paths.some_match && paths.some_fail {
                break;
            }
        }
        paths.end()?;
        Ok(match (paths.some_match, paths.some_fail) {
            (true, false) => Some(true),
            (false, _) => Some(false),
            (true, true) => None,
        })
    }
}

impl Memory {
    /// No state has room any more, and asking again would only build it once more.
    fn fill(&mut self) -> Unclear {
        self.is_full = true;
        Unclear
    }
}

/// All ways to read a shape so far.
struct Paths<'a> {
    dfa: &'a DFA,
    memory: &'a mut Memory,
    /// The states of those that have neither matched nor failed, each once.
    states: Vec<LazyStateID>,
    /// Where the next ones are gathered.
    next: Vec<LazyStateID>,
    /// A path has matched: it does whatever follows.
    some_match: bool,
    /// A path cannot match any more.
    some_fail: bool,
}

impl Paths<'_> {
    fn read(&mut self, bytes: &[u8]) -> Result<(), Unclear> {
        for byte in bytes {
            for index in 0..self.states.len() {
                self.step(self.states[index], *byte)?;
            }
            std::mem::swap(&mut self.states, &mut self.next);
            self.next.clear();
        }
        Ok(())
    }

    fn read_variable(&mut self, form: &VariableForm) -> Result<(), Unclear> {
        self.read(form.head())?;
        if !form.between().is_empty() {
            let bytes = self.bytes_of(form.between());
            // Fewer bytes than there are make a language that holds more.
            for _ in 0..form.shortest().min(SHORTEST_READ_MAX) {
                let states = std::mem::take(&mut self.states);
                self.states = self.any_of(&states, &bytes)?;
            }
            let mut newest = self.states.clone();
            while !newest.is_empty() {
                let reached = self.any_of(&newest, &bytes)?;
                newest = reached.into_iter().filter(|state| !self.states.contains(state)).collect();
                self.states.extend_from_slice(&newest);
                are_few(&self.states)?;
            }
        }
        self.read(form.tail())
    }

    /// The states behind one more of these bytes.
    fn any_of(&mut self, states: &[LazyStateID], bytes: &[u8]) -> Result<Vec<LazyStateID>, Unclear> {
        for state in states {
            for byte in bytes {
                self.step(*state, *byte)?;
            }
        }
        Ok(std::mem::take(&mut self.next))
    }

    /// Goes on from a state, into [`Paths::next`].
    fn step(&mut self, state: LazyStateID, byte: u8) -> Result<(), Unclear> {
        self.memory.steps_left = self.memory.steps_left.checked_sub(1).ok_or(Unclear)?;
        let reached = self.dfa.next_state(&mut self.memory.cache, state, byte);
        let reached = reached.map_err(|_| self.memory.fill())?;
        if reached.is_match() {
            self.some_match = true;
        } else if reached.is_dead() {
            self.some_fail = true;
        } else if reached.is_quit() {
            return Err(Unclear);
        } else if !self.next.contains(&reached) {
            self.next.push(reached);
            are_few(&self.next)?;
        }
        Ok(())
    }

    /// The text ends here.
    fn end(&mut self) -> Result<(), Unclear> {
        for state in std::mem::take(&mut self.states) {
            let reached = self.dfa.next_eoi_state(&mut self.memory.cache, state);
            let reached = reached.map_err(|_| self.memory.fill())?;
            match reached.is_match() {
                true => self.some_match = true,
                false => self.some_fail = true,
            }
        }
        Ok(())
    }

    fn bytes_of(&mut self, characters: CharacterSet) -> Vec<u8> {
        let classes = self.dfa.byte_classes();
        if self.memory.bytes_of.len() >= SETS_KEPT_MAX {
            self.memory.bytes_of.clear();
        }
        let bytes = self.memory.bytes_of.entry(characters).or_insert_with(|| {
            let mut is_known = [false; 256];
            let is_new = |byte: &u8| {
                characters.has_byte(*byte) && !std::mem::replace(&mut is_known[usize::from(classes.get(*byte))], true)
            };
            (0..=u8::MAX).filter(is_new).collect()
        });
        bytes.clone()
    }
}

/// Sets of characters of which bytes are kept.
const SETS_KEPT_MAX: usize = 256;
/// So many bytes of a variable are read one by one; that there are more is not told.
const SHORTEST_READ_MAX: usize = 32;

fn are_few(states: &[LazyStateID]) -> Result<(), Unclear> {
    if states.len() <= AUTOMATON_STATES_MAX { Ok(()) } else { Err(Unclear) }
}

#[cfg(test)]
mod tests;
