//! Templates that a business writes, or copies from the library.

use serde_json::{Value, json};

use super::library;
use crate::graph::errors::{Code, GraphError, GraphResult};
use crate::graph::params::{Params, missing};
use crate::graph::{Answer, Asked};
use crate::ids::WabaId;
use crate::state::State;
use crate::state::templates::{Category, ParameterFormat, Template, TemplateStatus, Variable, variables};

const MAX_NAME: usize = 512;
const MAX_BODY: usize = 1024;
const MAX_HEADER: usize = 60;

/// `POST /{waba_id}/message_templates`.
///
/// A copy of the library is approved at once, as the sample of Meta's page on the library shows; a copy with components
/// of its own counts as customized there, and is reviewed as any other.
pub(crate) fn create(state: &mut State, waba: &WabaId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let params = asked.params();
    let mut template = blank(waba, params)?;
    refuse_duplicate(state, &template)?;
    if let Some(entry) = params.text("library_template_name")?.filter(|name| !name.is_empty()) {
        library::copy(&mut template, entry, params)?;
    }
    if params.get("components").is_some() || template.library_template_name.is_none() {
        template.components = components(params, &mut template.parameter_format)?;
        template.status = TemplateStatus::Pending;
    }
    template.ordinal = state.next_ordinal;
    state.next_ordinal += 1;
    let (status, category) = (template.status, template.category);
    let id = state.add_template(template, &asked.turn);
    Ok(Answer::ok(json!({ "id": id, "status": status, "category": category })))
}

/// Name, language and category; no content yet.
fn blank(waba: &WabaId, params: &Params) -> GraphResult<Template> {
    let name = params.required_text("name")?;
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if name.is_empty() || name.len() > MAX_NAME || !is_plain {
        let text = "A name has 1 to 512 lowercase letters, digits and underscores.";
        return Err(invalid("Invalid template name", text));
    }
    Ok(Template {
        waba_id: waba.clone(),
        ordinal: 0,
        name: name.to_owned(),
        language: language(params)?,
        category: category(params)?,
        status: TemplateStatus::Approved,
        parameter_format: ParameterFormat::Positional,
        components: Vec::new(),
        library_template_name: None,
    })
}

/// `en`, `en_US`, `zh_CN`, `fil`.
fn language(params: &Params) -> GraphResult<String> {
    let given = params.required_text("language")?;
    let (language, region) = given.split_once('_').unwrap_or((given, "XX"));
    let lower = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    if lower && region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(given.to_owned());
    }
    Err(GraphError::parameter(&format!("Param language must be a supported locale - got \"{given}\".")))
}

fn category(params: &Params) -> GraphResult<Category> {
    let given = params.required_text("category")?;
    serde_json::from_value(given.to_ascii_uppercase().into()).map_err(|_| {
        GraphError::parameter(&format!(
            "Param category must be one of {{UTILITY, MARKETING, AUTHENTICATION}} - got \"{given}\"."
        ))
    })
}

/// One template a name and language.
fn refuse_duplicate(state: &State, new: &Template) -> GraphResult<()> {
    let same = |one: &Template| one.name == new.name && one.language == new.language;
    if !state.templates_of(&new.waba_id).into_iter().any(|(_, one)| same(one)) {
        return Ok(());
    }
    let text = format!("There is already {} content for this template. Choose another name.", new.language);
    Err(invalid("Content in this language already exists", text).with_subcode(2_388_024))
}

/// Takes over what an edit gives.
pub(super) fn edit(template: &mut Template, params: &Params) -> GraphResult<()> {
    if params.get("category").is_some() {
        let wanted = category(params)?;
        if template.status == TemplateStatus::Approved && wanted != template.category {
            let text = "The category of an approved template cannot be changed.";
            return Err(invalid("Category cannot be changed", text));
        }
        template.category = wanted;
    }
    if params.get("components").is_some() {
        template.components = components(params, &mut template.parameter_format)?;
    }
    Ok(())
}

