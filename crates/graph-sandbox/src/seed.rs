//! What a new state is born with.

use std::fmt;

/// The phone number ID of the first number of [`Seed::demo`].
pub const DEMO_PHONE_NUMBER_ID_1: &str = "100000000000001";
/// The phone number ID of the second number of [`Seed::demo`].
pub const DEMO_PHONE_NUMBER_ID_2: &str = "100000000000002";
/// The first WABA of [`Seed::demo`], owner of the first number.
pub const DEMO_WABA_ID_1: &str = "200000000000001";
/// The second WABA of [`Seed::demo`], owner of the second number.
pub const DEMO_WABA_ID_2: &str = "200000000000002";

/// The first number's group to look at: `capi_group:15550000001:120363000000000011`.
pub const DEMO_GROUP_ID_1: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTEZD";
/// The first number's group for examples that delete: `…:120363000000000012`.
pub const DEMO_SPARE_GROUP_ID_1: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTIZD";
/// The first number's group that users ask to enter: `…:120363000000000013`.
pub const DEMO_APPROVAL_GROUP_ID_1: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTMZD";
/// The second number's group to look at: `capi_group:15550000002:120363000000000021`.
pub const DEMO_GROUP_ID_2: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMjoxMjAzNjMwMDAwMDAwMDAwMjEZD";
/// The second number's group for examples that delete: `…:120363000000000022`.
pub const DEMO_SPARE_GROUP_ID_2: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMjoxMjAzNjMwMDAwMDAwMDAwMjIZD";

/// A participant of every demo group, and the one whom examples remove.
pub const DEMO_PARTICIPANT: &str = "16505551234";
/// One more participant of the groups to look at.
pub const DEMO_SECOND_PARTICIPANT: &str = "16505555678";

/// A request to enter [`DEMO_APPROVAL_GROUP_ID_1`], of a user whose number is seen: `16505550131:120363000000000131`.
pub const DEMO_JOIN_REQUEST_ID_1: &str = "MTY1MDU1NTAxMzE6MTIwMzYzMDAwMDAwMDAwMTMx";
/// Another, of a user who hides the number: `16505550132:120363000000000132`.
pub const DEMO_JOIN_REQUEST_ID_2: &str = "MTY1MDU1NTAxMzI6MTIwMzYzMDAwMDAwMDAwMTMy";

/// A template for invitations that each account has in English: a copy of the library's `group_invite_link`.
pub const DEMO_TEMPLATE_NAME: &str = "group_invite";

/// What a new state is born with. The default is nothing at all.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The customers' accounts.
    pub wabas: Vec<SeedWaba>,
    /// The access tokens.
    pub tokens: Vec<SeedToken>,
}

/// A WhatsApp Business Account, subscribed to the app's webhooks.
#[derive(Debug, Clone)]
pub struct SeedWaba {
    /// Its ID.
    pub waba_id: String,
    /// Its business numbers.
    pub numbers: Vec<SeedNumber>,
    /// The names of its templates for invitations: approved, in English, copied from the library's `group_invite_link`.
    pub invite_templates: Vec<String>,
}

/// A business number: official, and eligible for groups.
#[derive(Debug, Clone)]
pub struct SeedNumber {
    /// Meta's ID of the number.
    pub phone_number_id: String,
    /// As Meta writes it, such as `+1 555-000-0001`.
    pub display_phone_number: String,
    /// The groups it has from birth.
    pub groups: Vec<SeedGroup>,
}

/// A group with its members.
#[derive(Debug, Clone)]
pub struct SeedGroup {
    /// Its ID.
    pub group_id: String,
    /// Its name.
    pub subject: String,
    /// What it is about.
    pub description: Option<String>,
    /// The participants' phone numbers in international digits.
    pub participants: Vec<String>,
    /// Whether users who follow its link must be let in; else whoever holds the link enters.
    pub needs_approval: bool,
    /// Who has asked to enter already.
    pub join_requests: Vec<SeedJoinRequest>,
}

/// A user's open request to enter a group.
#[derive(Debug, Clone)]
pub struct SeedJoinRequest {
    /// Its ID.
    pub join_request_id: String,
    /// The user's phone number in international digits.
    pub wa_id: String,
    /// Whether the user withholds the number from businesses.
    pub hides_number: bool,
}

/// An access token with every scope, that never expires.
#[derive(Clone)]
pub struct SeedToken {
    /// The token itself.
    pub token: String,
    /// The only WABAs that it sees.
    pub waba_ids: Vec<String>,
}

impl fmt::Debug for SeedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedToken").field("waba_ids", &self.waba_ids).finish_non_exhaustive()
    }
}

