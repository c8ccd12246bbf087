//! Holds a tree against a schema: notes what is wrong, keeps what is right.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::mistakes::{Mistakes, Place};
use super::schema::{describe, has_type, join, nearest, resolve, words};
use super::tree::{Content, Entry, Node};
use super::types;

/// Where each key of the file stands.
pub(crate) type Places = BTreeMap<String, Place>;

/// Notes what a schema cannot say; handed to [`Config::check`](super::Config::check).
pub struct Check<'a> {
    places: &'a Places,
    mistakes: &'a mut Mistakes,
}

impl<'a> Check<'a> {
    pub(crate) fn new(places: &'a Places, mistakes: &'a mut Mistakes) -> Check<'a> {
        Check { places, mistakes }
    }

    /// Notes a mistake about `keys`, at the first of them that stands in the file.
    ///
    /// Says nothing when one of them is mistaken already: its value is then not what was written.
    pub fn refuse(&mut self, keys: &[&str], message: impl Into<String>, allowed: impl Into<String>) {
        let is_known = keys.iter().any(|key| self.mistakes.is_mistaken(key));
        if is_known {
            return;
        }
        let written: Vec<(&str, Place)> =
            keys.iter().filter_map(|key| self.places.get(*key).map(|place| (*key, *place))).collect();
        let (key, place) = match written.last() {
            Some((key, place)) => (*key, *place),
            None => (keys.first().copied().unwrap_or_default(), self.nearest_place(keys)),
        };
        let mut message = message.into();
        for (other, other_place) in written.iter().filter(|(other, _)| *other != key) {
            message.push_str(&format!(" (with {other} in line {})", other_place.line));
        }
        self.mistakes.note(place, key, message, allowed);
    }

    /// Tells whether a key, or one below it, has a mistake, so that its value is not what was written.
    pub fn is_mistaken(&self, key: &str) -> bool {
        self.mistakes.is_mistaken(key)
    }

    /// Tells whether a key stands in the file.
    pub fn is_written(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// The place of the closest parent that stands in the file.
    fn nearest_place(&self, keys: &[&str]) -> Place {
        let mut key = keys.first().copied().unwrap_or_default();
        while let Some((parent, _)) = key.rsplit_once('.') {
            if let Some(place) = self.places.get(parent) {
                return *place;
            }
            key = parent;
        }
        Place { line: 1, column: 1 }
    }
}

