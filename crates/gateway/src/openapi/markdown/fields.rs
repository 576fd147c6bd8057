//! The fields of a request or an answer, taken apart to the innermost: `Page.Index`, `List[].ParticipantNumber`.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::{Array, Object, RefOr, Schema};

use super::inline;
use super::table::{Table, cell};
use super::values::Keywords;

/// No schema of ours is as deep: what is deeper refers to itself.
const DEEPEST: usize = 8;

/// The fields of one schema, in its order.
#[derive(Default)]
pub(super) struct Fields(Vec<Field>);

/// One field.
#[derive(Debug, Clone)]
struct Field {
    /// Where it stands: `Data.List[].GroupId`.
    path: String,
    kind: String,
    is_required: bool,
    is_nullable: bool,
    rule: String,
    default: Option<String>,
    meaning: String,
}

impl Fields {
    /// The fields of `schema`, whose references lead into `schemas`.
    pub(super) fn of(schemas: &BTreeMap<String, RefOr<Schema>>, schema: &RefOr<Schema>) -> Self {
        let mut reader = Reader { schemas, fields: Vec::new() };
        reader.members(schema, "", 0);
        Self(reader.fields)
    }

    /// Those that `others` lacks.
    pub(super) fn without(self, others: &Self) -> Self {
        let own = |field: &Field| !others.0.iter().any(|other| other.path == field.path);
        Self(self.0.into_iter().filter(own).collect())
    }

    /// Those that are not inside the field at `path`.
    pub(super) fn outside(self, path: &str) -> Self {
        let is_inside = |field: &Field| field.path.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
        Self(self.0.into_iter().filter(|field| !is_inside(field)).collect())
    }

    /// The outermost names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|field| field.path.as_str()).filter(|path| !path.contains(['.', '[']))
    }
}

/// A table of what a caller sends.
pub(super) fn parameters(fields: &Fields) -> String {
    let mut table = Table::new(&["parameter", "type", "required", "rule", "default", "meaning"]);
    for field in &fields.0 {
        let required = if field.is_required { "yes" } else { "no" };
        table.row(&[
            format!("`{}`", field.path),
            field.kind.clone(),
            required.to_owned(),
            cell(&field.rule),
            field.default.clone().unwrap_or_default(),
            cell(&field.meaning),
        ]);
    }
    table.finish()
}

/// A table of what a caller gets.
pub(super) fn answers(fields: &Fields) -> String {
    let mut table = Table::new(&["field", "type", "meaning"]);
    for field in &fields.0 {
        let null = if field.is_required && !field.is_nullable { "" } else { " or `null`" };
        table.row(&[format!("`{}`", field.path), format!("{}{null}", field.kind), cell(&field.meaning)]);
    }
    table.finish()
}

/// A table of what a receiver of events gets, in which what may be absent and what may be `null` are told apart.
pub(super) fn members(fields: &Fields) -> String {
    let mut table = Table::new(&["member", "type", "meaning"]);
    for field in &fields.0 {
        let missing = match (field.is_required, field.is_nullable) {
            (false, _) => ", may be absent",
            (true, true) => " or `null`",
            (true, false) => "",
        };
        table.row(&[format!("`{}`", field.path), format!("{}{missing}", field.kind), cell(&field.meaning)]);
    }
    table.finish()
}

/// Walks a schema.
struct Reader<'a> {
    schemas: &'a BTreeMap<String, RefOr<Schema>>,
    fields: Vec<Field>,
}

/// A schema behind its references, and what was said on the way there.
struct Seen<'a> {
    schema: &'a Schema,
    /// What the place says that refers to it, or the schema itself.
    meaning: String,
    is_nullable: bool,
}

impl<'a> Reader<'a> {
    /// Adds the fields that an object has, or the objects that something is made of.
    fn members(&mut self, schema: &'a RefOr<Schema>, above: &str, depth: usize) {
        let Some(seen) = self.seen(schema).filter(|_| depth < DEEPEST) else { return };
        match seen.schema {
            Schema::Object(object) => self.properties(object, above, depth),
            Schema::Array(array) => {
                if let Some(items) = items(array) {
                    self.members(items, &format!("{above}[]"), depth + 1);
                }
            }
            composite => parts(composite).iter().for_each(|part| self.members(part, above, depth + 1)),
        }
    }

    fn properties(&mut self, object: &'a Object, above: &str, depth: usize) {
        for (name, property) in &object.properties {
            let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            let is_required = object.required.contains(name);
            if let Some(field) = self.field(property, path.clone(), is_required) {
                self.fields.push(field);
                self.members(property, &path, depth + 1);
            }
        }
        if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref() {
            self.members(values, &format!("{above}.{{name}}"), depth + 1);
        }
    }