impl Seed {
    /// Two customers, each with a number, two groups and a template for invitations; the first has a third group, which
    /// two users ask to enter. The first token sees the first customer only; the second sees both, as a Solution
    /// Partner's does.
    pub fn demo(token_1: &str, token_2: &str) -> Self {
        Self {
            wabas: vec![first_customer(), second_customer()],
            tokens: vec![token(token_1, &[DEMO_WABA_ID_1]), token(token_2, &[DEMO_WABA_ID_1, DEMO_WABA_ID_2])],
        }
    }
}

fn first_customer() -> SeedWaba {
    let groups = vec![
        group_to_look_at(DEMO_GROUP_ID_1, "Watch enthusiasts"),
        group_to_delete(DEMO_SPARE_GROUP_ID_1),
        group_to_ask_for(DEMO_APPROVAL_GROUP_ID_1),
    ];
    customer(DEMO_WABA_ID_1, DEMO_PHONE_NUMBER_ID_1, "+1 555-000-0001", groups)
}

fn second_customer() -> SeedWaba {
    let groups =
        vec![group_to_look_at(DEMO_GROUP_ID_2, "New purchase inquiry"), group_to_delete(DEMO_SPARE_GROUP_ID_2)];
    customer(DEMO_WABA_ID_2, DEMO_PHONE_NUMBER_ID_2, "+1 555-000-0002", groups)
}

fn customer(waba_id: &str, phone_number_id: &str, number: &str, groups: Vec<SeedGroup>) -> SeedWaba {
    SeedWaba {
        waba_id: waba_id.to_owned(),
        numbers: vec![SeedNumber {
            phone_number_id: phone_number_id.to_owned(),
            display_phone_number: number.to_owned(),
            groups,
        }],
        invite_templates: vec![DEMO_TEMPLATE_NAME.to_owned()],
    }
}

fn group_to_look_at(id: &str, subject: &str) -> SeedGroup {
    SeedGroup {
        group_id: id.to_owned(),
        subject: subject.to_owned(),
        description: Some("A group that the sandbox is born with".to_owned()),
        participants: [DEMO_PARTICIPANT, DEMO_SECOND_PARTICIPANT].map(str::to_owned).to_vec(),
        needs_approval: false,
        join_requests: Vec::new(),
    }
}

fn group_to_delete(id: &str) -> SeedGroup {
    SeedGroup {
        group_id: id.to_owned(),
        subject: "Spare group".to_owned(),
        description: Some("For examples that remove and delete".to_owned()),
        participants: vec![DEMO_PARTICIPANT.to_owned()],
        needs_approval: false,
        join_requests: Vec::new(),
    }
}

fn group_to_ask_for(id: &str) -> SeedGroup {
    SeedGroup {
        group_id: id.to_owned(),
        subject: "By approval".to_owned(),
        description: Some("For examples that let users in or turn them away".to_owned()),
        participants: vec![DEMO_PARTICIPANT.to_owned()],
        needs_approval: true,
        join_requests: vec![
            join_request(DEMO_JOIN_REQUEST_ID_1, "16505550131", false),
            join_request(DEMO_JOIN_REQUEST_ID_2, "16505550132", true),
        ],
    }
}

fn join_request(id: &str, wa_id: &str, hides_number: bool) -> SeedJoinRequest {
    SeedJoinRequest { join_request_id: id.to_owned(), wa_id: wa_id.to_owned(), hides_number }
}

fn token(token: &str, waba_ids: &[&str]) -> SeedToken {
    SeedToken { token: token.to_owned(), waba_ids: waba_ids.iter().map(|&id| id.to_owned()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{GroupId, JoinRequestId, WaId};

    #[test]
    fn the_demos_group_ids_are_what_their_documentation_says() {
        let of = |digits, number| GroupId::of(digits, number).to_string();
        assert_eq!(of("15550000001", "120363000000000011"), DEMO_GROUP_ID_1);
        assert_eq!(of("15550000001", "120363000000000012"), DEMO_SPARE_GROUP_ID_1);
        assert_eq!(of("15550000001", "120363000000000013"), DEMO_APPROVAL_GROUP_ID_1);
        assert_eq!(of("15550000002", "120363000000000021"), DEMO_GROUP_ID_2);
        assert_eq!(of("15550000002", "120363000000000022"), DEMO_SPARE_GROUP_ID_2);
    }

    #[test]
    fn the_demos_join_request_ids_are_what_their_documentation_says() {
        let of = |wa_id, number| JoinRequestId::of(&WaId::from(wa_id), number).to_string();
        assert_eq!(of("16505550131", "120363000000000131"), DEMO_JOIN_REQUEST_ID_1);
        assert_eq!(of("16505550132", "120363000000000132"), DEMO_JOIN_REQUEST_ID_2);
    }
}