/// Walks a tree and a schema side by side.
pub(crate) struct Walker<'a> {
    root: &'a Value,
    mistakes: &'a mut Mistakes,
    places: Places,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(root: &'a Value, mistakes: &'a mut Mistakes) -> Walker<'a> {
        Walker { root, mistakes, places: Places::new() }
    }

    pub(crate) fn into_places(self) -> Places {
        self.places
    }

    /// The tree as JSON, without what is wrong.
    pub(crate) fn walk(&mut self, tree: &Node) -> Value {
        self.value(tree, self.root, "").unwrap_or_else(|| Value::Object(Map::new()))
    }

    fn value(&mut self, node: &Node, schema: &'a Value, key: &str) -> Option<Value> {
        let resolved = resolve(self.root, schema);
        let schema = resolved.schema;
        match &node.content {
            Content::Broken => None,
            Content::Scalar { text, is_plain } => {
                let is_null = *is_plain && matches!(text.as_str(), "" | "~" | "null");
                if is_null {
                    return self.nothing(node, schema, key, resolved.is_nullable);
                }
                self.scalar(node.at, text, *is_plain, schema, key)
            }
            Content::List(nodes) => self.list(node.at, nodes, schema, key),
            Content::Map(entries) => self.map(node.at, entries, schema, key),
        }
    }

    /// A key without a value: fine for what is optional or has keys of its own.
    fn nothing(&mut self, node: &Node, schema: &Value, key: &str, is_nullable: bool) -> Option<Value> {
        if is_nullable {
            return Some(Value::Null);
        }
        if has_type(schema, "object") {
            return Some(Value::Object(Map::new()));
        }
        self.mistakes.note(node.at, key, "the key has no value", describe(schema));
        None
    }

    fn scalar(&mut self, at: Place, text: &str, is_plain: bool, schema: &Value, key: &str) -> Option<Value> {
        match scalar_value(text, is_plain, schema) {
            Ok(value) => Some(value),
            Err(message) => {
                self.mistakes.note(at, key, message, describe(schema));
                None
            }
        }
    }

    fn list(&mut self, at: Place, nodes: &[Node], schema: &'a Value, key: &str) -> Option<Value> {
        if !has_type(schema, "array") {
            self.mistakes.note(at, key, "a list stands where none belongs", describe(schema));
            return None;
        }
        let count = u64::try_from(nodes.len()).unwrap_or(u64::MAX);
        if schema["minItems"].as_u64().is_some_and(|least| count < least) {
            self.mistakes.note(at, key, "the list is too short", describe(schema));
            return None;
        }
        if schema["maxItems"].as_u64().is_some_and(|most| count > most) {
            let allowed = format!("at most {} entries", schema["maxItems"]);
            self.mistakes.note(at, key, "the list is too long", allowed);
            return None;
        }
        let items = schema.get("items").unwrap_or(&Value::Null);
        let mut values = Vec::new();
        let mut is_whole = true;
        for (index, node) in nodes.iter().enumerate() {
            let item_key = format!("{key}[{index}]");
            self.places.insert(item_key.clone(), node.at);
            match self.value(node, items, &item_key) {
                Some(value) => values.push(value),
                None => is_whole = false,
            }
        }
        is_whole.then_some(Value::Array(values))
    }

    fn map(&mut self, at: Place, entries: &[Entry], schema: &'a Value, key: &str) -> Option<Value> {
        if !has_type(schema, "object") {
            self.mistakes.note(at, key, "a mapping stands where none belongs", describe(schema));
            return None;
        }
        let mut values = Map::new();
        for entry in entries {
            let path = join(key, &entry.key);
            self.places.insert(path.clone(), entry.key_at);
            let Some(known) = self.entry_schema(entry, schema, &path) else { continue };
            if let Some(value) = self.value(&entry.value, known, &path) {
                values.insert(entry.key.clone(), value);
            }
        }
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut is_whole = true;
        for name in required.iter().filter_map(Value::as_str) {
            is_whole &= values.contains_key(name);
            if !entries.iter().any(|entry| entry.key == name) {
                let missing = schema["properties"].get(name).unwrap_or(&Value::Null);
                let allowed = describe(resolve(self.root, missing).schema);
                self.mistakes.note(at, &join(key, name), "the key is missing", allowed);
            }
        }
        // Half a mapping would keep all the rest from being understood, and its mistakes from being told.
        is_whole.then_some(Value::Object(values))
    }

    /// The schema of a key, or `None` and a mistake.
    fn entry_schema(&mut self, entry: &Entry, schema: &'a Value, path: &str) -> Option<&'a Value> {
        let properties = schema["properties"].as_object();
        if let Some(known) = properties.and_then(|properties| properties.get(&entry.key)) {
            if known["deprecated"] == true {
                self.mistakes.note(entry.key_at, path, "the key has no effect", "remove it");
                return None;
            }
            return Some(known);
        }
        if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
            return Some(others);
        }
        let names = || properties.into_iter().flatten().map(|(name, _)| name.as_str());
        let mut message = "unknown key".to_owned();
        if let Some(meant) = nearest(&entry.key, names()) {
            message.push_str(&format!(", did you mean `{meant}`?"));
        }
        let allowed: Vec<&str> = names().collect();
        self.mistakes.note(entry.key_at, path, message, allowed.join(", "));
        None
    }
}

/// A scalar as JSON, or what is wrong with it.
fn scalar_value(text: &str, is_plain: bool, schema: &Value) -> Result<Value, String> {
    if let Some(words) = words(schema) {
        if words.contains(&text) {
            return Ok(Value::from(text));
        }
        let meant = nearest(text, words.into_iter()).map(|word| format!(", did you mean `{word}`?"));
        return Err(format!("{text:?} is none of the allowed values{}", meant.unwrap_or_default()));
    }
    if has_type(schema, "string") {
        return string_value(text, schema);
    }
    if has_type(schema, "array") || has_type(schema, "object") {
        return Err(format!(
            "{text:?} stands where a {} belongs",
            if has_type(schema, "array") { "list" } else { "mapping" }
        ));
    }
    if !is_plain {
        return Err(format!("{text:?} is quoted, so it is a text"));
    }
    if has_type(schema, "boolean") {
        return text.parse::<bool>().map(Value::from).map_err(|_| format!("{text:?} is neither true nor false"));
    }
    if has_type(schema, "integer") {
        let number = text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
        let number = number.map_err(|_| format!("{text:?} is not a whole number"))?;
        return in_range(number, schema);
    }
    if has_type(schema, "number") {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let number = number.ok_or_else(|| format!("{text:?} is not a number"))?;
        return in_range(Value::from(number), schema);
    }
    Err(format!("{text:?} stands where no plain value belongs"))
}

fn in_range(number: Value, schema: &Value) -> Result<Value, String> {
    let found = number.as_f64().unwrap_or(f64::NAN);
    let is_below = schema["minimum"].as_f64().is_some_and(|least| found < least);
    let is_above = schema["maximum"].as_f64().is_some_and(|most| found > most);
    if is_below || is_above { Err(format!("{number} is out of range")) } else { Ok(number) }
}

fn string_value(text: &str, schema: &Value) -> Result<Value, String> {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        return Err("the text is empty".to_owned());
    }
    if schema["maxLength"].as_u64().is_some_and(|most| length > most) {
        return Err("the text is too long".to_owned());
    }
    types::check_format(text, schema).map(|()| Value::from(text))
}
