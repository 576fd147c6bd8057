//! What WhatsApp does to groups.

use actix_web::web::{Data, Path};

use super::{ControlResult, no_group, success, turn};
use crate::engine::Engine;
use crate::ids::GroupId;

/// `POST /_sandbox/groups/{group_id}/suspend`.
pub(crate) async fn suspend(engine: Data<Engine>, path: Path<String>) -> ControlResult {
    set(&engine, &GroupId::from(&**path), true)
}

/// `POST /_sandbox/groups/{group_id}/unsuspend`.
pub(crate) async fn unsuspend(engine: Data<Engine>, path: Path<String>) -> ControlResult {
    set(&engine, &GroupId::from(&**path), false)
}

fn set(engine: &Data<Engine>, id: &GroupId, suspended: bool) -> ControlResult {
    let found = engine.change(|state| state.set_suspended(id, suspended, &turn(engine)));
    if found { Ok(success()) } else { Err(no_group(id)) }
}
