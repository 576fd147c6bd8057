//! What Meta does to message templates.

use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::answers::{NotThere, Success, WrongCall};
use super::{ControlError, ControlResult, success, turn};
use crate::engine::Engine;
use crate::ids::TemplateId;
use crate::state::templates::TemplateStatus;

/// Which template it is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it stands for its line of the document")]
pub(crate) struct OfTemplate {
    /// The ID that its creation was answered with.
    #[param(example = "1387372356726668")]
    template_id: String,
}

/// The status that a template gets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStatus {
    #[schema(inline)]
    status: TemplateStatus,
}

/// Meta decides on a template.
///
/// A webhook tells of it. Only an approved template can be sent: a paused one is refused with 132015, a disabled one with 132016, any other with 132001.
#[utoipa::path(
    put,
    path = "/_sandbox/templates/{template_id}",
    tag = "Templates",
    operation_id = "SetTemplateStatus",
    params(OfTemplate),
    request_body = NewStatus,
    responses(
        (status = 200, body = Success, description = "Done."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn set_status(engine: Data<Engine>, path: Path<String>, body: Json<NewStatus>) -> ControlResult {
    let id = TemplateId::from(&**path);
    if engine.commit(|state| state.set_template_status(&id, body.status, &turn(&engine))).await {
        return Ok(success());
    }
    Err(ControlError::NotFound(format!("there is no template {id}; GET /_sandbox/state lists them")))
}
