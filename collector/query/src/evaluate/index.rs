//! What the index of a part tells about something to find, before any text is read.
//!
//! For each record of a row group the message's shape says that the message matches, that it does not, or that its
//! variables decide; whether they can is known from the words and letters of the row group. Only what is left open is
//! looked at as text. The index may leave too much open, never too little; what cannot be read of it leaves all open.

use super::mask::Mask;
use super::regex::Automaton;
use super::slice::Slice;
use crate::guard::QueryGuard;
use crate::limits::{AUTOMATON_BYTES_MAX, OPEN_GROUPS_MAX};
use arrow_array::Array;
use basics::Reservation;
use parts::StoredGroup;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use text_index::{
    CharacterSet, NEEDLES_MAX, Needle, NeedleSet, ShapeMatcher, ShapeNeedle, fold, required_trigrams,
    required_word_keys,
};

/// What is known of every text that matches: needles that occur in it.
#[derive(Debug, Clone)]
pub(crate) struct IndexTest {
    matcher: ShapeMatcher,
    /// Words of every text that matches.
    keys: Vec<u64>,
    /// Letters of every text that matches.
    trigrams: Vec<u16>,
    /// Folded characters of every text that matches.
    characters: CharacterSet,
    /// Reads shapes.
    automaton: Option<Arc<Automaton>>,
    /// What the automaton takes.
    automaton_memory: RefCell<Option<Rc<Reservation>>>,
    /// By part what its shapes tell. Few parts are met at a time.
    verdicts: RefCell<HashMap<usize, Rc<Verdicts>>>,
    /// What is known of the row group that was asked about last, which is read in slices: by the number it was opened under.
    last_group: RefCell<Option<(u64, InGroup)>>,
}

/// What the index tells of a row group's messages.
#[derive(Debug, Clone)]
struct InGroup {
    /// The needles that are in no variable.
    absent: NeedleSet,
    /// A message without a shape may match.
    in_unshaped: bool,
    /// No message matches.
    is_out: bool,
    /// What shapes tell; `None` where that is not known.
    verdicts: Option<Rc<Verdicts>>,
}

/// What the shapes of a part tell, by number, and the memory that it takes.
#[derive(Debug)]
struct Verdicts {
    by_shape: Vec<Verdict>,
    /// Classes as they were asked for last.
    classes: RefCell<Option<(NeedleSet, Rc<[u8]>)>>,
    _memory: Reservation,
}

/// What a shape tells: a bit for each needle that must be there with help of variables, or one of the others.
type Verdict = u8;

const NEVER: Verdict = 1 << 7;
const ALWAYS: Verdict = 1 << 6;
const _: () = assert!(NEEDLES_MAX <= 6);

/// What is known of the messages of some records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Those that match.
    pub(crate) passed: Mask,
    /// Those that must be looked at.
    pub(crate) open: Mask,
}

impl IndexTest {
    /// Of something that matches exactly where the needle occurs.
    pub(crate) fn exact(needle: Needle<'_>) -> IndexTest {
        IndexTest::new(ShapeMatcher::new(needle), &[needle], None)
    }

