//! What of a change was done and what was not, as callers are told: it makes no difference whether Meta said so in its
//! answer, by webhook, or not at all, and was asked later.

use cams_api::envelope::Upstream;
use cams_api::operations::{PartResult, SettingResults, UpdateChatGroup, UpstreamFault};
use cams_api::{Code, Operation};
use graph_client::RefusalKind;
use graph_client::webhooks::UpdateError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_store::{Change, ChangeStatus};

use super::OperationError;
use super::error::kind_code;

/// Meta's code for "partial success".
pub(crate) const PARTIAL_SUCCESS: i64 = 131_201;

/// The participants for whom a change was not done. Where none of it was done, and Meta named nobody, it is all that were
/// asked for.
pub(super) fn failed(change: &Change) -> Vec<UpstreamFault> {
    let told: Vec<UpstreamFault> = read(change.failed.as_ref());
    if !told.is_empty() || change.status != ChangeStatus::Failed {
        return told;
    }
    let asked = change.request["List"].as_array().into_iter().flatten();
    let numbers = asked.filter_map(|participant| participant["ParticipantNumber"].as_str());
    let reason = reason(change);
    numbers.map(|number| UpstreamFault { participant_number: Some(number.to_owned()), ..reason.clone() }).collect()
}

/// What became of each setting, where settings are what was to change. Where none was changed, and Meta named none, it is
/// all that were asked for.
pub(super) fn fields(change: &Change) -> Option<SettingResults> {
    if change.operation != UpdateChatGroup::NAME {
        return None;
    }
    let told: SettingResults = read(change.fields.as_ref());
    if told != SettingResults::default() {
        return Some(told);
    }
    let is_asked = |name: &str| change.request.get(name).is_some_and(|value| !value.is_null());
    let result = |name| (change.status == ChangeStatus::Failed && is_asked(name)).then(|| not_changed(&reason(change)));
    let all = SettingResults {
        subject: result("Subject"),
        description: result("Description"),
        profile_picture: result("ProfilePicture"),
    };
    (all != SettingResults::default()).then_some(all)
}

fn not_changed(reason: &UpstreamFault) -> PartResult {
    PartResult { update_successful: false, code: Some(reason.code), message: reason.message.clone() }
}

/// The faults that were recorded with a change as a whole.
pub(super) fn faults(change: &Change) -> Vec<UpstreamFault> {
    read(change.errors.as_ref())
}

/// What Meta answered to a change that it refused at once, as it is recorded.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    #[serde(flatten)]
    fault: UpstreamFault,
    /// Whether the same call may be made later and then be done: Meta's limit, the token, the connection stood against it.
    #[serde(default)]
    is_passing: bool,
}

/// What is recorded of a change that was refused.
pub(super) fn refused(error: &OperationError) -> Value {
    let refused = Refused { fault: error.fault(), is_passing: !is_definite(error.code()) };
    serde_json::to_value([refused]).unwrap_or_default()
}

/// Whether the change was refused for a reason that passes: nothing was done, and the same call may be made again.
pub(super) fn is_passing_refusal(change: &Change) -> bool {
    let refusals: Vec<Refused> = read(change.errors.as_ref());
    change.status == ChangeStatus::Failed && refusals.iter().any(|refused| refused.is_passing)
}

/// Whether a refusal of this code would be one again, so that it is kept with an idempotency key: the contract's rule,
/// "Common parameters".
pub(super) fn is_definite(code: Code) -> bool {
    matches!(code.http_status(), 404 | 409 | 422)
}

/// Why a change was not done: what Meta said of it as a whole, or of its first part.
pub(super) fn reason(change: &Change) -> UpstreamFault {
    let SettingResults { subject, description, profile_picture } = read(change.fields.as_ref());
    let of_settings = [subject, description, profile_picture].into_iter().flatten().filter_map(|part| {
        let code = part.code?;
        Some(UpstreamFault { code, message: part.message, ..UpstreamFault::default() })
    });
    let of_parts: Vec<UpstreamFault> = read::<Vec<_>>(change.failed.as_ref()).into_iter().chain(of_settings).collect();
    first_reason(&of_parts, &faults(change))
}

/// The same of any call: "partial success" is no reason while there is another.
pub(super) fn first_reason(failed: &[UpstreamFault], errors: &[UpstreamFault]) -> UpstreamFault {
    let is_reason = |fault: &&UpstreamFault| fault.code != PARTIAL_SUCCESS;
    let reason = errors.iter().chain(failed).find(is_reason).or(errors.first());
    reason
        .map(|fault| UpstreamFault { participant_number: None, join_request_id: None, ..fault.clone() })
        .unwrap_or_default()
}

/// Whether Meta says that some was done, without saying what.
pub(super) fn tells_of_parts_alone(errors: &[UpstreamFault]) -> bool {
    !errors.is_empty() && errors.iter().all(|fault| fault.code == PARTIAL_SUCCESS)
}

/// The code of a call of which nothing was done: Meta says here what it would otherwise have answered, so the same codes
/// mean the same.
pub(super) fn code_of_nothing_done(reason: &UpstreamFault) -> Code {
    match kind_code(RefusalKind::of(reason.code, None)) {
        code @ (Code::GroupSuspended | Code::BusinessNumberNotEligible) => code,
        _ => Code::UpstreamRejected,
    }
}

/// What a caller is told of a call of which nothing was done.
pub(super) fn nothing_done_message(reason: &UpstreamFault) -> String {
    format!("Meta could not do it: {}.", reason.message.as_deref().unwrap_or("it gave no reason"))
}

/// Meta's words, as an error carries them; `None` where Meta said nothing.
pub(super) fn upstream(fault: &UpstreamFault) -> Option<Upstream> {
    let (code, message, details) = (fault.code, fault.message.clone(), fault.details.clone());
    (code != 0).then(|| Upstream { code, message, details, ..Upstream::default() })
}

/// One of Meta's errors, without whom or what it is about.
pub(crate) fn fault(error: &UpdateError) -> UpstreamFault {
    UpstreamFault {
        code: error.code.unwrap_or_default(),
        message: error.message.clone().or_else(|| error.title.clone()),
        details: error.details.clone(),
        ..UpstreamFault::default()
    }
}

fn read<T: DeserializeOwned + Default>(recorded: Option<&Value>) -> T {
    recorded.and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}
