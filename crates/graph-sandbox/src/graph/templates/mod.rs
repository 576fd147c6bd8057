//! Message templates: list, read, edit, delete; made in [`drafts`], copied from the [`library`](mod@library).
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management>

mod drafts;
mod entries;
mod library;

use std::sync::Arc;

use serde_json::{Map, Value, json};

pub(crate) use drafts::create;
pub(crate) use library::{copied_invitation, list as library};

use super::cursor::PageRequest;
use super::errors::{Code, GraphError, GraphResult};
use super::params::{Params, missing};
use super::{Answer, Asked, fields};
use crate::ids::{TemplateId, WabaId};
use crate::state::State;
use crate::state::schedule::Change;
use crate::state::templates::{Template, TemplateStatus};

/// How many templates an account that is not verified may have.
const TEMPLATE_LIMIT: u32 = 250;
/// Those that no template here has a value for are known, and left out of answers.
const FIELDS: &[&str] = &[
    "id",
    "name",
    "language",
    "status",
    "category",
    "components",
    "parameter_format",
    "library_template_name",
    "rejected_reason",
    "quality_score",
    "sub_category",
    "message_send_ttl_seconds",
    "previous_category",
    "correct_category",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
];
/// What Meta answers when no fields are named.
const DEFAULT_FIELDS: &[&str] =
    &["id", "name", "language", "status", "category", "components", "parameter_format", "library_template_name"];
const SUMMARY_FIELDS: &[&str] =
    &["total_count", "message_template_count", "message_template_limit", "are_translations_complete"];

fn described(id: &TemplateId, template: &Template) -> Map<String, Value> {
    let rejected = template.status == TemplateStatus::Rejected;
    fields::without_nulls([
        ("id", json!(id)),
        ("name", json!(template.name)),
        ("language", json!(template.language)),
        ("status", json!(template.status)),
        ("category", json!(template.category)),
        ("components", json!(template.components)),
        ("parameter_format", json!(template.parameter_format)),
        ("library_template_name", json!(template.library_template_name)),
        ("rejected_reason", if rejected { "INVALID_FORMAT" } else { "NONE" }.into()),
        ("quality_score", json!({ "score": "UNKNOWN", "date": 0 })),
        ("sub_category", "CUSTOM".into()),
        ("cta_url_link_tracking_opted_out", false.into()),
    ])
}

/// `GET /{waba_id}/message_templates`, filtered by `name` (which may be a part of it), `language`, `status`, `category`.
pub(crate) fn list(state: &mut State, waba: &WabaId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let list = format!("message_templates:{waba}");
    let request = PageRequest::read(asked.params(), &list)?;
    let names = fields::asked_for(asked.params(), FIELDS)?.unwrap_or_else(|| DEFAULT_FIELDS.to_vec());
    let all = state.templates_of(waba);
    let count = all.len();
    let mut fitting = Vec::new();
    for (id, template) in all {
        if fits(template, asked.params())? {
            fitting.push((template.ordinal, (id, template)));
        }
    }
    let total = fitting.len();
    let page = request.cut(fitting.into_iter());
    let described = page.items.iter().map(|(_, (id, template))| described(id, template));
    let listed: Vec<_> = described.map(|object| fields::only(object, &names)).collect();
    let mut body = json!({ "data": listed, "paging": page.paging(&list, request.limit, asked) });
    if let Some(summary) = summary(asked.params(), total, count)? {
        body["summary"] = summary.into();
    }
    Ok(Answer::ok(body))
}

fn fits(template: &Template, params: &Params) -> GraphResult<bool> {
    let one_of = |name: &str, value: &Value| -> GraphResult<bool> {
        let value = value.as_str().unwrap_or_default();
        let wanted = params.text(name)?.filter(|text| !text.is_empty());
        Ok(wanted.is_none_or(|wanted| wanted.split(',').any(|one| one.trim().eq_ignore_ascii_case(value))))
    };
    let named = params.text("name")?.is_none_or(|part| template.name.contains(part));
    Ok(named
        && one_of("language", &json!(template.language))?
        && one_of("status", &json!(template.status))?
        && one_of("category", &json!(template.category))?)
}

/// What the parameter `summary` asks for.
fn summary(params: &Params, total: usize, count: usize) -> GraphResult<Option<Map<String, Value>>> {
    let Some(text) = params.text("summary")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if let Some(unknown) = names.iter().find(|name| !SUMMARY_FIELDS.contains(name)) {
        return Err(GraphError::parameter(&format!("Tried accessing nonexisting summary field ({unknown})")));
    }
    let object = fields::without_nulls([
        ("total_count", json!(total)),
        ("message_template_count", json!(count)),
        ("message_template_limit", json!(TEMPLATE_LIMIT)),
        ("are_translations_complete", json!(true)),
    ]);
    Ok(Some(fields::only(object, &names)))
}

/// `GET /{template_id}`.
pub(crate) fn info(state: &mut State, id: &TemplateId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let mut names = fields::asked_for(asked.params(), FIELDS)?.unwrap_or_else(|| DEFAULT_FIELDS.to_vec());
    names.push("id");
    let template = known(state, id)?;
    Ok(Answer::ok(fields::only(described(id, template), &names).into()))
}

fn known<'a>(state: &'a State, id: &TemplateId) -> GraphResult<&'a Template> {
    let unknown = || GraphError::unknown_object(&id.to_string(), "get");
    state.templates.get(id).map(|template| &**template).ok_or_else(unknown)
}

/// `POST /{template_id}`: other components or another category. It is reviewed again.
pub(crate) fn edit(state: &mut State, id: &TemplateId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let mut template = known(state, id)?.clone();
    let editable = [TemplateStatus::Approved, TemplateStatus::Rejected, TemplateStatus::Paused];
    if !editable.contains(&template.status) {
        let text = "Only approved, rejected and paused templates can be edited.";
        return Err(GraphError::new(Code::PARAMETER).for_people("Template cannot be edited", text));
    }
    drafts::edit(&mut template, asked.params())?;
    template.status = TemplateStatus::Pending;
    let (name, category) = (template.name.clone(), template.category);
    state.templates.insert(id.clone(), Arc::new(template));
    state.promise(Change::Review(id.clone()), &asked.turn);
    Ok(Answer::ok(json!({ "success": true, "id": id, "name": name, "category": category })))
}

/// `DELETE /{template_id}`.
pub(crate) fn delete(state: &mut State, id: &TemplateId, _: &Asked<'_>) -> GraphResult<Answer> {
    known(state, id)?;
    state.templates.remove(id);
    Ok(Answer::ok(json!({ "success": true })))
}

/// `DELETE /{waba_id}/message_templates?name=…`: the template in all its languages, or with `hsm_id` in one.
pub(crate) fn delete_by_name(state: &mut State, waba: &WabaId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let name = asked.params().text("name")?.ok_or_else(|| missing("name"))?;
    let only = asked.params().text("hsm_id")?;
    let named = state.templates_of(waba).into_iter().filter(|(_, template)| template.name == name);
    let meant = named.filter(|(id, _)| only.is_none_or(|only| id.to_string() == only));
    let ids: Vec<TemplateId> = meant.map(|(id, _)| id.clone()).collect();
    if ids.is_empty() {
        // As Graph answers it: 2593002.
        let text = format!("No message template of the name {name} was found.");
        let error = GraphError::new(Code::PARAMETER).with_subcode(2_593_002);
        return Err(error.for_people("Message template not found", text));
    }
    for id in ids {
        state.templates.remove(&id);
    }
    Ok(Answer::ok(json!({ "success": true })))
}