    /// Of something that matches only where all of the needles occur, and where the automaton, when there is one, does.
    pub(crate) fn necessary(needles: &[Needle<'_>], automaton: Option<Arc<Automaton>>) -> IndexTest {
        let judge = automaton.clone();
        let matcher = ShapeMatcher::of_all(needles, move |shape| judge.as_ref().and_then(|judge| judge.judge(shape)));
        IndexTest::new(matcher, needles, automaton)
    }

    fn new(matcher: ShapeMatcher, needles: &[Needle<'_>], automaton: Option<Arc<Automaton>>) -> IndexTest {
        let mut keys: Vec<u64> = needles.iter().flat_map(|needle| required_word_keys(*needle)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut trigrams: Vec<u16> = needles.iter().flat_map(|needle| required_trigrams(*needle)).collect();
        trigrams.sort_unstable();
        trigrams.dedup();
        let characters = needles.iter().map(|needle| characters_of(needle.text));
        let characters = characters.fold(CharacterSet::default(), CharacterSet::or);
        IndexTest {
            matcher,
            keys,
            trigrams,
            characters,
            automaton,
            automaton_memory: RefCell::default(),
            verdicts: RefCell::default(),
            last_group: RefCell::default(),
        }
    }

    /// Words that stand in a variable or a value of every record that matches; none when shapes may hold them.
    ///
    /// A message that is no string has its words nowhere, so a part's words tell nothing where there are such messages.
    pub(crate) fn variable_keys(&self) -> impl Iterator<Item = u64> {
        self.in_variables_only().flat_map(|(_, needle)| needle.variable_keys()).copied()
    }

    /// The needles that no shape alone holds, each with its number.
    fn in_variables_only(&self) -> impl Iterator<Item = (usize, &ShapeNeedle)> {
        self.matcher.needles().iter().enumerate().filter(|(_, needle)| needle.needs_variables())
    }

    /// Words of every text that matches.
    pub(crate) fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// Folded characters of every text that matches.
    pub(crate) fn characters(&self) -> CharacterSet {
        self.characters
    }

    /// False when no message of a row group matches, as far as can be told without looking at their shapes.
    pub(crate) fn may_be_in_messages(&self, group: &StoredGroup) -> bool {
        group.has_other_messages()
            || self.in_variables_only().all(|(_, needle)| may_be_in_variables(needle, group))
            || self.may_be_in_unshaped(group)
    }

    /// False when no string among the attributes of a row group matches.
    pub(crate) fn may_be_in_values(&self, group: &StoredGroup) -> bool {
        self.may_be_in_ids(group) && group.may_hold_value_letters(&self.trigrams).unwrap_or(true)
    }

    /// False when no id of a row group matches.
    pub(crate) fn may_be_in_ids(&self, group: &StoredGroup) -> bool {
        group.may_hold_value_words(&self.keys).unwrap_or(true)
    }

    fn may_be_in_unshaped(&self, group: &StoredGroup) -> bool {
        group.has_unshaped() && group.may_hold_message_words(&self.keys).unwrap_or(true)
    }

    /// The needles that are in no variable of a row group.
    fn absent_from_variables(&self, group: &StoredGroup) -> NeedleSet {
        let needles = self.matcher.needles().iter().enumerate();
        let absent = needles.filter(|(_, needle)| !may_be_in_variables(needle, group));
        absent.fold(0, |absent, (number, _)| absent | 1 << number)
    }

    /// What is known of messages that are strings.
    pub(crate) fn messages(&self, slice: Slice<'_>, strings: Mask, guard: &QueryGuard) -> Known {
        let all_open = Known { passed: Mask::EMPTY, open: strings };
        let batch = slice.columns().batch();
        let Some(group) = batch.group() else { return all_open };
        let InGroup { absent, in_unshaped, is_out, verdicts } = self.in_group(group, batch.opened_number(), guard);
        if is_out {
            return Known { passed: Mask::EMPTY, open: Mask::EMPTY };
        }
        let (Some(shapes), Some(verdicts)) = (batch.shapes(), verdicts) else { return all_open };
        let start = slice.rows().start;
        let mut known = Known { passed: Mask::EMPTY, open: Mask::EMPTY };
        let numbers = shapes.values();
        let nulls = shapes.nulls().filter(|nulls| nulls.null_count() > 0);
        if nulls.is_none() {
            return by_shape(&numbers[slice.rows()], &verdicts.classes(absent), strings);
        }
        for row in strings.rows() {
            let at = start + row;
            if nulls.is_some_and(|nulls| nulls.is_null(at)) {
                if in_unshaped {
                    known.open.set(row);
                }
                continue;
            }
            let verdict = verdicts.of(numbers[at]);
            if verdict == ALWAYS {
                known.passed.set(row);
            } else if is_open(verdict, absent) {
                known.open.set(row);
            }
        }
        known
    }

    fn in_group(&self, group: &StoredGroup, number: Option<u64>, guard: &QueryGuard) -> InGroup {
        if let Some((last, known)) = &*self.last_group.borrow()
            && Some(*last) == number
        {
            return known.clone();
        }
        let (absent, in_unshaped) = (self.absent_from_variables(group), self.may_be_in_unshaped(group));
        let is_out = self.in_variables_only().any(|(number, _)| absent & 1 << number != 0) && !in_unshaped;
        let verdicts = if is_out { None } else { self.verdicts(group, guard) };
        let known = InGroup { absent, in_unshaped, is_out, verdicts };
        if let Some(number) = number.filter(|_| known.is_out || known.verdicts.is_some()) {
            *self.last_group.borrow_mut() = Some((number, known.clone()));
        }
        known
    }

    /// `None` when the index cannot be read, or when there is no memory for what it tells: the texts decide then.
    fn verdicts(&self, group: &StoredGroup, guard: &QueryGuard) -> Option<Rc<Verdicts>> {
        let key = group.part_key();
        if let Some(known) = self.verdicts.borrow().get(&key) {
            return Some(known.clone());
        }
        let shapes = group.shape_count().ok()?;
        // A verdict and a class.
        let memory = guard.reserve(2 * u64::from(shapes)).ok()?;
        if self.automaton.is_some() && self.automaton_memory.borrow().is_none() {
            *self.automaton_memory.borrow_mut() = Some(Rc::new(guard.reserve(2 * AUTOMATON_BYTES_MAX as u64).ok()?));
        }
        let count = shapes as usize;
        guard.spend(count).ok()?;
        let mut by_shape = vec![NEVER; count];
        if let Some(automaton) = &self.automaton {
            automaton.begin_part();
        }
        let answer = group.find_shapes(&self.matcher).ok()?;
        let always = answer.always.into_iter().map(|number| (number, ALWAYS));
        for (number, verdict) in always.chain(answer.depends) {
            if let Some(place) = by_shape.get_mut(number as usize) {
                *place = verdict;
            }
        }
        let verdicts = Rc::new(Verdicts { by_shape, classes: RefCell::default(), _memory: memory });
        let mut known = self.verdicts.borrow_mut();
        // As many parts as have row groups open; those before them are done with, or asked again.
        if known.len() >= OPEN_GROUPS_MAX {
            known.clear();
        }
        known.insert(key, verdicts.clone());
        Some(verdicts)
    }
}

impl Verdicts {
    /// A number that no shape has is damage that the checksum did not see; the text decides.
    fn of(&self, number: u32) -> Verdict {
        self.by_shape.get(number as usize).copied().unwrap_or_default()
    }

    fn classes(&self, absent: NeedleSet) -> Rc<[u8]> {
        let mut last = self.classes.borrow_mut();
        match &*last {
            Some((known, classes)) if *known == absent => classes.clone(),
            _ => {
                let classes = classes(&self.by_shape, absent);
                *last = Some((absent, classes.clone()));
                classes
            }
        }
    }
}

/// The folded characters of a needle but white space, of which any finds any.
fn characters_of(text: &str) -> CharacterSet {
    let folded = fold(text);
    let words = folded.split(char::is_whitespace).map(|word| CharacterSet::of(word.as_bytes()));
    words.fold(CharacterSet::default(), CharacterSet::or)
}

/// True when the text decides: all needles that depend on variables may be in them.
fn is_open(verdict: Verdict, absent: NeedleSet) -> bool {
    verdict & (NEVER | ALWAYS | absent) == 0
}

fn may_be_in_variables(needle: &ShapeNeedle, group: &StoredGroup) -> bool {
    let words = group.may_hold_message_words(needle.variable_keys());
    words.unwrap_or(true) && group.may_hold_letters(needle.variable_trigrams()).unwrap_or(true)
}

/// What is known where every message has a shape: most row groups are so.
fn by_shape(numbers: &[u32], classes: &[u8], strings: Mask) -> Known {
    let mut known = Known { passed: Mask::EMPTY, open: Mask::EMPTY };
    for (word, numbers) in numbers.chunks(u64::BITS as usize).enumerate() {
        let (mut passed, mut open) = (0, 0);
        for number in numbers.iter().rev() {
            // A number that no shape has is damage that the checksum did not see; the text decides.
            let class = u64::from(classes.get(*number as usize).copied().unwrap_or(OPEN));
            passed = passed << 1 | class & 1;
            open = open << 1 | class >> 1;
        }
        known.passed.set_word(word, passed);
        known.open.set_word(word, open);
    }
    Known { passed: known.passed.and(strings), open: known.open.and(strings) }
}

/// Classes of shapes in a row group: their messages match, or are open; those of no class do neither.
const PASSED: u8 = 1;
const OPEN: u8 = 2;

/// The class of each shape where these needles are in no variable.
fn classes(verdicts: &[Verdict], absent: NeedleSet) -> Rc<[u8]> {
    let class = |verdict: &Verdict| match *verdict {
        ALWAYS => PASSED,
        verdict if is_open(verdict, absent) => OPEN,
        _ => 0,
    };
    verdicts.iter().map(class).collect()
}
