//! Streams as two texts: the resource's attributes, and all else. Both are text forms of maps, so they read as JSON in any
//! program, and they read back exactly.

use model::{Attributes, EntityRef, Stream, Value};

/// A stream as the columns `resource` and `scope` hold it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StreamTexts {
    pub(crate) resource: String,
    pub(crate) scope: String,
}

const NAME: &str = "name";
const VERSION: &str = "version";
const SCHEMA: &str = "schema_url";
const DROPPED: &str = "dropped_attributes";
const ATTRIBUTES: &str = "attributes";
const RESOURCE_SCHEMA: &str = "resource_schema_url";
const RESOURCE_DROPPED: &str = "resource_dropped_attributes";
const ENTITIES: &str = "entities";

/// Writes a stream. What is empty is left out.
pub(crate) fn write(stream: &Stream) -> StreamTexts {
    let mut scope = Attributes::new();
    let text = |text: &str| Some(Value::Str(text.into())).filter(|_| !text.is_empty());
    let number = |number: u32| Some(Value::Int(i64::from(number))).filter(|_| number != 0);
    let entities: Vec<Value> = stream.entity_refs.iter().map(entity).collect();
    let fields = [
        (NAME, text(&stream.scope_name)),
        (VERSION, text(&stream.scope_version)),
        (ATTRIBUTES, Some(Value::Map(stream.scope.clone())).filter(|_| !stream.scope.is_empty())),
        (DROPPED, number(stream.scope_dropped_attributes)),
        (SCHEMA, text(&stream.scope_schema_url)),
        (RESOURCE_DROPPED, number(stream.resource_dropped_attributes)),
        (RESOURCE_SCHEMA, text(&stream.resource_schema_url)),
        (ENTITIES, Some(Value::Array(entities)).filter(|_| !stream.entity_refs.is_empty())),
    ];
    scope.extend(fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
    StreamTexts { resource: Value::Map(stream.resource.clone()).to_string(), scope: Value::Map(scope).to_string() }
}

fn entity(entity: &EntityRef) -> Value {
    let texts = |texts: &[Box<str>]| Value::Array(texts.iter().map(|text| Value::Str(text.clone())).collect());
    Value::Array(vec![
        Value::Str(entity.schema_url.clone()),
        Value::Str(entity.entity_type.clone()),
        texts(&entity.id_keys),
        texts(&entity.description_keys),
    ])
}

/// Reads a stream back; `None` for what [`write`] never wrote.
pub(crate) fn read(resource: &str, scope: &str) -> Option<Stream> {
    let mut stream = Stream { resource: map(Value::parse_text_form(resource)?)?, ..Stream::default() };
    for (name, value) in map(Value::parse_text_form(scope)?)? {
        match &*name {
            NAME => stream.scope_name = text(value)?,
            VERSION => stream.scope_version = text(value)?,
            SCHEMA => stream.scope_schema_url = text(value)?,
            DROPPED => stream.scope_dropped_attributes = number(&value)?,
            ATTRIBUTES => stream.scope = map(value)?,
            RESOURCE_SCHEMA => stream.resource_schema_url = text(value)?,
            RESOURCE_DROPPED => stream.resource_dropped_attributes = number(&value)?,
            ENTITIES => stream.entity_refs = list(value)?.into_iter().map(read_entity).collect::<Option<_>>()?,
            // A later version may know more of a stream; what is known here is still true.
            _ => {}
        }
    }
    Some(stream)
}

fn read_entity(value: Value) -> Option<EntityRef> {
    let [schema_url, entity_type, id_keys, description_keys] = <[Value; 4]>::try_from(list(value)?).ok()?;
    let texts = |value| list(value)?.into_iter().map(text).collect::<Option<Vec<_>>>();
    Some(EntityRef {
        schema_url: text(schema_url)?,
        entity_type: text(entity_type)?,
        id_keys: texts(id_keys)?,
        description_keys: texts(description_keys)?,
    })
}

fn map(value: Value) -> Option<Attributes> {
    match value {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn text(value: Value) -> Option<Box<str>> {
    match value {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Int(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
