//! What WhatsApp does to groups.

use actix_web::web::{Data, Path};

use super::answers::{NotThere, OfGroup, Success};
use super::{ControlResult, no_group, success, turn};
use crate::engine::Engine;
use crate::ids::GroupId;

/// WhatsApp suspends a group.
///
/// A webhook tells of it; every change of the group is then refused with 131207.
#[utoipa::path(
    post,
    path = "/_sandbox/groups/{group_id}/suspend",
    tag = "Groups",
    operation_id = "SuspendGroup",
    params(OfGroup),
    responses(
        (status = 200, body = Success, description = "Done."),
        NotThere,
    ),
)]
pub(crate) async fn suspend(engine: Data<Engine>, path: Path<String>) -> ControlResult {
    set(&engine, &GroupId::from(&**path), true).await
}

/// WhatsApp ends a suspension.
///
/// A webhook tells of it.
#[utoipa::path(
    post,
    path = "/_sandbox/groups/{group_id}/unsuspend",
    tag = "Groups",
    operation_id = "UnsuspendGroup",
    params(OfGroup),
    responses(
        (status = 200, body = Success, description = "Done."),
        NotThere,
    ),
)]
pub(crate) async fn unsuspend(engine: Data<Engine>, path: Path<String>) -> ControlResult {
    set(&engine, &GroupId::from(&**path), false).await
}

async fn set(engine: &Data<Engine>, id: &GroupId, suspended: bool) -> ControlResult {
    let found = engine.commit(|state| state.set_suspended(id, suspended, &turn(engine))).await;
    if found { Ok(success()) } else { Err(no_group(id)) }
}
