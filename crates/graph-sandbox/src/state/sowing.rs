//! Turns a [`Seed`] into a state.

use std::sync::Arc;

use super::State;
use super::groups::{JoinApprovalMode, JoinRequest, NewGroup};
use super::numbers::{Number, Waba};
use super::tokens::Token;
use crate::graph::templates::copied_invitation;
use crate::ids::{GroupId, JoinRequestId, PhoneNumberId, TemplateId, WaId, WabaId};
use crate::nature::Nature;
use crate::seed::{Seed, SeedGroup, SeedJoinRequest, SeedNumber, SeedToken, SeedWaba};

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
        for name in &seed.invite_templates {
            self.sow_template(name, &waba_id, nature);
        }
    }

    fn sow_template(&mut self, name: &str, waba_id: &WabaId, nature: &Nature) {
        let template = copied_invitation(waba_id, name, self.next_ordinal);
        self.next_ordinal += 1;
        self.templates.insert(TemplateId::from(nature.digits(16)), Arc::new(template));
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
            join_approval_mode: if seed.needs_approval {
                JoinApprovalMode::ApprovalRequired
            } else {
                JoinApprovalMode::AutoApprove
            },
        };
        self.add_group(id.clone(), new, nature);
        for participant in &seed.participants {
            let wa_id = WaId::from(&**participant);
            self.user(&wa_id, nature);
            if let Some(group) = self.living_group_mut(&id) {
                group.participants.push(wa_id);
            }
        }
        for request in &seed.join_requests {
            self.sow_join_request(request, &id, nature);
        }
    }

    fn sow_join_request(&mut self, seed: &SeedJoinRequest, group: &GroupId, nature: &Nature) {
        let wa_id = WaId::from(&*seed.wa_id);
        self.user(&wa_id, nature).hide_wa_id = seed.hides_number;
        let request = JoinRequest { wa_id, created_at: nature.now_seconds() };
        if let Some(group) = self.living_group_mut(group) {
            group.join_requests.insert(JoinRequestId::from(&*seed.join_request_id), request);
        }
    }

    fn sow_token(&mut self, seed: &SeedToken) {
        let wabas = seed.waba_ids.iter().map(|id| WabaId::from(&**id));
        self.tokens.insert(seed.token.clone(), Token::new(wabas));
    }
}