/// The components as they came, once they are sound.
fn components(params: &Params, format: &mut ParameterFormat) -> GraphResult<Vec<Value>> {
    let components = params.required_list("components")?;
    let of_type =
        |kind: &str| components.iter().find(|one| one["type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(kind)));
    let body = of_type("BODY").ok_or_else(|| absent("components are missing expected field(s): BODY"))?;
    let text = body["text"].as_str().filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| absent("component of type BODY is missing expected field(s): text"))?;
    check_length("body", text, MAX_BODY)?;
    refuse_edges(text)?;
    *format = format_of(&variables(body))?;
    check_examples("BODY", body)?;
    if let Some(header) = of_type("HEADER") {
        check_length("header", header["text"].as_str().unwrap_or_default(), MAX_HEADER)?;
        check_examples("HEADER", header)?;
    }
    Ok(components)
}

fn check_length(name: &str, text: &str, limit: usize) -> GraphResult<()> {
    if text.chars().count() <= limit {
        return Ok(());
    }
    let text = format!("The {name} has more than {limit} characters.");
    Err(invalid("Message template's character limit exceeded", text).with_subcode(2_388_040))
}

/// A text may neither begin nor end with a variable.
fn refuse_edges(text: &str) -> GraphResult<()> {
    let text = text.trim();
    if text.starts_with("{{") || text.ends_with("}}") {
        let message = "Variables can't be at the start or end of the template.";
        return Err(invalid("Leading or trailing params", message).with_subcode(2_388_299));
    }
    Ok(())
}

/// All by number, from 1 on without a gap, or all by name.
fn format_of(variables: &[Variable]) -> GraphResult<ParameterFormat> {
    let is_place = |(index, variable): (usize, &Variable)| variable.name == (index + 1).to_string();
    if variables.iter().enumerate().all(is_place) {
        return Ok(ParameterFormat::Positional);
    }
    let is_name = |variable: &Variable| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        variable.name.starts_with(|c: char| c.is_ascii_lowercase()) && variable.name.bytes().all(plain)
    };
    if variables.iter().all(is_name) {
        return Ok(ParameterFormat::Named);
    }
    let text =
        "Variables are {{1}}, {{2}} … in their order, or all have names of lowercase letters, digits and underscores.";
    Err(invalid("Invalid parameter format", text))
}

fn check_examples(kind: &str, component: &Value) -> GraphResult<()> {
    if variables(component).iter().all(|variable| variable.example.is_some()) {
        return Ok(());
    }
    Err(absent(&format!("component of type {kind} is missing expected field(s): example")))
}

/// Code 100 with what Graph shows to people.
pub(super) fn invalid(title: &'static str, text: impl Into<String>) -> GraphError {
    GraphError::new(Code::PARAMETER).for_people(title, text)
}

fn absent(text: &str) -> GraphError {
    let text = format!("Message template \"components\" param: {text}.");
    invalid("Message template is missing parameters", text).with_subcode(2_388_043)
}

/// The buttons of a copy: those of the library with the addresses that the business gives.
pub(super) fn buttons(wanted: &[Value], params: &Params) -> GraphResult<Vec<Value>> {
    let given = params.structure("library_template_button_inputs");
    let given = given.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let filled = wanted.iter().map(|button| {
        let input = given.iter().find(|input| input["type"] == button["type"]);
        match button["type"].as_str() {
            Some("URL") => with_input(button, "url", input.map(|one| &one["url"]["base_url"])),
            Some("PHONE_NUMBER") => with_input(button, "phone_number", input.map(|one| &one["phone_number"])),
            _ => Ok(button.clone()),
        }
    });
    filled.collect()
}

fn with_input(button: &Value, member: &str, input: Option<&Value>) -> GraphResult<Value> {
    let input = input.filter(|value| value.is_string()).ok_or_else(|| missing("library_template_button_inputs"))?;
    let mut button = button.clone();
    button[member] = input.clone();
    Ok(button)
}
