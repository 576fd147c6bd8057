//! `Page`: which part of a list is wanted.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A page of a list: `{"Index": 1, "Size": 10}` is the first ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Page {
    /// Which page, from 1.
    pub index: PageIndex,
    /// How many items a page has.
    pub size: PageSize,
}

impl Page {
    /// How many items stand before the page.
    pub fn offset(self) -> u64 {
        (u64::from(self.index.0) - 1) * u64::from(self.size.0)
    }

    /// How many items the page has at the most.
    pub fn limit(self) -> u64 {
        self.size.0.into()
    }
}

/// Makes an integer of a page from its range.
macro_rules! page_integer {
    ($name:ident, $meaning:literal, $most:expr, $rule:literal, $example:literal) => {
        #[doc = $meaning]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(u32);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_u32(Bounded { most: $most, rule: $rule }).map(Self)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .description(Some($meaning))
                    .minimum(Some(1))
                    .maximum(Some($most))
                    .examples([$example])
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

page_integer!(PageIndex, "Which page, from 1.", 2_147_483_647_u32, "an integer from 1 to 2147483647", 1);
page_integer!(PageSize, "How many items a page has.", 100_u32, "an integer from 1 to 100", 10);

struct Bounded {
    most: u32,
    rule: &'static str,
}

impl de::Visitor<'_> for Bounded {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u32, E> {
        let fitting = u32::try_from(number).ok().filter(|number| (1..=self.most).contains(number));
        fitting.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Page;
    use crate::parameters::from_json;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        page: Page,
    }

    fn read(page: &serde_json::Value) -> Result<Page, String> {
        let body = json!({ "Page": page }).to_string();
        from_json::<Request>(body.as_bytes()).map(|request| request.page).map_err(|error| error.to_string())
    }

    #[test]
    fn a_page_begins_after_those_before_it() {
        let page = read(&json!({"Index": 3, "Size": 25})).unwrap();
        assert_eq!((page.offset(), page.limit()), (50, 25));
        let last = read(&json!({"Index": 2_147_483_647, "Size": 100})).unwrap();
        assert_eq!(last.offset(), 214_748_364_600);
    }

    #[test]
    fn an_index_or_size_out_of_its_range_is_named() {
        for (page, named) in [
            (json!({"Index": 0, "Size": 10}), "`Page.Index` is wrong: 0"),
            (json!({"Index": 1, "Size": 0}), "`Page.Size` is wrong: 0"),
            (json!({"Index": 1, "Size": 101}), "`Page.Size` is wrong: 101"),
            (json!({"Index": -1, "Size": 10}), "`Page.Index` is wrong: -1"),
            (json!({"Index": 1.5, "Size": 10}), "`Page.Index` is wrong: 1.5"),
            (json!({"Index": 1}), "`Page.Size` is required"),
            (json!({}), "`Page.Index` is required"),
            (json!({"Index": 1, "Size": 10, "Colour": 1}), "`Page.Colour` is not a parameter"),
        ] {
            let told = read(&page).unwrap_err();
            assert!(told.contains(named), "{told}");
        }
    }
}
