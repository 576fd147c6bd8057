//! Who asks to be let in, and who no longer does.

use cams_api::events::{EventData, JoinRequestNotice};
use graph_client::webhooks::JoinRequest;

use super::participants::participant;

pub(super) fn notice(request: JoinRequest) -> EventData<'static> {
    EventData::JoinRequestNotice(JoinRequestNotice {
        join_request_id: request.join_request_id,
        participant: participant(request.participant),
        reason: request.reason,
    })
}
