//! A small part of the syntax of regular expressions, matched by trying everything.
//!
//! Characters, `\` before punctuation, `\d`, `\s`, `.`, `[a-z]`, `[^a-z]`, `(...)`, `(?:...)`, `(?P<name>...)`, `|`, `*`,
//! `+`, `?`, `{2}`, `{2,5}`, `^`, `$`, and `(?i)` at the beginning. All else is refused, so that no test believes it.

use std::iter::Peekable;
use std::str::Chars;
use unicode_general_category::{GeneralCategory, get_general_category};

pub(super) struct Regex {
    is_case_blind: bool,
    root: Node,
}

enum Node {
    /// One of these, one behind the other.
    Branches(Vec<Vec<Node>>),
    One(Set),
    Start,
    End,
    Repeat {
        what: Box<Node>,
        least: usize,
        most: usize,
    },
}

enum Set {
    Char(char),
    Dot,
    Digit,
    White,
    Ranges { ranges: Vec<(char, char)>, is_negated: bool },
}

pub(super) fn parse(text: &str) -> Regex {
    let stripped = text.strip_prefix("(?i)");
    let mut rest = stripped.unwrap_or(text).chars().peekable();
    let root = branches(&mut rest);
    assert_eq!(rest.next(), None, "the reference reads all of {text:?}");
    Regex { is_case_blind: stripped.is_some(), root }
}

fn branches(rest: &mut Peekable<Chars<'_>>) -> Node {
    let mut branches = vec![vec![]];
    while let Some(next) = rest.next_if(|next| *next != ')') {
        if next == '|' {
            branches.push(vec![]);
            continue;
        }
        let what = atom(next, rest);
        let what = repeated(what, rest);
        branches.last_mut().expect("there is one").push(what);
    }
    Node::Branches(branches)
}

fn atom(first: char, rest: &mut Peekable<Chars<'_>>) -> Node {
    match first {
        '(' => {
            if rest.next_if_eq(&'?').is_some() {
                match rest.next() {
                    Some(':') => {}
                    Some('P') => while rest.next().expect("a name ends") != '>' {},
                    other => panic!("the reference does not know (?{other:?}"),
                }
            }
            let inner = branches(rest);
            assert_eq!(rest.next(), Some(')'), "a group is closed");
            inner
        }
        '^' => Node::Start,
        '$' => Node::End,
        '.' => Node::One(Set::Dot),
        '[' => Node::One(class(rest)),
        '\\' => Node::One(escape(rest)),
        plain => Node::One(Set::Char(plain)),
    }
}

fn escape(rest: &mut Peekable<Chars<'_>>) -> Set {
    match rest.next().expect("something is escaped") {
        'd' => Set::Digit,
        's' => Set::White,
        mark if mark.is_ascii_punctuation() => Set::Char(mark),
        other => panic!("the reference does not know \\{other}"),
    }
}

fn class(rest: &mut Peekable<Chars<'_>>) -> Set {
    let is_negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = vec![];
    loop {
        let first = match rest.next().expect("a class is closed") {
            ']' => return Set::Ranges { ranges, is_negated },
            '\\' => rest.next().filter(char::is_ascii_punctuation).expect("punctuation is escaped"),
            plain => plain,
        };
        let last = rest.next_if_eq(&'-').map_or(Some(first), |_| rest.next());
        ranges.push((first, last.expect("a range ends")));
    }
}

fn repeated(what: Node, rest: &mut Peekable<Chars<'_>>) -> Node {
    let (least, most) = match rest.peek() {
        Some('*') => (0, usize::MAX),
        Some('+') => (1, usize::MAX),
        Some('?') => (0, 1),
        Some('{') => {
            let text: String = rest.by_ref().skip(1).take_while(|next| *next != '}').collect();
            let (least, most) = text.split_once(',').unwrap_or((&text, &text));
            let repeat = (least.parse().expect("a number"), most.parse().expect("a number"));
            return repeated(Node::Repeat { what: Box::new(what), least: repeat.0, most: repeat.1 }, rest);
        }
        _ => return what,
    };
    rest.next();
    repeated(Node::Repeat { what: Box::new(what), least, most }, rest)
}

pub(super) fn matches(regex: &Regex, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    (0..=text.len()).any(|start| !ends(regex, &regex.root, &text, start).is_empty())
}

/// All places where a match that begins at `start` may end.
fn ends(regex: &Regex, node: &Node, text: &[char], start: usize) -> Vec<usize> {
    match node {
        Node::Start => {
            if start == 0 {
                vec![start]
            } else {
                vec![]
            }
        }
        Node::End => {
            if start == text.len() {
                vec![start]
            } else {
                vec![]
            }
        }
        Node::One(set) => {
            let is_in = text.get(start).is_some_and(|character| holds(regex, set, *character));
            if is_in { vec![start + 1] } else { vec![] }
        }
        Node::Branches(branches) => {
            let of_branch = |branch: &Vec<Node>| {
                branch.iter().fold(vec![start], |from, part| distinct(from, |from| ends(regex, part, text, from)))
            };
            distinct((0..branches.len()).collect(), |branch| of_branch(&branches[branch]))
        }
        Node::Repeat { what, least, most } => {
            let mut reached = vec![start];
            for _ in 0..*least {
                reached = distinct(reached, |from| ends(regex, what, text, from));
            }
            // More often than there are characters, a repetition only stays where it is.
            for _ in 0..(most - least).min(text.len() + 1) {
                let further = distinct(reached.clone(), |from| ends(regex, what, text, from));
                reached.extend(further);
                reached.sort_unstable();
                reached.dedup();
            }
            reached
        }
    }
}

fn distinct(from: Vec<usize>, step: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut reached: Vec<usize> = from.into_iter().flat_map(step).collect();
    reached.sort_unstable();
    reached.dedup();
    reached
}

fn holds(regex: &Regex, set: &Set, character: char) -> bool {
    let folded = |character: char| {
        let folded = unicode_case_mapping::case_folded(character).and_then(|folded| char::from_u32(folded.get()));
        folded.filter(|_| regex.is_case_blind).unwrap_or(character)
    };
    match set {
        Set::Char(own) => folded(*own) == folded(character),
        Set::Dot => character != '\n',
        Set::Digit => get_general_category(character) == GeneralCategory::DecimalNumber,
        Set::White => character.is_whitespace(),
        Set::Ranges { ranges, is_negated } => {
            let is_in = |character: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&character));
            let alike = |character: char| match regex.is_case_blind {
                // Ranges here are of ASCII; so are their other cases, but for two.
                true => "ſK"
                    .chars()
                    .chain((0..128u8).map(char::from))
                    .any(|other| folded(other) == folded(character) && is_in(other)),
                false => false,
            };
            (is_in(character) || alike(character)) != *is_negated
        }
    }
}
