//! What can be wrong with a parameter.

use std::borrow::Cow;
use std::fmt;

use serde::de;
use serde_json::Value;

use crate::Code;

/// Why a request's parameters could not be read. Its text is the message that the caller gets; its `Debug` leaves out
/// what the caller had sent.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The body as a whole is unreadable.
    #[error("The body cannot be read: {why}. Send a JSON object with the operation's parameters.")]
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
    /// A required parameter is absent or empty.
    #[error("`{parameter}` is required, and was absent or empty.")]
    Missing {
        /// The parameter's path, such as `List[0].ParticipantNumber`.
        parameter: String,
    },
    /// Each of some parameters may be absent, and all of them were.
    #[error("{} is required, and was absent or empty.", one_of(parameters))]
    MissingOneOf {
        /// Their names, the usual one first.
        parameters: &'static [&'static str],
    },
    /// The operation has no such parameter.
    #[error("`{parameter}` is not a parameter of this operation, which takes {known}.")]
    Unknown {
        /// The parameter's path, shortened.
        parameter: String,
        /// The parameters that it has.
        known: String,
    },
    /// A parameter stands twice in its object, so that nobody can tell which of the two is meant.
    #[error("`{parameter}` was sent twice; send each parameter once.")]
    Repeated {
        /// The parameter's path.
        parameter: String,
    },
    /// A parameter is well formed, and what it holds or names cannot be used.
    #[error("`{parameter}` cannot be used. {why}")]
    Unusable {
        /// The parameter's path.
        parameter: String,
        /// What is wrong and what to do, in whole sentences.
        why: String,
    },
    /// A parameter is present and wrong.
    #[error("`{parameter}` is wrong: {value} was sent; it must be {rule}.")]
    Wrong {
        /// The parameter's path.
        parameter: String,
        /// What was sent, as JSON, shortened.
        value: String,
        /// What it must be.
        rule: String,
    },
}

/// A value that breaks its type's rule, outside of a request (the command line, a path).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it must be {rule}")]
pub struct WrongValue {
    /// What it must be.
    pub rule: &'static str,
}

impl ParameterError {
    /// The contract's code for the mistake.
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing { .. } | Self::MissingOneOf { .. } => Code::MissingParameter,
            _ => Code::InvalidParameter,
        }
    }

    /// The code as RPC callers see it: `MissingSubject` in place of `MissingParameter`, as Alibaba Cloud has it. Of a
    /// parameter inside another one, such as `List.1.ParticipantNumber`, the last name counts.
    pub fn rpc_code(&self) -> Cow<'static, str> {
        match self {
            Self::Missing { parameter } => {
                let mut names = parameter.rsplit(['.', '[', ']']);
                let name = names.find(|name| name.bytes().any(|byte| !byte.is_ascii_digit()));
                format!("Missing{}", name.unwrap_or("Parameter")).into()
            }
            Self::MissingOneOf { parameters: [usual, ..] } => format!("Missing{usual}").into(),
            _ => self.code().as_str().into(),
        }
    }

    /// That `parameter`, which was sent as this text, breaks a rule that does not show in it alone.
    pub fn wrong(parameter: &str, sent: &str, rule: &str) -> Self {
        let value = shortened(&Value::from(sent).to_string(), 80);
        Self::Wrong { parameter: parameter.to_owned(), value, rule: rule.to_owned() }
    }

    /// That `parameter`, whatever was sent, must be left out beside the others.
    pub(crate) fn superfluous(parameter: &str, why: &str) -> Self {
        let rule = format!("left out {why}");
        Self::Wrong { parameter: parameter.to_owned(), value: "a value".to_owned(), rule }
    }

    /// That a parameter of this name was sent in the address, where the operation takes none.
    pub fn in_query(name: &str) -> Self {
        Self::Unknown {
            parameter: shortened(name, 64),
            known: "its parameters in the body, none in the URL".to_owned(),
        }
    }

    /// Puts the error where it was found: below `outer`, which held `value`.
    pub(super) fn within(mut self, outer: &str, value: Option<&Value>) -> Self {
        match &mut self {
            Self::Unreadable { .. } | Self::MissingOneOf { .. } => {}
            Self::Missing { parameter }
            | Self::Unknown { parameter, .. }
            | Self::Repeated { parameter }
            | Self::Unusable { parameter, .. } => {
                prefix(parameter, outer);
            }
            Self::Wrong { parameter, value: sent, .. } => {
                prefix(parameter, outer);
                if let (true, Some(value)) = (sent.is_empty(), value) {
                    *sent = shortened(&value.to_string(), 80);
                }
            }
        }
        self
    }
}

/// Puts a path below `outer`.
pub(super) fn prefix(parameter: &mut String, outer: &str) {
    *parameter = match parameter.as_str() {
        "" => outer.to_owned(),
        inner if inner.starts_with('[') => format!("{outer}{inner}"),
        inner => format!("{outer}.{inner}"),
    };
}

/// At most `most` characters of what a caller sent, so that an answer does not grow with its question.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Debug for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { why } => write!(f, "Unreadable({why})"),
            Self::Missing { parameter } => write!(f, "Missing({parameter})"),
            Self::MissingOneOf { parameters } => write!(f, "MissingOneOf({parameters:?})"),
            // The name itself is what the caller made up.
            Self::Unknown { .. } => f.write_str("Unknown"),
            Self::Repeated { .. } => f.write_str("Repeated"),
            Self::Unusable { parameter, why } => write!(f, "Unusable({parameter}: {why})"),
            Self::Wrong { parameter, rule, .. } => write!(f, "Wrong({parameter}: it must be {rule})"),
        }
    }
}

impl de::Error for ParameterError {
    fn custom<T: fmt::Display>(rule: T) -> Self {
        Self::Wrong { parameter: String::new(), value: String::new(), rule: rule.to_string() }
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::custom(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("one of {}", listed(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Unknown { parameter: shortened(field, 64), known: listed(expected) }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Repeated { parameter: field.to_owned() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing { parameter: field.to_owned() }
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The names as a sentence has them: `A`, `B` or `C`.
fn one_of(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} or `{last}`", listed(first)),
        _ => listed(names),
    }
}
