//! Meta's library of templates that are written and categorized already.
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-library>

use serde_json::{Value, json};

use super::drafts::{buttons, invalid};
use super::entries::{ENGLISH_INVITATION, ENTRIES, Entry, GROUP_INVITE_LINK};
use crate::graph::cursor::PageRequest;
use crate::graph::errors::GraphResult;
use crate::graph::params::Params;
use crate::graph::{Answer, Asked};
use crate::ids::WabaId;
use crate::state::templates::{Category, ParameterFormat, Template, TemplateStatus};

/// `GET /message_template_library`, filtered by `category`, `topic`, `usecase`, `industry`, `language`, `name` and a
/// `search` in name and body; all without regard to case.
pub(crate) fn list(asked: &Asked<'_>) -> GraphResult<Answer> {
    let request = PageRequest::read(asked.params(), "message_template_library")?;
    let mut found = Vec::new();
    for (key, entry) in (0_u64..).zip(entries()) {
        if fits(&entry, asked.params())? {
            found.push((key, entry));
        }
    }
    let page = request.cut(found.into_iter());
    let listed: Vec<Value> = page.items.iter().map(|(_, entry)| described(entry)).collect();
    Ok(Answer::ok(json!({
        "data": listed,
        "paging": page.paging("message_template_library", request.limit, asked),
    })))
}

/// An entry in one language.
struct Translated {
    entry: &'static Entry,
    language: &'static str,
    body: &'static str,
    id: String,
}

/// Every entry in every language that it has.
fn entries() -> impl Iterator<Item = Translated> {
    let all = ENTRIES.iter().flat_map(|entry| entry.bodies.iter().map(move |(language, body)| (entry, language, body)));
    all.zip(0_u64..).map(|((entry, language, body), number)| Translated {
        entry,
        language,
        body,
        id: (7_138_055_039_600_000 + number * 37).to_string(),
    })
}

fn described(one: &Translated) -> Value {
    json!({
        "name": one.entry.name,
        "language": one.language,
        "category": "UTILITY",
        "topic": one.entry.topic,
        "usecase": one.entry.usecase,
        "industry": one.entry.industry,
        "body": one.body,
        "body_params": one.entry.examples(),
        "body_param_types": one.entry.types(),
        "buttons": one.entry.buttons(),
        "id": one.id,
    })
}

fn fits(one: &Translated, params: &Params) -> GraphResult<bool> {
    let entry = one.entry;
    let is = |name: &str, values: &[&str]| -> GraphResult<bool> {
        let wanted = params.text(name)?.filter(|text| !text.is_empty());
        Ok(wanted.is_none_or(|wanted| values.iter().any(|value| value.eq_ignore_ascii_case(wanted))))
    };
    let sought = params.text("search")?.unwrap_or_default().trim_matches('"').to_lowercase();
    let text = format!("{} {}", entry.name, one.body).to_lowercase();
    Ok(is("category", &["UTILITY"])?
        && is("topic", &[entry.topic])?
        && is("usecase", &[entry.usecase])?
        && is("industry", entry.industry)?
        && is("language", &[one.language])?
        && is("name", &[entry.name])?
        && text.contains(&sought))
}

/// Makes a template the copy of an entry in its language.
pub(super) fn copy(template: &mut Template, name: &str, params: &Params) -> GraphResult<()> {
    if template.category != Category::Utility {
        let text = "Templates of the library are of the category UTILITY.";
        return Err(invalid("Invalid category for a template of the library", text));
    }
    let mut all = entries();
    let found = all.find(|one| one.entry.name == name && one.language == template.language);
    let unknown = || {
        let text = format!("The library has no template {name} in {}.", template.language);
        invalid("Library template not found", text)
    };
    let one = found.ok_or_else(unknown)?;
    template.components = vec![body(one.entry, one.body)];
    let buttons = buttons(&one.entry.buttons(), params)?;
    if !buttons.is_empty() {
        template.components.push(json!({ "type": "BUTTONS", "buttons": buttons }));
    }
    template.library_template_name = Some(name.to_owned());
    Ok(())
}

/// The component of an entry's body in one language.
fn body(entry: &Entry, text: &str) -> Value {
    let mut body = json!({ "type": "BODY", "text": text });
    if !entry.params.is_empty() {
        body["example"] = json!({ "body_text": [entry.examples()] });
    }
    body
}

/// A copy of the entry `group_invite_link` in English, as an account has it from birth.
pub(crate) fn copied_invitation(waba_id: &WabaId, name: &str, ordinal: u64) -> Template {
    let (language, text) = ENGLISH_INVITATION;
    Template {
        waba_id: waba_id.clone(),
        ordinal,
        name: name.to_owned(),
        language: language.to_owned(),
        category: Category::Utility,
        status: TemplateStatus::Approved,
        parameter_format: ParameterFormat::Positional,
        components: vec![body(&GROUP_INVITE_LINK, text)],
        library_template_name: Some(GROUP_INVITE_LINK.name.to_owned()),
    }
}
