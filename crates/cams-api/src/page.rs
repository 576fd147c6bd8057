//! `Page`: which part of a list is wanted.

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use crate::value::integer_parameter;

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
        (self.index.0 - 1) * self.size.0
    }

    /// How many items the page has at the most.
    pub fn limit(self) -> u64 {
        self.size.0
    }
}

integer_parameter!(
    PageIndex, "Which page, from 1.", 1, 2_147_483_647,
    rule: "an integer from 1 to 2147483647", schema: ObjectBuilder::new().examples([1])
);
integer_parameter!(
    PageSize, "How many items a page has.", 1, 100,
    rule: "an integer from 1 to 100", schema: ObjectBuilder::new().examples([10])
);

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
