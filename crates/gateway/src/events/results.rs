//! What of a change was done and what was not, part by part: in a change's outcome as in an event.

use cams_api::operations::{PartResult, SettingResults, UpstreamFault};
use graph_client::Participant;
use graph_client::webhooks::{FailedParticipant, PartOutcome, SettingsUpdated, UpdateError};

use crate::operations::outcomes::{PARTIAL_SUCCESS, fault};

/// What became of each setting, as callers and receivers are told.
pub(super) fn setting_results(settings: &SettingsUpdated) -> SettingResults {
    let result = |part: &Option<PartOutcome>| part.as_ref().map(part_result);
    SettingResults {
        subject: result(&settings.subject),
        description: result(&settings.description),
        profile_picture: result(&settings.profile_picture),
    }
}

fn part_result(part: &PartOutcome) -> PartResult {
    let error = part.errors.first();
    PartResult {
        update_successful: part.update_successful,
        code: error.and_then(|error| error.code),
        message: error.and_then(|error| error.message.clone().or_else(|| error.title.clone())),
    }
}

/// For whom it was not done, as callers and receivers are told. `errors` are those of the change as a whole.
pub(super) fn participant_faults(failed: &[FailedParticipant], errors: &[UpdateError]) -> Vec<UpstreamFault> {
    failed.iter().map(|one| participant_fault(one, errors)).collect()
}

/// Why it was not done for a participant; the change's own errors hold where there is none. `input` is what we had sent,
/// or a number as Meta writes it, with `+`.
fn participant_fault(failed: &FailedParticipant, errors: &[UpdateError]) -> UpstreamFault {
    let Participant { input, wa_id, user_id, .. } = &failed.participant;
    let named = [input, wa_id, user_id].into_iter().flatten().next();
    let is_reason = |error: &&UpdateError| error.code != Some(PARTIAL_SUCCESS);
    let reason = failed.errors.first().or_else(|| errors.iter().find(is_reason)).or(errors.first());
    UpstreamFault {
        participant_number: named.map(|number| number.trim_start_matches('+').to_owned()),
        ..reason.map(fault).unwrap_or_default()
    }
}

/// Meta's errors about a change as a whole.
pub(super) fn faults(errors: &[UpdateError]) -> Vec<UpstreamFault> {
    errors.iter().map(fault).collect()
}
