//! What Meta's requests and answers look like ([Meta: groups][groups], [Meta's own document][document]). Meta may add
//! members at any time, and what it adds is passed on.
//!
//! [groups]: https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/reference
//! [document]: https://github.com/facebook/openapi

mod groups;
mod objects;

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};

/// A schema and the name that it is referred to by.
pub(super) type Shape = (&'static str, RefOr<Schema>);

/// One member of an object.
type Member = (&'static str, RefOr<Schema>);

/// All of them.
pub(super) fn all() -> impl Iterator<Item = Shape> {
    groups::all().into_iter().chain(objects::all())
}

fn object(description: &str, required: &[&str], members: impl IntoIterator<Item = Member>) -> RefOr<Schema> {
    let whole = ObjectBuilder::new().schema_type(Type::Object).description(Some(description));
    let whole = required.iter().fold(whole, |whole, name| whole.required(*name));
    members.into_iter().fold(whole, |whole, (name, member)| whole.property(name, member)).into()
}

fn simple(kind: Type, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind).description(Some(description))
}

fn text(description: &str) -> RefOr<Schema> {
    simple(Type::String, description).into()
}

fn one_of(description: &str, values: &[&str]) -> RefOr<Schema> {
    simple(Type::String, description).enum_values(Some(values.to_vec())).into()
}

fn integer(description: &str) -> RefOr<Schema> {
    simple(Type::Integer, description).into()
}

fn flag(description: &str) -> RefOr<Schema> {
    simple(Type::Boolean, description).into()
}

/// An object whose members Meta's own pages tell.
fn metas(description: &str) -> RefOr<Schema> {
    simple(Type::Object, description).into()
}

fn file(description: &str) -> RefOr<Schema> {
    simple(Type::String, description).content_media_type("application/octet-stream").into()
}

fn list(description: &str, items: impl Into<RefOr<Schema>>) -> RefOr<Schema> {
    ArrayBuilder::new().items(items.into()).description(Some(description)).into()
}

fn refer(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

/// The other shape, with what it means in this place.
fn referred(name: &str, description: &str) -> RefOr<Schema> {
    let mut reference = Ref::from_schema_name(name);
    description.clone_into(&mut reference.description);
    reference.into()
}

fn messaging_product() -> Member {
    ("messaging_product", one_of("Always `whatsapp`.", &["whatsapp"]))
}

/// A page of a list: `data`, and where the other pages are.
fn page(description: &str, data: RefOr<Schema>) -> RefOr<Schema> {
    object(description, &["data"], [("data", data), ("paging", referred("Paging", "Where the other pages are."))])
}
