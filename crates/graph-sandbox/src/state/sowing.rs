//! Turns a [`Seed`] into a state.

use super::State;
use super::groups::{JoinApprovalMode, NewGroup};
use super::numbers::{Number, Waba};
use super::tokens::Token;
use crate::ids::{GroupId, PhoneNumberId, WaId, WabaId};
use crate::nature::Nature;
use crate::seed::{Seed, SeedGroup, SeedNumber, SeedToken, SeedWaba};

impl State {
    /// A new state with all that the seed names.
    pub(crate) fn born_with(seed: &Seed, nature: &Nature) -> Self {
        let mut state = Self::default();
        for waba in &seed.wabas {
            state.sow_waba(waba, nature);
        }
        for token in &seed.tokens {
            state.sow_token(token);
        }
        state
    }

    fn sow_waba(&mut self, seed: &SeedWaba, nature: &Nature) {
        let waba_id = WabaId::from(&*seed.waba_id);
        let waba = Waba { subscribed: true };
        self.wabas.insert(waba_id.clone(), waba);
        for number in &seed.numbers {
            self.sow_number(number, &waba_id, nature);
        }
    }

    fn sow_number(&mut self, seed: &SeedNumber, waba_id: &WabaId, nature: &Nature) {
        let id = PhoneNumberId::from(&*seed.phone_number_id);
        let number = Number::new(waba_id.clone(), &seed.display_phone_number);
        self.numbers.insert(id.clone(), number);
        for group in &seed.groups {
            self.sow_group(group, &id, nature);
        }
    }

    fn sow_group(&mut self, seed: &SeedGroup, number: &PhoneNumberId, nature: &Nature) {
        let id = GroupId::from(&*seed.group_id);
        let new = NewGroup {
            phone_number_id: number.clone(),
            subject: seed.subject.clone(),
            description: seed.description.clone(),
            join_approval_mode: JoinApprovalMode::default(),
        };
        self.add_group(id.clone(), new, nature);
        for participant in &seed.participants {
            let wa_id = WaId::from(&**participant);
            self.user(&wa_id, nature);
            if let Some(group) = self.groups.get_mut(&id) {
                group.participants.push(wa_id);
            }
        }
    }

    fn sow_token(&mut self, seed: &SeedToken) {
        let wabas = seed.waba_ids.iter().map(|id| WabaId::from(&**id));
        self.tokens.insert(seed.token.clone(), Token::new(wabas));
    }
}
