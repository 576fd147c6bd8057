//! What a call says: its path, its query and its body, read strictly.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use super::place::Place;
use super::shape;
use crate::admin::{AdminError, FieldError};

/// The largest body, in bytes.
pub(super) const LARGEST_BODY: usize = 256 * 1024;

/// A call, read.
pub(crate) struct Call<P, Q, B> {
    /// What its path names.
    pub path: P,
    /// What its query says.
    pub query: Q,
    /// What its body says.
    pub body: B,
}

/// What a body says.
pub(crate) trait Body: Sized + 'static {
    /// Reads it; an empty one is `{}`.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] with the field that cannot be read.
    fn read(bytes: &[u8]) -> Result<Self, AdminError>;

    /// Its schema with all that it is made of; `None` where there is no body.
    fn document(schemas: &mut Vec<(String, RefOr<Schema>)>) -> Option<Ref>;

    /// Whether there is a field that must be told.
    fn is_required() -> bool;
}

impl<T: DeserializeOwned + ToSchema + 'static> Body for T {
    fn read(bytes: &[u8]) -> Result<Self, AdminError> {
        let text = if bytes.is_empty() { b"{}" } else { bytes };
        // serde would take a list for an object's fields in their order.
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Err(AdminError::field("", "it must be a JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_slice(text);
        let read =
            serde_path_to_error::deserialize(&mut reader).map_err(|error| AdminError::Invalid(told::<T>(text, &error)));
        read.and_then(|body| reader.end().map(|()| body).map_err(|_| more_than_one()))
    }

    fn document(schemas: &mut Vec<(String, RefOr<Schema>)>) -> Option<Ref> {
        T::schemas(schemas);
        schemas.push((T::name().into_owned(), T::schema()));
        Some(Ref::from_schema_name(T::name()))
    }

    fn is_required() -> bool {
        matches!(T::schema(), RefOr::T(Schema::Object(object)) if !object.required.is_empty())
    }
}

/// All that is wrong with the shape of a body; where that does not show it, where and why serde stopped.
fn told<T: ToSchema>(text: &[u8], error: &serde_path_to_error::Error<serde_json::Error>) -> Vec<FieldError> {
    let mistakes = shape::mistakes(&T::schema(), text);
    if !mistakes.is_empty() {
        return mistakes;
    }
    let message = error.inner().to_string();
    if error.inner().is_syntax() || error.inner().is_eof() {
        return vec![FieldError::new("", format!("no JSON: {message}"))];
    }
    let path = error.path().to_string();
    let field = if path == "." { String::new() } else { path.replace('[', ".").replace(']', "") };
    // serde tells where it stopped in the text, too; the field is what helps.
    let message = message.split(" at line ").next().unwrap_or_default();
    vec![FieldError::new(field.trim_start_matches('.'), message)]
}

fn more_than_one() -> AdminError {
    AdminError::field("", "it must be one JSON object, with nothing behind it")
}

/// A call without a body.
pub(crate) struct NoBody;

impl Body for NoBody {
    fn read(bytes: &[u8]) -> Result<Self, AdminError> {
        let nothing: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_slice(bytes);
        match nothing {
            Ok(fields) if fields.is_empty() => Ok(Self),
            Ok(fields) => {
                let unknown = |field| FieldError::new(field, "there is no such field; this call takes none");
                Err(AdminError::Invalid(fields.into_keys().map(unknown).collect()))
            }
            Err(_) if bytes.is_empty() => Ok(Self),
            Err(_) => Err(AdminError::field("", "this call takes none")),
        }
    }

    fn document(_: &mut Vec<(String, RefOr<Schema>)>) -> Option<Ref> {
        None
    }

    fn is_required() -> bool {
        false
    }
}

/// A call without parameters in its query.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// What the path names; `None` for what can name nothing.
pub(super) fn place<P: Place>(http: &HttpRequest) -> Option<P> {
    P::name(&|name| http.match_info().get(name).map(str::to_owned))
}
