//! Where records come from: a resource and an instrumentation scope.

use crate::value::Value;

/// Keys and values in the order sent; a key may occur twice (the first one answers a question about it).
pub type Attributes = Vec<(Box<str>, Value)>;

/// One distinct pair of OTLP resource and scope. Records of one stream share it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stream {
    /// Attributes of the resource (`service.name`, `k8s.pod.name`, ...).
    pub resource: Attributes,
    /// How many resource attributes the sender left out.
    pub resource_dropped_attributes: u32,
    /// Schema of the resource's attribute names.
    pub resource_schema_url: Box<str>,
    /// Entities the resource describes (OTLP `entity_refs`).
    pub entity_refs: Vec<EntityRef>,
    /// Name of the instrumentation scope (the logger).
    pub scope_name: Box<str>,
    /// Version of the instrumentation scope.
    pub scope_version: Box<str>,
    /// Attributes of the scope.
    pub scope: Attributes,
    /// How many scope attributes the sender left out.
    pub scope_dropped_attributes: u32,
    /// Schema of the scope's and its records' attribute names.
    pub scope_schema_url: Box<str>,
}

/// Which of a resource's attributes name an entity, and which describe it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntityRef {
    /// Schema of the entity's attribute names.
    pub schema_url: Box<str>,
    /// For example `service` or `host`.
    pub entity_type: Box<str>,
    /// Keys of the attributes that identify it.
    pub id_keys: Vec<Box<str>>,
    /// Keys of the attributes that describe it.
    pub description_keys: Vec<Box<str>>,
}

impl Stream {
    /// The resource's `service.name` when it is text.
    pub fn service(&self) -> Option<&str> {
        match find(&self.resource, "service.name") {
            Some(Value::Str(name)) => Some(name),
            _ => None,
        }
    }

    /// The value of an attribute of the scope, else of the resource.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        find(&self.scope, key).or_else(|| find(&self.resource, key))
    }
}

fn find<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a Value> {
    attributes.iter().find(|(name, _)| &**name == key).map(|(_, value)| value)
}
