//! Contacts, in Meta's structure
//! ([Meta: contacts messages](https://developers.facebook.com/docs/whatsapp/cloud-api/messages/contacts-messages)).
//!
//! Each type reads CAMS's names and writes Meta's: `formattedName` becomes `formatted_name`.

use serde::{Deserialize, Serialize};

use super::{CONTENT, from_text};
use crate::messages::Text;
use crate::parameters::ParameterError;

/// One line of a contact.
type Line = Text<1000>;

/// Makes a part of a contact: members that are all optional, beside one that may be required.
macro_rules! part {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident : $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all(serialize = "snake_case", deserialize = "camelCase"), deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "IsAbsent::is_absent")] pub $field: $type,)*
        }
    };
}

/// What is not written where it is absent.
trait IsAbsent {
    fn is_absent(&self) -> bool {
        false
    }
}

impl IsAbsent for Line {}
impl IsAbsent for PersonName {}
impl<T> IsAbsent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

part! {
    /// A person or business.
    Contact {
        /// What it is called.
        name: PersonName,
        /// Its phone numbers.
        phones: Option<Vec<Phone>>,
        /// Its addresses of mail.
        emails: Option<Vec<Email>>,
        /// Its pages on the web.
        urls: Option<Vec<WebAddress>>,
        /// Where it is.
        addresses: Option<Vec<Address>>,
        /// Where it works.
        org: Option<Organization>,
        /// When it was born: `YYYY-MM-DD`.
        birthday: Option<Line>,
    }
}

part! {
    /// A name. Meta wants one of the others beside `formattedName`, and so does [`read`].
    PersonName {
        /// The whole name, as it is shown.
        formatted_name: Line,
        /// The first name.
        first_name: Option<Line>,
        /// The last name.
        last_name: Option<Line>,
        /// The middle name.
        middle_name: Option<Line>,
        /// What stands before it, such as `Dr`.
        prefix: Option<Line>,
        /// What stands behind it, such as `Jr`.
        suffix: Option<Line>,
    }
}

part! {
    /// A phone number.
    Phone {
        /// The number.
        phone: Option<Line>,
        /// `HOME`, `WORK`, `CELL`, ….
        r#type: Option<Line>,
        /// The WhatsApp ID.
        wa_id: Option<Line>,
    }
}

part! {
    /// An address of mail.
    Email {
        /// The address.
        email: Option<Line>,
        /// `HOME` or `WORK`.
        r#type: Option<Line>,
    }
}

part! {
    /// A page on the web.
    WebAddress {
        /// Its URL.
        url: Option<Line>,
        /// `HOME` or `WORK`.
        r#type: Option<Line>,
    }
}

part! {
    /// Where somebody is.
    Address {
        /// The street, with the house's number.
        street: Option<Line>,
        /// The city.
        city: Option<Line>,
        /// The state.
        state: Option<Line>,
        /// The postal code.
        zip: Option<Line>,
        /// The country.
        country: Option<Line>,
        /// The country as ISO 3166-1 has it in two letters.
        country_code: Option<Line>,
        /// `HOME` or `WORK`.
        r#type: Option<Line>,
    }
}

part! {
    /// Where somebody works.
    Organization {
        /// The company.
        company: Option<Line>,
        /// The department.
        department: Option<Line>,
        /// The job.
        title: Option<Line>,
    }
}

/// One contact, as CAMS has it, or a list of them, as Meta's body has it.
pub(super) fn read(text: &str) -> Result<Vec<Contact>, ParameterError> {
    let is_list = text.trim_start().starts_with('[');
    let contacts: Vec<Contact> = if is_list { from_text(text)? } else { vec![from_text(text)?] };
    match contacts.iter().position(|contact| !contact.name.has_parts()) {
        None => Ok(contacts),
        Some(index) if is_list => Err(without_parts(&format!("{CONTENT}[{index}].name"))),
        Some(_) => Err(without_parts(&format!("{CONTENT}.name"))),
    }
}

impl PersonName {
    /// Whether a part of the name stands beside the whole.
    fn has_parts(&self) -> bool {
        let Self { formatted_name: _, first_name, last_name, middle_name, prefix, suffix } = self;
        [first_name, last_name, middle_name, prefix, suffix].into_iter().any(Option::is_some)
    }
}

fn without_parts(parameter: &str) -> ParameterError {
    let why = "Meta wants one of `firstName`, `lastName`, `middleName`, `prefix` and `suffix` beside `formattedName`.";
    ParameterError::Unusable { parameter: parameter.to_owned(), why: why.to_owned() }
}
