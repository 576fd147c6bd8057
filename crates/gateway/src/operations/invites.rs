//! Invitations to a group: a template message for each, several in flight.

use std::cell::Cell;
use std::time::Duration;

use cams_api::Code;
use cams_api::envelope::Refusal;
use cams_api::messages::{MessageId, Texts};
use cams_api::operations::{GroupInvites, Invitation, InviteStatus, SendChatGroupInvite};
use cams_api::participants::ParticipantNumber;
use futures_util::StreamExt;
use futures_util::stream;
use graph_client::{
    Acted, GraphError, GroupId, MessageContent, OutgoingMessage, TemplateComponent, TemplateMessage, TemplateParameter,
};
use tokio::time::Instant;

use super::{Context, OperationError, messages};
use crate::limits::Throttled;

/// How many are sent at the same time, where the number's limits let as many be in flight.
const IN_FLIGHT: usize = 8;
/// So long before the caller's deadline the last answer of Meta's is waited for, so that there is time to say which
/// were sent.
const ANSWERING: Duration = Duration::from_millis(50);
/// Codes of Meta's about the sender, which all recipients of a call would get: policy, locked account, name, payment,
/// registration.
const ABOUT_THE_SENDER: [i64; 6] = [368, 131_031, 131_037, 131_042, 131_045, 133_010];
/// Codes about the template, which is the same for all.
const ABOUT_THE_TEMPLATE: std::ops::RangeInclusive<i64> = 132_000..=132_999;
/// Too many messages to one person.
const PAIR_LIMIT: i64 = 131_056;

/// Sends the invitations, and says of each what became of it.
pub(super) async fn send_invites(ctx: &Context, request: SendChatGroupInvite) -> Result<GroupInvites, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    ctx.token()?;
    let deadline = ctx.deadline.map(|deadline| deadline.checked_sub(ANSWERING).unwrap_or(deadline));
    ctx.write(async move |ctx| {
        let sending = Sending { ctx: Context { deadline, ..ctx }, group_id, request, is_over: Cell::new(false) };
        sending.send_all().await
    })
    .await
}

/// The invitations of one call.
struct Sending {
    ctx: Context,
    group_id: GroupId,
    request: SendChatGroupInvite,
    /// Whether a failure concerns all that are left.
    is_over: Cell<bool>,
}

/// What became of one.
enum Outcome {
    Sent(MessageId),
    Failed(OperationError),
    /// It was not tried: an earlier failure concerns all, or the deadline came first.
    Skipped,
}

impl Sending {
    async fn send_all(&self) -> Result<GroupInvites, OperationError> {
        let content = &self.content();
        let invited = self.request.to.iter().map(|to| async move { (to, self.invite(to, content).await) });
        let outcomes: Vec<_> = stream::iter(invited).buffered(self.at_once()).collect().await;
        conclude(outcomes)
    }

    /// As many as the number's limits let be in flight, so that one invitation is not refused for another's sake.
    fn at_once(&self) -> usize {
        let most = self.ctx.number.as_ref().and_then(|number| number.allowance.most_in_flight(self.ctx.class));
        let most = most.and_then(|most| usize::try_from(most.get()).ok());
        most.map_or(IN_FLIGHT, |most| most.min(IN_FLIGHT))
    }

    /// The group first: that is the variable which Meta replaces by its link.
    fn content(&self) -> MessageContent<'_> {
        let group = TemplateParameter::GroupId { group_id: &self.group_id };
        let texts = self.request.parameters.iter().flat_map(Texts::iter);
        let parameters = std::iter::once(group).chain(texts.map(|text| messages::text(None, text))).collect();
        MessageContent::Template(TemplateMessage {
            name: self.request.template_name.as_str(),
            language: self.request.language.as_str(),
            components: vec![TemplateComponent::Body { parameters }],
        })
    }

    async fn invite(&self, to: &ParticipantNumber, content: &MessageContent<'_>) -> Outcome {
        if self.is_over.get() || self.ctx.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Outcome::Skipped;
        }
        match self.send(to, content).await {
            Ok(message_id) => Outcome::Sent(message_id),
            Err(error) => {
                self.is_over.set(self.is_over.get() || concerns_all(&error));
                Outcome::Failed(error)
            }
        }
    }

    async fn send(&self, to: &ParticipantNumber, content: &MessageContent<'_>) -> Result<MessageId, OperationError> {
        let to = messages::person(to);
        let message = OutgoingMessage { to, content, in_reply_to: None, callback_data: None };
        let number = self.ctx.number()?;
        let accepted =
            self.ctx.graph.send_message(self.ctx.call().await?.call(), &number.phone_number_id, &message).await?;
        Ok(MessageId::from_upstream(accepted.body.message_id))
    }
}

