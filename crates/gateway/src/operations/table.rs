//! The table of operations. An operation that stands here is served, documented, and in the tests that are made
//! from the table. The hottest stand first: routes are tried in this order. The documents have the nouns in the order of
//! their first operations.

use cams_api::Operation;
use cams_api::operations as requests;

use super::{
    Context, OperationError, changes, group_list, group_settings, groups, invite_links, invites, join_requests,
    messages, numbers, participants, templates,
};

/// Something that is done with every operation: routing it, documenting it, trying it.
pub trait OperationVisitor {
    /// Called once for each operation, with the function that does it.
    fn visit<O: Operation>(
        &mut self,
        run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    );
}

/// Shows every operation to `visitor`.
pub fn each_operation(visitor: &mut impl OperationVisitor) {
    visitor.visit::<requests::GetChatGroupInviteLink>(invite_links::get_invite_link);
    visitor.visit::<requests::AddChatGroupInviteLink>(invite_links::add_invite_link);
    visitor.visit::<requests::DeleteChatGroupInviteLink>(invite_links::delete_invite_link);
    // Before the groups', whose `DeleteChatGroup` would leave nobody to remove to those who try the examples in order.
    visitor.visit::<requests::ListChatGroupParticipants>(participants::list_participants);
    visitor.visit::<requests::GetChatGroup>(groups::get_group);
    visitor.visit::<requests::AddChatGroup>(groups::add_group);
    visitor.visit::<requests::ListChatGroup>(group_list::list_groups);
    visitor.visit::<requests::ListChatGroupJoinRequests>(join_requests::list_join_requests);
    visitor.visit::<requests::UpdateChatGroup>(group_settings::update_group);
    visitor.visit::<requests::DeleteChatGroup>(groups::delete_group);
    visitor.visit::<requests::ApproveChatGroupJoinRequests>(join_requests::approve_join_requests);
    visitor.visit::<requests::RejectChatGroupJoinRequests>(join_requests::reject_join_requests);
    visitor.visit::<requests::DeleteChatGroupParticipants>(participants::remove_participants);
    visitor.visit::<requests::AddChatGroupParticipants>(participants::add_participants);
    visitor.visit::<requests::SendChatappMessage>(messages::send_message);
    visitor.visit::<requests::ListChatGroupInviteTemplates>(templates::list_invite_templates);
    visitor.visit::<requests::AddChatGroupInviteTemplate>(templates::add_invite_template);
    visitor.visit::<requests::SendChatGroupInvite>(invites::send_invites);
    visitor.visit::<requests::ListBusinessNumbers>(numbers::list_numbers);
    visitor.visit::<requests::QueryChatGroupRequest>(changes::query_request);
}

/// The names of all operations.
pub fn operation_names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl OperationVisitor for Names {
        fn visit<O: Operation>(
            &mut self,
            _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
        ) {
            self.0.push(O::NAME);
        }
    }
    let mut names = Names(Vec::new());
    each_operation(&mut names);
    names.0
}
