//! Who made a call, for the audit log: reads, and what was refused. Changes write their own entries.

use actix_web::HttpRequest;
use cams_api::identifiers::CustSpaceId;
use serde_json::json;
use tenant_store::{Actor, SeenCall};
use time::OffsetDateTime;

use super::ROOT;
use crate::admin::AuditJournal;

/// How much of a path is kept, in characters; a longer one names nothing.
const LONGEST_PATH: usize = 256;

/// What is known of a call so far.
#[derive(Default)]
pub(crate) struct Witness {
    /// Who calls. Nobody is known to have been refused before that.
    pub(crate) actor: Option<Actor>,
    /// The tenant that the call is about, once its caller may know of it. What others try is not in its log.
    pub(crate) tenant: Option<CustSpaceId>,
}

impl Witness {
    /// Lets the call be written down, if it changed nothing: with the code and the status of why it was `refused`.
    pub(crate) fn tell(self, journal: &AuditJournal, http: &HttpRequest, refused: Option<(&str, u16)>) {
        let Some(actor) = self.actor else { return };
        let (action, outcome) = match refused {
            None if http.method().is_safe() => ("read", None),
            None => return,
            Some((code, status)) => ("refuse", Some(json!({"status": status, "code": code}))),
        };
        let path = http.path().strip_prefix(ROOT).unwrap_or(http.path());
        let path: String = path.chars().take(LONGEST_PATH).collect();
        let object = format!("{} {path}", http.method());
        let call = SeenCall { at: OffsetDateTime::now_utc(), actor, action, object, outcome };
        journal.tell(self.tenant.map(|tenant| tenant.to_string()), call);
    }
}
