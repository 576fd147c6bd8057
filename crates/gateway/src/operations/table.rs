//! The table of operations. An operation that stands here is served, documented, and in the tests that are made
//! from the table. The hottest stand first: routes are tried in this order.

use cams_api::Operation;
use cams_api::operations as requests;

use super::{Context, OperationError, changes, group_list, groups, invite_links, numbers};

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
    visitor.visit::<requests::GetChatGroup>(groups::get_group);
    visitor.visit::<requests::AddChatGroup>(groups::add_group);
    visitor.visit::<requests::ListChatGroup>(group_list::list_groups);
    visitor.visit::<requests::DeleteChatGroup>(groups::delete_group);
    visitor.visit::<requests::ListBusinessNumbers>(numbers::list_numbers);
    visitor.visit::<requests::QueryChatGroupRequest>(changes::query_request);
}
