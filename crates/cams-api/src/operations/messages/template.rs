//! A message that is made from a template.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, de};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::messages::{Language, TemplateCode, TemplateName, Text, Texts};

/// A message that is made from a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateMessage {
    /// Which template.
    pub template: TemplateReference,
    /// In which language.
    pub language: Language,
    /// What stands in the variables of its body.
    pub params: Option<TemplateParams>,
    /// What its quick-reply buttons send back.
    pub payload: Option<Texts<10, 256>>,
}

/// How a template is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateReference {
    /// By its name.
    Name(TemplateName),
    /// By Meta's ID of it.
    Code(TemplateCode),
}

/// What stands in the variables of a template's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateParams {
    /// In `{{1}}`, `{{2}}`, …, in this order.
    Positional(Vec<Text<1024>>),
    /// In `{{name}}`.
    Named(Vec<(String, Text<1024>)>),
}

impl<'de> Deserialize<'de> for TemplateParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ParamsVisitor)
    }
}

struct ParamsVisitor;

impl ParamsVisitor {
    /// The most variables that are filled in; Meta's bodies have room for fewer.
    const MOST: usize = 100;
}

impl<'de> de::Visitor<'de> for ParamsVisitor {
    type Value = TemplateParams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an object of up to {} texts, whose names are 1, 2, … without a gap, or made of letters, digits and `_`, and none of them a number",
            Self::MOST
        )
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut members: A) -> Result<TemplateParams, A::Error> {
        let mut params = Vec::new();
        while let Some(param) = members.next_entry()? {
            params.push(param);
        }
        let count = params.len();
        let params = if count <= Self::MOST { in_order(params) } else { None };
        params.ok_or_else(|| de::Error::invalid_length(count, &self))
    }
}

/// The parameters by position where their names are 1, 2, …, or by name where all are words; `None` where some are neither,
/// or some are numbers and others are not.
fn in_order(params: Vec<(String, Text<1024>)>) -> Option<TemplateParams> {
    if params.iter().all(|(name, _)| is_word(name)) && !params.is_empty() {
        return Some(TemplateParams::Named(params));
    }
    let mut placed = Vec::with_capacity(params.len());
    for (name, text) in params {
        placed.push((position(&name)?, text));
    }
    placed.sort_by_key(|(position, _)| *position);
    let has_gap = placed.iter().enumerate().any(|(index, (position, _))| *position != index + 1);
    (!has_gap).then(|| TemplateParams::Positional(placed.into_iter().map(|(_, text)| text).collect()))
}

/// A number as Meta writes a variable's: in its one form, without zeros before it.
fn position(name: &str) -> Option<usize> {
    name.parse().ok().filter(|position: &usize| position.to_string() == name)
}

/// A name of letters, digits and `_` that is no number.
fn is_word(name: &str) -> bool {
    let is_made_of_these = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_made_of_these && !name.bytes().all(|byte| byte.is_ascii_digit())
}

impl PartialSchema for TemplateParams {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some(
                "What stands in the variables of the template's body: names that are 1, 2, … without a gap for variables by position, names of letters, digits and `_` for named variables.",
            ))
            .additional_properties(Some(AdditionalProperties::RefOr(Text::<1024>::schema())))
            .examples([serde_json::json!({"1": "Mara", "2": "17 h"})])
            .into()
    }
}

impl ToSchema for TemplateParams {
    fn name() -> Cow<'static, str> {
        "TemplateParams".into()
    }
}
