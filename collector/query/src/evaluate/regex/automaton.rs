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
use std::sync::{Mutex, PoisonError};
use text_index::{CharacterSet, ShapePiece, ShapeText, VariableForm};

/// An expression as an automaton that reads shapes.
pub(crate) struct Automaton {
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
    steps_left: usize,
}

/// The automaton cannot tell.
struct Unclear;

impl Automaton {
    /// `None` for an expression that such an automaton does not know, or that is too large for it.
    pub(crate) fn new(regex: &str) -> Option<Automaton> {
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .cache_capacity(AUTOMATON_BYTES_MAX)
            // States that are held must not go.
            .minimum_cache_clear_count(Some(0));
        let size = thompson::Config::new().nfa_size_limit(Some(REGEX_PROGRAM_BYTES_MAX));
        let dfa = DFA::builder().configure(config).thompson(size).build(regex).ok()?;
        let memory = Memory { cache: dfa.create_cache(), bytes_of: HashMap::new(), steps_left: AUTOMATON_STEPS_MAX };
        Some(Automaton { dfa, memory: Mutex::new(memory) })
    }

    /// Gives the steps back that shapes took: the shapes of one part are judged at a time.
    pub(crate) fn begin_part(&self) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).steps_left = AUTOMATON_STEPS_MAX;
    }

    /// Tells whether all texts of the shape match, or none; `None` where the text decides.
    pub(crate) fn judge(&self, shape: ShapeText<'_>) -> Option<bool> {
        let memory = &mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.steps_left == 0 {
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
        let reached = self.dfa.next_state(&mut self.memory.cache, state, byte).map_err(|_| Unclear)?;
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
            let reached = self.dfa.next_eoi_state(&mut self.memory.cache, state).map_err(|_| Unclear)?;
            match reached.is_match() {
                true => self.some_match = true,
                false => self.some_fail = true,
            }
        }
        Ok(())
    }

    fn bytes_of(&mut self, characters: CharacterSet) -> Vec<u8> {
        let classes = self.dfa.byte_classes();
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

/// So many bytes of a variable are read one by one; that there are more is not told.
const SHORTEST_READ_MAX: usize = 32;

fn are_few(states: &[LazyStateID]) -> Result<(), Unclear> {
    if states.len() <= AUTOMATON_STATES_MAX { Ok(()) } else { Err(Unclear) }
}

#[cfg(test)]
mod tests;
