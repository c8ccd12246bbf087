//! A YAML text as a tree that knows its places.
//!
//! Of YAML only what a configuration needs: one document of mappings, lists and scalars. Anchors, aliases
//! and tags are refused, because they make a file that says one thing and means another.

use std::iter::Peekable;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::environment::substitute;
use super::mistakes::{Mistakes, Place};
use super::{Lookup, schema};
use crate::limits::{CONFIG_DEPTH_MAX, CONFIG_NODES_MAX};

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Place,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// A scalar; plain when it stood without quotes.
    Scalar {
        text: String,
        is_plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A mistake that is already noted.
    Broken,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Place,
    pub(crate) value: Node,
}

/// Reads a text; `None` when it is no YAML at all, which is then the only mistake that can be told.
pub(crate) fn read(text: &str, env: Lookup<'_>, mistakes: &mut Mistakes) -> Option<Node> {
    let mut reader = Reader { events: Parser::new_from_str(text).peekable(), env, mistakes, nodes: 0 };
    match reader.document() {
        Ok(node) => Some(node),
        Err(Stop::Syntax(error)) => {
            let place = place_of(error.marker());
            let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
            let has_tab = line.trim_start_matches(' ').starts_with('\t');
            let allowed = if has_tab { "spaces for indentation, never tabs" } else { "valid YAML 1.2" };
            mistakes.note(place, "", format!("this is not YAML: {}", error.info()), allowed);
            None
        }
        Err(Stop::TooLarge(place)) => {
            let allowed = format!("{CONFIG_DEPTH_MAX} levels and {CONFIG_NODES_MAX} values");
            mistakes.note(place, "", "the file is nested too deeply or holds too many values", allowed);
            None
        }
    }
}

enum Stop {
    Syntax(ScanError),
    TooLarge(Place),
}

struct Reader<'a> {
    events: Peekable<Parser<'a, StrInput<'a>>>,
    env: Lookup<'a>,
    mistakes: &'a mut Mistakes,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        while let Some(next) = self.events.next() {
            let (event, span) = next.map_err(Stop::Syntax)?;
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    let message = "a second document begins here";
                    self.mistakes.note(place_of(&span.start), "", message, "one document per file");
                    break;
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::Comment(..) => {}
                event => root = Some(self.node(event, span, "", 0)?),
            }
        }
        let empty = Node { at: Place { line: 1, column: 1 }, content: Content::Map(Vec::new()) };
        Ok(root.unwrap_or(empty))
    }

    /// Reads the node that `event` begins. `key` is its path.
    fn node(&mut self, event: Event<'a>, span: Span, key: &str, depth: usize) -> Result<Node, Stop> {
        let at = place_of(&span.start);
        self.nodes += 1;
        if depth > CONFIG_DEPTH_MAX || self.nodes > CONFIG_NODES_MAX {
            return Err(Stop::TooLarge(at));
        }
        if let Some(message) = unsupported(&event) {
            self.mistakes.note(at, key, message, "plain values, lists and mappings");
        }
        let content = match event {
            Event::Scalar(text, style, ..) => self.scalar(&text, style, at, key),
            Event::SequenceStart(..) => self.list(key, depth)?,
            Event::MappingStart(..) => self.map(key, depth)?,
            _ => Content::Broken,
        };
        Ok(Node { at, content })
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: Place, key: &str) -> Content {
        match substitute(text, self.env) {
            Ok(text) => Content::Scalar { text, is_plain: style == ScalarStyle::Plain },
            Err((message, allowed)) => {
                self.mistakes.note(at, key, message, allowed);
                Content::Broken
            }
        }
    }

    fn list(&mut self, key: &str, depth: usize) -> Result<Content, Stop> {
        let mut nodes = Vec::new();
        while let Some((event, span)) = self.next_node()? {
            if event == Event::SequenceEnd {
                break;
            }
            let item_key = format!("{key}[{}]", nodes.len());
            nodes.push(self.node(event, span, &item_key, depth + 1)?);
        }
        Ok(Content::List(nodes))
    }

    fn map(&mut self, key: &str, depth: usize) -> Result<Content, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some((event, span)) = self.next_node()? {
            if event == Event::MappingEnd {
                break;
            }
            let key_at = place_of(&span.start);
            let name = match &event {
                Event::Scalar(text, ..) => text.clone().into_owned(),
                _ => {
                    self.mistakes.note(key_at, key, "a key must be a word", "a mapping of words to values");
                    self.node(event, span, key, depth + 1)?;
                    String::new()
                }
            };
            let path = schema::join(key, &name);
            let Some((event, span)) = self.next_node()? else { break };
            let value = self.node(event, span, &path, depth + 1)?;
            let first = entries.iter().find(|entry| entry.key == name);
            if let Some(first) = first {
                let message = format!("the key stands here twice, first in line {}", first.key_at.line);
                self.mistakes.note(key_at, &path, message, "each key once");
            } else if !name.is_empty() {
                entries.push(Entry { key: name, key_at, value });
            }
        }
        Ok(Content::Map(entries))
    }

    fn next_node(&mut self) -> Result<Option<(Event<'a>, Span)>, Stop> {
        for next in self.events.by_ref() {
            let (event, span) = next.map_err(Stop::Syntax)?;
            if !matches!(event, Event::Comment(..)) {
                return Ok(Some((event, span)));
            }
        }
        Ok(None)
    }
}

fn unsupported(event: &Event<'_>) -> Option<&'static str> {
    match event {
        Event::Alias(_) | Event::UnresolvedAlias(_) => Some("aliases are not supported"),
        Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _)
            if *anchor != 0 =>
        {
            Some("anchors are not supported")
        }
        Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, _, Some(_)) | Event::MappingStart(_, _, Some(_)) => {
            Some("tags are not supported")
        }
        _ => None,
    }
}

fn place_of(marker: &Marker) -> Place {
    Place { line: marker.line(), column: marker.col() + 1 }
}
