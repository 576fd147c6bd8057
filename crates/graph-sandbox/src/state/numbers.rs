//! Business accounts and their numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use crate::ids::{GroupId, PhoneNumberId, WabaId, digits_of};

/// How many groups a number may have.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups>
pub(crate) const MAX_GROUPS: usize = 10_000;

/// A WhatsApp Business Account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Waba {
    /// Whether the app gets this account's webhooks.
    pub(crate) subscribed: bool,
}

/// A business number.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are Meta's")]
pub(crate) struct Number {
    pub(crate) waba_id: WabaId,
    pub(crate) display_phone_number: String,
    /// An Official Business Account, which alone may have groups.
    pub(crate) official: bool,
    /// Off for numbers that Meta keeps from groups for other reasons.
    pub(crate) groups_eligible: bool,
    /// The number's living groups, oldest first.
    pub(crate) groups: BTreeMap<u64, GroupId>,
}

impl Number {
    /// A number without groups.
    pub(crate) fn new(waba_id: WabaId, display_phone_number: &str) -> Self {
        Self {
            waba_id,
            display_phone_number: display_phone_number.to_owned(),
            official: true,
            groups_eligible: true,
            groups: BTreeMap::new(),
        }
    }

    /// The number in international digits.
    pub(crate) fn digits(&self) -> String {
        digits_of(&self.display_phone_number)
    }

    /// Whether groups may be made for it.
    pub(crate) fn may_have_groups(&self) -> bool {
        self.official && self.groups_eligible
    }
}

impl State {
    /// How many groups a number has, those under way included.
    pub(crate) fn group_count(&self, id: &PhoneNumberId) -> usize {
        let living = self.numbers.get(id).map_or(0, |n| n.groups.len());
        living + self.creations_under_way(id)
    }
}
