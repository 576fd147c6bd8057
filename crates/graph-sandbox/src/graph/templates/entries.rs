//! What the library holds. Meta's own entries are not published: these have its form, and words of our own.

use serde_json::{Value, json};

/// A template of the library in several languages.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) topic: &'static str,
    pub(super) usecase: &'static str,
    pub(super) industry: &'static [&'static str],
    /// Type and example of each variable of the body.
    pub(super) params: &'static [(&'static str, &'static str)],
    /// Type and label of each button.
    pub(super) buttons: &'static [(&'static str, &'static str)],
    /// Language and body.
    pub(super) bodies: &'static [(&'static str, &'static str)],
}

impl Entry {
    /// An example of each variable.
    pub(super) fn examples(&self) -> Vec<&'static str> {
        self.params.iter().map(|(_, example)| *example).collect()
    }

    /// The type of each variable.
    pub(super) fn types(&self) -> Vec<&'static str> {
        self.params.iter().map(|(kind, _)| *kind).collect()
    }

    /// As Graph writes them.
    pub(super) fn buttons(&self) -> Vec<Value> {
        self.buttons.iter().map(|(kind, text)| json!({ "type": kind, "text": text })).collect()
    }
}

const LINK: (&str, &str) = ("GROUP_ID", "https://chat.whatsapp.com/LINK_ID");
const GROUP_TOPIC: &str = "GROUP_INVITE_LINK";
const ANY_INDUSTRY: &[&str] = &["E_COMMERCE", "FINANCIAL_SERVICES"];

/// The invitation with nothing but the link.
pub(super) const GROUP_INVITE_LINK: Entry = Entry {
    name: "group_invite_link",
    topic: GROUP_TOPIC,
    usecase: "GROUP_INVITE",
    industry: ANY_INDUSTRY,
    params: &[LINK],
    buttons: &[],
    bodies: &[
        ENGLISH_INVITATION,
        ("en_US", "You are invited to our group on WhatsApp. Open {{1}} to join."),
        ("de", "Wir laden Sie in unsere WhatsApp-Gruppe ein. Mit {{1}} treten Sie bei."),
        ("es", "Te invitamos a nuestro grupo de WhatsApp. Abre {{1}} para unirte."),
        ("pt_BR", "Convidamos você para o nosso grupo no WhatsApp. Abra {{1}} para entrar."),
        ("id", "Anda diundang ke grup WhatsApp kami. Buka {{1}} untuk bergabung."),
    ],
};
/// Language and body of [`GROUP_INVITE_LINK`] in English.
pub(super) const ENGLISH_INVITATION: (&str, &str) =
    ("en", "You are invited to our group on WhatsApp. Open {{1}} to join.");

pub(super) const ENTRIES: &[Entry] = &[
    GROUP_INVITE_LINK,
    Entry {
        name: "group_invite_link_with_purpose",
        topic: GROUP_TOPIC,
        usecase: "GROUP_INVITE",
        industry: ANY_INDUSTRY,
        params: &[LINK, ("TEXT", "your renovation")],
        buttons: &[],
        bodies: &[
            ("en", "Open {{1}} to join the group about {{2}}. We look forward to talking with you there."),
            ("en_US", "Open {{1}} to join the group about {{2}}. We look forward to talking with you there."),
            ("es", "Abre {{1}} para unirte al grupo sobre {{2}}. Te esperamos allí."),
            ("pt_BR", "Abra {{1}} para entrar no grupo sobre {{2}}. Esperamos você lá."),
        ],
    },
    Entry {
        name: "group_invite_link_order",
        topic: GROUP_TOPIC,
        usecase: "ORDER_GROUP_INVITE",
        industry: &["E_COMMERCE"],
        params: &[LINK, ("TEXT", "Jim"), ("TEXT", "#12345")],
        buttons: &[("QUICK_REPLY", "Not now")],
        bodies: &[
            ("en", "Open {{1}} to join our group, {{2}}. There we keep you posted on order {{3}} together."),
            ("en_US", "Open {{1}} to join our group, {{2}}. There we keep you posted on order {{3}} together."),
        ],
    },
    Entry {
        name: "order_delivery_update",
        topic: "ORDER_MANAGEMENT",
        usecase: "DELIVERY_UPDATE",
        industry: &["E_COMMERCE"],
        params: &[("TEXT", "Jim"), ("TEXT", "#12345"), ("DATE", "January 1st, 2024")],
        buttons: &[("URL", "Track the order")],
        bodies: &[
            ("en_US", "Hi {{1}}, your order {{2}} is on its way and should reach you by {{3}}."),
            ("es", "Hola, {{1}}: tu pedido {{2}} está en camino y debería llegar el {{3}}."),
        ],
    },
    Entry {
        name: "payment_due_reminder",
        topic: "PAYMENTS",
        usecase: "PAYMENT_DUE_REMINDER",
        industry: &["FINANCIAL_SERVICES"],
        params: &[("TEXT", "Jim"), ("AMOUNT", "$75.00"), ("DATE", "05 12 2022")],
        buttons: &[("URL", "Pay now"), ("PHONE_NUMBER", "Call us")],
        bodies: &[("en_US", "Hi {{1}}, your payment of {{2}} is due on {{3}}. Thank you for paying in time.")],
    },
    Entry {
        name: "feedback_survey",
        topic: "CUSTOMER_FEEDBACK",
        usecase: "FEEDBACK_SURVEY",
        industry: ANY_INDUSTRY,
        params: &[("TEXT", "purchase")],
        buttons: &[],
        bodies: &[
            ("en_US", "Thank you for your recent {{1}}. Tell us in a word how it went."),
            ("de", "Danke für Ihre {{1}}. Sagen Sie uns in einem Wort, wie es war."),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::templates::{INVITE_LINK, variables};

    #[test]
    fn every_body_has_the_variables_that_its_entry_names() {
        for entry in ENTRIES {
            for (language, body) in entry.bodies {
                let found = variables(&json!({ "text": body }));
                assert_eq!(found.len(), entry.params.len(), "{} in {language}", entry.name);
            }
        }
    }

    #[test]
    fn the_groups_variable_comes_first_and_has_a_link_as_its_example() {
        let of_groups = ENTRIES.iter().filter(|entry| entry.topic == GROUP_TOPIC);
        assert!(of_groups.clone().count() >= 3);
        for entry in of_groups {
            assert!(entry.params[0].0 == "GROUP_ID" && entry.params[0].1.starts_with(INVITE_LINK));
        }
    }
}
