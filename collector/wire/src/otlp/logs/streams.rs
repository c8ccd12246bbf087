//! Resources and scopes of a request, as the distinct streams of a batch.
//!
//! Senders repeat a resource in every ResourceLogs of a merged batch; streams are told apart by their bytes, so a
//! resource written in two ways makes two streams with the same content, which is harmless.

use crate::WireError;
use crate::otlp::schema::{entity_ref, resource, scope};
use crate::otlp::value::read_key_value;
use crate::protobuf::{Fields, Malformed, text};
use model::{EntityRef, Stream};
use std::collections::BTreeMap;

/// The messages that describe a resource or a scope. More than one when it was sent in pieces, which merge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Description<'a> {
    pub(super) pieces: Vec<&'a [u8]>,
    pub(super) schema_url: &'a [u8],
}

/// Numbers streams in order of appearance.
#[derive(Default)]
pub(super) struct StreamTable<'a> {
    resources: BTreeMap<Description<'a>, u32>,
    /// By number of the resource, so that a large one is compared once for each ResourceLogs and not for each scope.
    streams: BTreeMap<(u32, Description<'a>), u32>,
}

impl<'a> StreamTable<'a> {
    /// The number of a resource.
    pub(super) fn resource(&mut self, description: Description<'a>) -> u32 {
        let next = u32::try_from(self.resources.len()).expect("envelopes are limited");
        *self.resources.entry(description).or_insert(next)
    }

    /// The number of a stream in `streams`, which gets it at its end when it is new.
    ///
    /// `resource_stream` holds the resource of number `resource` and no scope.
    pub(super) fn stream(
        &mut self,
        resource: u32,
        resource_stream: &Stream,
        scope: Description<'a>,
        streams: &mut Vec<Stream>,
    ) -> Result<u32, WireError> {
        let next = u32::try_from(streams.len()).expect("envelopes are limited");
        if let Some(known) = self.streams.get(&(resource, scope.clone())) {
            return Ok(*known);
        }
        let mut stream = resource_stream.clone();
        for piece in &scope.pieces {
            merge_scope(&mut stream, piece)?;
        }
        stream.scope_schema_url = text::owned(scope.schema_url);
        streams.push(stream);
        self.streams.insert((resource, scope), next);
        Ok(next)
    }
}

/// Reads a resource into a stream without a scope.
pub(super) fn read_resource(description: &Description<'_>) -> Result<Stream, Malformed> {
    let mut stream = Stream { resource_schema_url: text::owned(description.schema_url), ..Stream::default() };
    for piece in &description.pieces {
        merge_resource(&mut stream, piece)?;
    }
    Ok(stream)
}

fn merge_resource(stream: &mut Stream, message: &[u8]) -> Result<(), Malformed> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.number {
            resource::ATTRIBUTES => stream.resource.push(read_key_value(field.bytes()?, 1)?),
            resource::DROPPED_ATTRIBUTES_COUNT => stream.resource_dropped_attributes = field.varint_u32()?,
            resource::ENTITY_REFS => stream.entity_refs.push(read_entity_ref(field.bytes()?)?),
            _ => {}
        }
    }
    Ok(())
}

fn merge_scope(stream: &mut Stream, message: &[u8]) -> Result<(), Malformed> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.number {
            scope::NAME => stream.scope_name = text::owned(field.bytes()?),
            scope::VERSION => stream.scope_version = text::owned(field.bytes()?),
            scope::ATTRIBUTES => stream.scope.push(read_key_value(field.bytes()?, 1)?),
            scope::DROPPED_ATTRIBUTES_COUNT => stream.scope_dropped_attributes = field.varint_u32()?,
            _ => {}
        }
    }
    Ok(())
}

fn read_entity_ref(message: &[u8]) -> Result<EntityRef, Malformed> {
    let mut entity = EntityRef::default();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field.number {
            entity_ref::SCHEMA_URL => entity.schema_url = text::owned(field.bytes()?),
            entity_ref::TYPE => entity.entity_type = text::owned(field.bytes()?),
            entity_ref::ID_KEYS => entity.id_keys.push(text::owned(field.bytes()?)),
            entity_ref::DESCRIPTION_KEYS => entity.description_keys.push(text::owned(field.bytes()?)),
            _ => {}
        }
    }
    Ok(entity)
}