/// Whether the other recipients would fail in the same way. A broken connection or a person's own limit does not say so,
/// nor does a call of somebody else's that is in flight just then.
fn concerns_all(error: &OperationError) -> bool {
    match error {
        OperationError::Upstream { error: GraphError::Refused(refusal), .. } => match refusal.code {
            PAIR_LIMIT => false,
            code => {
                ABOUT_THE_SENDER.contains(&code)
                    || ABOUT_THE_TEMPLATE.contains(&code)
                    || !matches!(error.code(), Code::UpstreamRejected | Code::UpstreamUnavailable)
            }
        },
        OperationError::Upstream { error: GraphError::Disconnected { .. } | GraphError::Unreadable { .. }, .. }
        | OperationError::Throttled(Throttled::InFlight { .. }) => false,
        _ => true,
    }
}

/// The results where at least one was sent; else the error that they all are, or that there were several.
fn conclude(outcomes: Vec<(&ParticipantNumber, Outcome)>) -> Result<GroupInvites, OperationError> {
    let list = outcomes.iter().map(|(to, outcome)| invitation(to, outcome)).collect::<Vec<_>>();
    if list.iter().any(|invitation| invitation.status == InviteStatus::Sent) {
        return Ok(GroupInvites { list });
    }
    let failures = outcomes.into_iter().filter_map(|(_, outcome)| match outcome {
        Outcome::Failed(error) => Some(error),
        Outcome::Sent(_) | Outcome::Skipped => None,
    });
    Err(OperationError::NoneInvited(Box::new(NoneInvited { list, cause: common_cause(failures) })))
}

/// The failure that stands for all of them: one that may have sent its invitation all the same where there is one, since
/// the call must not be made again then, whatever the others failed with; else the first, where they have one code.
fn common_cause(failures: impl Iterator<Item = OperationError>) -> Option<OperationError> {
    let mut failures: Vec<OperationError> = failures.collect();
    if failures.is_empty() {
        return Some(OperationError::late(Acted::No));
    }
    if let Some(unknown) = failures.iter().position(|error| error.acted() == Acted::Unknown) {
        return Some(failures.swap_remove(unknown));
    }
    let code = failures[0].code();
    failures.iter().all(|error| error.code() == code).then(|| failures.swap_remove(0))
}

fn invitation(to: &ParticipantNumber, outcome: &Outcome) -> Invitation {
    let (status, message_id, code, message) = match outcome {
        Outcome::Sent(id) => (InviteStatus::Sent, Some(id.clone()), None, None),
        Outcome::Failed(error) => (status(error), None, metas_code(error), Some(error.to_string())),
        Outcome::Skipped => (InviteStatus::NotSent, None, None, Some(SKIPPED.to_owned())),
    };
    Invitation { to: to.clone(), status, message_id, code, message }
}

const SKIPPED: &str = "It was not sent: an earlier failure concerns it too, or the call's deadline came first.";

fn status(error: &OperationError) -> InviteStatus {
    match error.acted() {
        Acted::No => InviteStatus::NotSent,
        Acted::Unknown => InviteStatus::Unknown,
    }
}

fn metas_code(error: &OperationError) -> Option<i64> {
    match error {
        OperationError::Upstream { error: GraphError::Refused(refusal), .. } => Some(refusal.code),
        _ => None,
    }
}

