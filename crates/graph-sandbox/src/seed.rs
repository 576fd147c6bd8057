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
/// The second number's group to look at: `capi_group:15550000002:120363000000000021`.
pub const DEMO_GROUP_ID_2: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMjoxMjAzNjMwMDAwMDAwMDAwMjEZD";
/// The second number's group for examples that delete: `…:120363000000000022`.
pub const DEMO_SPARE_GROUP_ID_2: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMjoxMjAzNjMwMDAwMDAwMDAwMjIZD";

/// A participant of every demo group, and the one whom examples remove.
pub const DEMO_PARTICIPANT: &str = "16505551234";
/// One more participant of the groups to look at.
pub const DEMO_SECOND_PARTICIPANT: &str = "16505555678";

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

/// A group, open to whoever holds its link.
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
    /// Two customers with a number and two groups each. The first token sees the
    /// first customer only; the second sees both, as a Solution Partner's does.
    pub fn demo(token_1: &str, token_2: &str) -> Self {
        Self {
            wabas: vec![first_customer(), second_customer()],
            tokens: vec![token(token_1, &[DEMO_WABA_ID_1]), token(token_2, &[DEMO_WABA_ID_1, DEMO_WABA_ID_2])],
        }
    }
}

fn first_customer() -> SeedWaba {
    let groups = vec![group_to_look_at(DEMO_GROUP_ID_1, "Watch enthusiasts"), group_to_delete(DEMO_SPARE_GROUP_ID_1)];
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
    }
}

fn group_to_look_at(id: &str, subject: &str) -> SeedGroup {
    SeedGroup {
        group_id: id.to_owned(),
        subject: subject.to_owned(),
        description: Some("A group that the sandbox is born with".to_owned()),
        participants: [DEMO_PARTICIPANT, DEMO_SECOND_PARTICIPANT].map(str::to_owned).to_vec(),
    }
}

fn group_to_delete(id: &str) -> SeedGroup {
    SeedGroup {
        group_id: id.to_owned(),
        subject: "Spare group".to_owned(),
        description: Some("For examples that remove and delete".to_owned()),
        participants: vec![DEMO_PARTICIPANT.to_owned()],
    }
}

fn token(token: &str, waba_ids: &[&str]) -> SeedToken {
    SeedToken { token: token.to_owned(), waba_ids: waba_ids.iter().map(|&id| id.to_owned()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::GroupId;

    #[test]
    fn the_demos_group_ids_are_what_their_documentation_says() {
        let of = |digits, number| GroupId::of(digits, number).to_string();
        assert_eq!(of("15550000001", "120363000000000011"), DEMO_GROUP_ID_1);
        assert_eq!(of("15550000001", "120363000000000012"), DEMO_SPARE_GROUP_ID_1);
        assert_eq!(of("15550000002", "120363000000000021"), DEMO_GROUP_ID_2);
        assert_eq!(of("15550000002", "120363000000000022"), DEMO_SPARE_GROUP_ID_2);
    }
}
