//! Groups: their birth, their links, their end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::schedule::NewSettings;
use super::webhook::{GroupEvent, STATUS};
use super::{State, Turn};
use crate::ids::{GroupId, JoinRequestId, PhoneNumberId, WaId};
use crate::nature::Nature;

/// How many participants a group has room for beside the business.
pub(crate) const MAX_PARTICIPANTS: usize = 8;
/// How many dead links a group remembers, to tell a user that his was reset.
const DEAD_LINKS_KEPT: usize = 100;
const LINK_PREFIX: &str = "https://chat.whatsapp.com/";

/// Whether a user who holds the link must be let in by the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JoinApprovalMode {
    #[default]
    AutoApprove,
    ApprovalRequired,
}

impl JoinApprovalMode {
    /// As Graph writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AutoApprove => "auto_approve",
            Self::ApprovalRequired => "approval_required",
        }
    }
}

/// A group. A deleted one is kept, so that its links can say what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) phone_number_id: PhoneNumberId,
    pub(crate) ordinal: u64,
    pub(crate) subject: String,
    pub(crate) description: Option<String>,
    pub(crate) join_approval_mode: JoinApprovalMode,
    /// Seconds since 1970.
    pub(crate) created_at: i64,
    pub(crate) suspended: bool,
    pub(crate) deleted: bool,
    pub(crate) invite_link: Option<String>,
    pub(crate) dead_links: VecDeque<String>,
    pub(crate) participants: Vec<WaId>,
    /// Users whom the business removed: no link admits them again.
    pub(crate) removed: BTreeSet<WaId>,
    pub(crate) join_requests: BTreeMap<JoinRequestId, JoinRequest>,
    pub(crate) picture_sha256: Option<String>,
}

/// A user's wish to enter a group that needs approval.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JoinRequest {
    pub(crate) wa_id: WaId,
    /// Seconds since 1970.
    pub(crate) created_at: i64,
}

/// What a group is made of when it is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NewGroup {
    pub(crate) phone_number_id: PhoneNumberId,
    pub(crate) subject: String,
    pub(crate) description: Option<String>,
    pub(crate) join_approval_mode: JoinApprovalMode,
}

impl Group {
    fn born(new: NewGroup, ordinal: u64, nature: &Nature) -> Self {
        Self {
            phone_number_id: new.phone_number_id,
            ordinal,
            subject: new.subject,
            description: new.description,
            join_approval_mode: new.join_approval_mode,
            created_at: nature.now_seconds(),
            suspended: false,
            deleted: false,
            invite_link: Some(new_link(nature)),
            dead_links: VecDeque::new(),
            participants: Vec::new(),
            removed: BTreeSet::new(),
            join_requests: BTreeMap::new(),
            picture_sha256: None,
        }
    }

    /// A new link; the one before it admits nobody from now on.
    pub(crate) fn reset_link(&mut self, nature: &Nature) -> String {
        self.drop_link();
        let link = new_link(nature);
        self.invite_link = Some(link.clone());
        link
    }

    /// Takes the link away; whether there was one.
    pub(crate) fn drop_link(&mut self) -> bool {
        let Some(link) = self.invite_link.take() else {
            return false;
        };
        self.dead_links.push_back(link);
        if self.dead_links.len() > DEAD_LINKS_KEPT {
            self.dead_links.pop_front();
        }
        true
    }

    /// Takes over the settings that are given.
    pub(crate) fn apply(&mut self, settings: NewSettings) {
        if let Some(subject) = settings.subject {
            self.subject = subject;
        }
        if let Some(description) = settings.description {
            self.description = Some(description).filter(|text| !text.is_empty());
        }
        if let Some(sha256) = settings.picture_sha256 {
            self.picture_sha256 = Some(sha256);
        }
    }

    /// Whether `link` is or was this group's.
    pub(crate) fn knows_link(&self, link: &str) -> bool {
        self.invite_link.as_deref() == Some(link) || self.dead_links.iter().any(|l| l == link)
    }
}

fn new_link(nature: &Nature) -> String {
    format!("{LINK_PREFIX}{}", nature.link_id())
}

impl State {
    /// Gives birth to a group with a random ID; `None` when its number is gone.
    pub(crate) fn create_group(&mut self, new: NewGroup, turn: &Turn<'_>) -> Option<GroupId> {
        let number = self.numbers.get(&new.phone_number_id)?;
        let id = GroupId::of(&number.digits(), &turn.nature.digits(18));
        self.add_group(id.clone(), new, turn.nature)?;
        Some(id)
    }

    /// Adds a group under a given ID; `None` when its number is not there.
    pub(crate) fn add_group(&mut self, id: GroupId, new: NewGroup, nature: &Nature) -> Option<()> {
        let ordinal = self.next_ordinal;
        let number = self.numbers.get_mut(&new.phone_number_id)?;
        number.groups.insert(ordinal, id.clone());
        self.next_ordinal += 1;
        self.groups.insert(id, Arc::new(Group::born(new, ordinal, nature)));
        Some(())
    }

    /// A group that has not been deleted.
    pub(crate) fn living_group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id).map(|group| &**group).filter(|group| !group.deleted)
    }

    /// The same, to be changed.
    pub(crate) fn living_group_mut(&mut self, id: &GroupId) -> Option<&mut Group> {
        self.groups.get_mut(id).filter(|group| !group.deleted).map(Arc::make_mut)
    }

    /// Suspends a group, or ends that; whether it lives.
    pub(crate) fn set_suspended(&mut self, id: &GroupId, suspended: bool, turn: &Turn<'_>) -> bool {
        let Some(group) = self.living_group_mut(id) else {
            return false;
        };
        group.suspended = suspended;
        let kind = if suspended { "group_suspend" } else { "group_suspend_cleared" };
        let event = GroupEvent::new(STATUS, kind, &group.phone_number_id).group(id);
        self.tell(event, turn);
        true
    }

    /// Deletes a group with all its participants; whether it lived.
    pub(crate) fn delete_group(&mut self, id: &GroupId) -> bool {
        let Some(group) = self.living_group_mut(id) else {
            return false;
        };
        group.deleted = true;
        group.participants.clear();
        group.join_requests.clear();
        let (number_id, ordinal) = (group.phone_number_id.clone(), group.ordinal);
        if let Some(number) = self.numbers.get_mut(&number_id) {
            number.groups.remove(&ordinal);
        }
        true
    }
}
