//! Every mistake in the shape of a body at once: unknown fields, missing ones, and values of another type.
//!
//! serde stops at the first. What a body may hold is told by its schema, which the document is made from too, so it is
//! looked at against that, once it is known that something is wrong.

use serde_json::{Map, Value};
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::admin::FieldError;

/// How many mistakes are told at once.
pub(super) const MOST_TOLD: usize = 100;

/// What is wrong with the shape of `text`, as far as `schema` tells: its own fields, and not what is inside of them.
pub(super) fn mistakes(schema: &RefOr<Schema>, text: &[u8]) -> Vec<FieldError> {
    let (RefOr::T(Schema::Object(schema)), Ok(Value::Object(fields))) = (schema, serde_json::from_slice(text)) else {
        return Vec::new();
    };
    let unknown = fields.keys().filter(|field| !schema.properties.contains_key(*field));
    let unknown = unknown.map(|field| FieldError::new(field, unknown_field(schema)));
    let missing = schema.required.iter().filter(|field| !fields.contains_key(*field));
    let missing = missing.map(|field| FieldError::new(field, "it is missing"));
    unknown.chain(missing).chain(of_another_type(schema, &fields)).take(MOST_TOLD).collect()
}

fn unknown_field(schema: &Object) -> String {
    let known: Vec<String> = schema.properties.keys().map(|field| format!("`{field}`")).collect();
    match known.as_slice() {
        [] => "there is no such field; this call takes none".to_owned(),
        known => format!("there is no such field; there are {}", known.join(", ")),
    }
}

fn of_another_type<'a>(schema: &'a Object, fields: &'a Map<String, Value>) -> impl Iterator<Item = FieldError> + 'a {
    fields.iter().filter_map(|(field, value)| {
        let types = types(schema.properties.get(field)?)?;
        let fits = types.iter().any(|wanted| is_of_type(value, wanted));
        (!fits).then(|| FieldError::new(field, format!("it must be {}", names(types).join(" or "))))
    })
}

/// The types that a field may have; `None` where its schema does not say so itself.
pub(super) fn types(schema: &RefOr<Schema>) -> Option<&[Type]> {
    let written = match schema {
        RefOr::T(Schema::Object(object)) => &object.schema_type,
        RefOr::T(Schema::Array(array)) => &array.schema_type,
        RefOr::T(_) | RefOr::Ref(_) => return None,
    };
    match written {
        SchemaType::Type(one) => Some(std::slice::from_ref(one)),
        SchemaType::Array(several) => Some(several),
        SchemaType::AnyValue => None,
    }
}

fn is_of_type(value: &Value, wanted: &Type) -> bool {
    match wanted {
        Type::Object => value.is_object(),
        Type::String => value.is_string(),
        Type::Integer => value.is_i64() || value.is_u64(),
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Array => value.is_array(),
        Type::Null => value.is_null(),
    }
}

pub(super) fn names(types: &[Type]) -> Vec<&'static str> {
    let name = |wanted: &Type| match wanted {
        Type::Object => "an object",
        Type::String => "text",
        Type::Integer => "a whole number",
        Type::Number => "a number",
        Type::Boolean => "true or false",
        Type::Array => "a list",
        Type::Null => "null",
    };
    types.iter().map(name).collect()
}