/// No invitation is known to have been sent.
#[derive(Debug, thiserror::Error)]
#[error("Nobody was invited, as far as is known; `List` says why.{}", after_a_space(.cause.as_ref()))]
pub struct NoneInvited {
    list: Vec<Invitation>,
    /// What all of them failed with.
    cause: Option<OperationError>,
}

fn after_a_space(cause: Option<&OperationError>) -> String {
    cause.map(|cause| format!(" {cause}")).unwrap_or_default()
}

impl NoneInvited {
    /// The contract's code: that of the common cause; where one may have been sent, never one that says that nothing was.
    pub(super) fn code(&self) -> Code {
        let code = self.cause.as_ref().map_or(Code::UpstreamRejected, OperationError::code);
        match self.acted() {
            Acted::Unknown if code != Code::UpstreamTimeout => Code::UpstreamUnavailable,
            _ => code,
        }
    }

    /// When the caller may come back, where it must wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.cause.as_ref().and_then(OperationError::retry_after)
    }

    /// Whether one may have been sent all the same.
    pub(super) fn acted(&self) -> Acted {
        let is_unknown = |invitation: &Invitation| invitation.status == InviteStatus::Unknown;
        if self.list.iter().any(is_unknown) { Acted::Unknown } else { Acted::No }
    }

    /// What stands beside the common fields.
    pub(super) fn refusal(&self) -> Refusal {
        let refusal = self.cause.as_ref().map(OperationError::refusal).unwrap_or_default();
        let retry_safe = match self.acted() {
            Acted::Unknown => Some(false),
            Acted::No => refusal.retry_safe,
        };
        Refusal { retry_safe, list: self.list.clone(), ..refusal }
    }
}

#[cfg(test)]
mod tests {
    use graph_client::Effect;

    use super::*;

    fn unreachable() -> OperationError {
        GraphError::Connect { why: "refused".to_owned() }.into()
    }

    fn broken_off() -> OperationError {
        GraphError::Disconnected { sent: true, effect: Effect::Change, why: "reset".to_owned() }.into()
    }

    fn late() -> OperationError {
        GraphError::Timeout { sent: true, effect: Effect::Change }.into()
    }

    fn not_done() -> OperationError {
        GraphError::NotDone { status: 200 }.into()
    }

    fn concluded(failures: impl IntoIterator<Item = OperationError>) -> OperationError {
        let to = "16505550100".parse().unwrap();
        let outcomes = failures.into_iter().map(|error| (&to, Outcome::Failed(error))).collect();
        conclude(outcomes).unwrap_err()
    }

    #[test]
    fn what_is_said_of_failed_invitations_agrees_with_whether_they_may_be_sent_again() {
        for failures in [[unreachable(), broken_off()], [broken_off(), unreachable()]] {
            let error = concluded(failures);
            assert_eq!((error.code(), error.refusal().retry_safe), (Code::UpstreamUnavailable, Some(false)));
            let said = error.to_string();
            assert!(said.ends_with("look before it is sent again."), "{said}");
        }
        let error = concluded([unreachable(), unreachable()]);
        assert_eq!(error.refusal().retry_safe, Some(true));
        assert!(error.to_string().ends_with("it can be sent again."), "{error}");
    }

    #[test]
    fn where_one_may_have_been_sent_the_others_failures_do_not_hide_it() {
        for failures in [vec![broken_off(), not_done()], vec![not_done(), broken_off(), late()]] {
            let error = concluded(failures);
            assert_eq!((error.code(), error.refusal().retry_safe), (Code::UpstreamUnavailable, Some(false)));
            assert!(error.to_string().ends_with("look before it is sent again."), "{error}");
        }
        let error = concluded([not_done(), late()]);
        assert_eq!((error.code(), error.refusal().retry_safe), (Code::UpstreamTimeout, Some(false)));
    }

    #[test]
    fn where_each_failed_in_its_own_way_the_list_says_why_and_nothing_is_added() {
        let error = concluded([unreachable(), not_done()]);
        assert_eq!(error.code(), Code::UpstreamRejected);
        assert_eq!(error.to_string(), "Nobody was invited, as far as is known; `List` says why.");
    }
}