    fn field(&self, property: &'a RefOr<Schema>, path: String, is_required: bool) -> Option<Field> {
        let seen = self.seen(property)?;
        let keywords = Keywords::of(seen.schema);
        Some(Field {
            path,
            kind: self.kind(seen.schema),
            is_required,
            is_nullable: seen.is_nullable || keywords.is_nullable(),
            rule: keywords.rule(),
            default: keywords.default(),
            meaning: seen.meaning,
        })
    }

    /// The type in a word or two.
    fn kind(&self, schema: &'a Schema) -> String {
        match schema {
            Schema::Object(object) => Keywords::of(object).types().join(" or "),
            Schema::AllOf(_) => "object".to_owned(),
            Schema::Array(array) => {
                let items = items(array).and_then(|items| self.seen(items));
                items.map_or_else(|| "array".to_owned(), |items| format!("array of {}s", self.kind(items.schema)))
            }
            choice => {
                let seen = parts(choice).iter().filter_map(|part| self.seen(part));
                let mut kinds: Vec<String> = seen.map(|seen| self.kind(seen.schema)).collect();
                kinds.dedup();
                kinds.join(" or ")
            }
        }
    }

    /// Follows references, and takes a choice between something and `null` as that something.
    fn seen(&self, schema: &'a RefOr<Schema>) -> Option<Seen<'a>> {
        let schema = match schema {
            RefOr::T(schema) => schema,
            RefOr::Ref(reference) => {
                let behind = self.seen(self.schemas.get(reference.ref_location.rsplit('/').next()?)?)?;
                return Some(behind.meaning(&reference.description));
            }
        };
        let own = Keywords::of(schema).description().unwrap_or_default().to_owned();
        match parts(schema) {
            [something, null] | [null, something] if is_null(null) => {
                Some(Seen { is_nullable: true, ..self.seen(something)?.meaning(&own) })
            }
            _ => Some(Seen { schema, meaning: own, is_nullable: false }),
        }
    }
}

impl Seen<'_> {
    /// The same where `told` is said of it, if anything is.
    fn meaning(self, told: &str) -> Self {
        if told.is_empty() { self } else { Self { meaning: told.to_owned(), ..self } }
    }
}

/// What a schema is put together from, or chooses from.
fn parts(schema: &Schema) -> &[RefOr<Schema>] {
    match schema {
        Schema::AllOf(all) => &all.items,
        Schema::OneOf(one) => &one.items,
        Schema::AnyOf(any) => &any.items,
        _ => &[],
    }
}

fn items(array: &Array) -> Option<&RefOr<Schema>> {
    match &array.items {
        ArrayItems::RefOrSchema(items) => Some(items),
        ArrayItems::False => None,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    inline(schema).is_some_and(|schema| Keywords::of(schema).types().is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use utoipa::openapi::{RefOr, Schema};

    use super::{DEEPEST, Fields, answers};

    fn table(schemas: serde_json::Value, schema: &str) -> String {
        let schemas: BTreeMap<String, RefOr<Schema>> = serde_json::from_value(schemas).unwrap();
        answers(&Fields::of(&schemas, &schemas[schema]))
    }

    #[test]
    fn what_may_be_null_is_told_and_what_a_place_says_goes_before_what_its_type_says() {
        let told = table(
            json!({
                "Link": {"type": "string", "description": "Any link."},
                "Group": {"type": "object", "required": ["Id"], "properties": {
                    "Id": {"type": "integer", "description": "Its ID."},
                    "Link": {"oneOf": [{"$ref": "#/components/schemas/Link", "description": "Its link."}, {"type": "null"}]},
                    "Other": {"$ref": "#/components/schemas/Link"},
                }},
            }),
            "Group",
        );
        for row in ["| `Id` | integer | Its ID. |", "| `Link` | string or `null` | Its link. |", "| Any link. |"] {
            assert!(told.contains(row), "{row} in {told}");
        }
    }

    #[test]
    fn the_values_of_a_map_have_a_placeholder_for_their_name() {
        let part = json!({"type": "object", "required": ["Done"], "properties": {"Done": {"type": "boolean"}}});
        let map = json!({"type": "object", "additionalProperties": part});
        let told = table(json!({"All": {"type": "object", "properties": {"Fields": map}}}), "All");
        assert!(told.contains("| `Fields.{name}.Done` | boolean |"), "{told}");
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let node = json!({"type": "object", "properties": {"Next": {"$ref": "#/components/schemas/Node"}}});
        let told = table(json!({ "Node": node }), "Node");
        assert_eq!(told.lines().filter(|line| line.starts_with("| `Next")).count(), DEEPEST, "{told}");
    }
}
