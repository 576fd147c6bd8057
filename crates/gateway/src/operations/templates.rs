//! Message templates: those for invitations listed and copied, and a template's name by Meta's ID.

use actix_web::rt;
use cams_api::messages::{Language, TemplateCode, TemplateName};
use cams_api::operations::{
    AddChatGroupInviteTemplate, InviteTemplate, InviteTemplateAdded, InviteTemplates, InviteTemplatesData,
    LibraryInviteTemplate, ListChatGroupInviteTemplates,
};
use cams_api::parameters::ParameterError;
use graph_client::{GraphError, LibraryTemplate, Template, TemplateCopy, TemplatePage, Unreadable, WabaId};

use super::recording::persistently;
use super::{Context, OperationError};

/// An account has [6,000 templates][limits] at the most; a list that goes on beyond this is not believed.
///
/// [limits]: https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates#limitations
const MOST_PAGES: usize = 64;

/// What Meta's library has for invitations, and what the account has.
pub(super) async fn list_invite_templates(
    ctx: &Context,
    request: ListChatGroupInviteTemplates,
) -> Result<InviteTemplatesData, OperationError> {
    let language = request.language.as_ref().map(Language::as_str);
    let library = all_pages(async |after| {
        Ok(ctx.graph.list_invite_library(ctx.call().await?.call(), language, after.as_deref()).await?.body)
    })
    .await?;
    let library: Vec<_> = library.into_iter().filter_map(library_template).collect();
    let is_copy = |template: &Template| {
        let origin = template.library_template_name.as_deref();
        origin.is_some_and(|origin| library.iter().any(|entry| entry.library_template_name == origin))
    };
    let own = own_templates(ctx, language).await?.into_iter();
    let own = own.filter(|template| template.has_group_parameter() || is_copy(template)).filter_map(own_template);
    let own = own.collect();
    Ok(InviteTemplatesData { data: InviteTemplates { library, own } })
}

/// Copies one of the library's into the account.
pub(super) async fn add_invite_template(
    ctx: &Context,
    request: AddChatGroupInviteTemplate,
) -> Result<InviteTemplateAdded, OperationError> {
    ctx.write(async move |ctx| {
        let copy = TemplateCopy {
            name: request.template_name.as_str(),
            language: request.language.as_str(),
            library_template_name: request.library_template_name.as_str(),
        };
        let waba_id = waba_id(&ctx)?;
        let made = ctx.graph.copy_template(ctx.call().await?.call(), &waba_id, &copy).await?.body;
        remember(&ctx, &waba_id, Some(&made.id), Some(copy.name));
        record(&ctx, &waba_id, std::slice::from_ref(&made.id)).await;
        Ok(InviteTemplateAdded { template_id: made.id, status: made.status, category: made.category })
    })
    .await
}

/// The name of the account's template with this ID. The account is asked once for an ID that nobody knows, by one caller
/// at a time, and what its list shows is remembered: a template keeps its name.
///
/// # Errors
/// [`OperationError::Parameter`] where the account has none.
pub(super) async fn name_of(ctx: &Context, code: &TemplateCode) -> Result<TemplateName, OperationError> {
    let (known, waba_id) = (&ctx.services.known_templates, waba_id(ctx)?);
    let waba_id = waba_id.as_str();
    if let Some(name) = known.name(waba_id, code) {
        return Ok(name);
    }
    let _search = known.search(waba_id).await;
    if known.name(waba_id, code).is_none() && !known.is_unknown(waba_id, code) {
        own_templates(ctx, None).await?;
        if known.name(waba_id, code).is_none() {
            known.insert_unknown(waba_id, code);
        }
    }
    let rule = "Meta's ID of a template that the number's account has; `TemplateName` takes its name";
    known.name(waba_id, code).ok_or_else(|| ParameterError::wrong("TemplateCode", code.as_str(), rule).into())
}

/// The account's templates. Their names are remembered, and whose they are is recorded, for which nobody waits.
async fn own_templates(ctx: &Context, language: Option<&str>) -> Result<Vec<Template>, OperationError> {
    let waba_id = waba_id(ctx)?;
    let page = async |after: Option<String>| {
        Ok(ctx.graph.list_templates(ctx.call().await?.call(), &waba_id, language, after.as_deref()).await?.body)
    };
    let templates = all_pages(page).await?;
    for template in &templates {
        remember(ctx, &waba_id, template.id.as_deref(), template.name.as_deref());
    }
    let ids: Vec<_> = templates.iter().filter_map(|template| template.id.clone()).collect();
    let own = ctx.clone();
    rt::spawn(ctx.services.writes.track_future(async move { record(&own, &waba_id, &ids).await }));
    Ok(templates)
}

/// Records whose the templates are, so that each is found by its ID alone. Not worth failing a call for that Meta has
/// answered.
async fn record(ctx: &Context, waba_id: &WabaId, ids: &[String]) {
    if ids.is_empty() {
        return;
    }
    if let Err(error) = persistently(async || ctx.space().record_templates(waba_id.as_str(), ids).await).await {
        tracing::warn!(%error, "templates that Meta's answer showed could not be recorded");
    }
}

fn remember(ctx: &Context, waba_id: &WabaId, id: Option<&str>, name: Option<&str>) {
    if let (Some(Ok(code)), Some(Ok(name))) = (id.map(str::parse), name.map(str::parse)) {
        ctx.services.known_templates.insert(waba_id.as_str(), &code, name);
    }
}

/// All pages of a list, each by what the one before it says.
async fn all_pages<T>(
    page: impl AsyncFn(Option<String>) -> Result<TemplatePage<T>, OperationError>,
) -> Result<Vec<T>, OperationError> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let TemplatePage { templates, after: next } = page(after).await?;
        let is_empty = templates.is_empty();
        all.extend(templates);
        if next.is_none() || is_empty {
            return Ok(all);
        }
        after = next;
    }
    let why = Unreadable::Shape("the list of templates does not end".to_owned());
    Err(GraphError::unreadable(why).into())
}

/// The account that owns the number.
fn waba_id(ctx: &Context) -> Result<WabaId, OperationError> {
    let recorded = ctx.number()?.record.waba_id.as_str();
    let malformed = |_| GraphError::Unsendable { why: "the number's recorded WABA ID is malformed".to_owned() };
    Ok(WabaId::try_from(recorded).map_err(malformed)?)
}

/// One without a name cannot be copied, so nobody misses it.
fn library_template(template: LibraryTemplate) -> Option<LibraryInviteTemplate> {
    Some(LibraryInviteTemplate {
        library_template_name: template.name?,
        language: template.language,
        category: template.category,
        body: template.body,
        body_param_types: template.body_param_types,
    })
}

fn own_template(template: Template) -> Option<InviteTemplate> {
    let body = template.body().map(str::to_owned);
    Some(InviteTemplate {
        template_id: template.id,
        template_name: template.name?,
        language: template.language,
        category: template.category,
        status: template.status,
        body,
        library_template_name: template.library_template_name,
    })
}
