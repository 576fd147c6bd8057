//! What a query says, read strictly: every mistake at once, by the parameter's name.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::Type;

use super::shape::{MOST_TOLD, names, types};
use crate::admin::{AdminError, FieldError};

type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What the query `text` says.
///
/// # Errors
/// [`AdminError::Invalid`], also for a parameter that the call does not know, or that is there twice.
pub(crate) fn read<Q: DeserializeOwned + IntoParams>(text: &str) -> Result<Q, AdminError> {
    let pairs: Vec<Pair<'_>> = form_urlencoded::parse(text.as_bytes()).collect();
    let wrong = mistakes(&Q::into_params(|| Some(ParameterIn::Query)), &pairs);
    if !wrong.is_empty() {
        return Err(AdminError::Invalid(wrong));
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(reader)
        .map_err(|error| AdminError::field(&error.path().to_string(), error.inner().to_string()))
}

fn mistakes(known: &[Parameter], pairs: &[Pair<'_>]) -> Vec<FieldError> {
    let mistake = |(at, (name, value)): (usize, &Pair<'_>)| {
        let is_repeated = pairs.iter().take(at).any(|(earlier, _)| earlier == name);
        let rule = match known.iter().find(|parameter| parameter.name == *name) {
            None => unknown(known),
            Some(_) if is_repeated => "it is there more than once".to_owned(),
            // PostgreSQL's text holds none.
            Some(_) if value.contains('\0') => "text without NUL".to_owned(),
            Some(parameter) => of_another_type(parameter, value)?,
        };
        Some(FieldError::new(name.as_ref(), rule))
    };
    pairs.iter().enumerate().filter_map(mistake).take(MOST_TOLD).collect()
}

fn unknown(known: &[Parameter]) -> String {
    let known: Vec<String> = known.iter().map(|parameter| format!("`{}`", parameter.name)).collect();
    match known.as_slice() {
        [] => "there is no such parameter; this call takes none".to_owned(),
        known => format!("there is no such parameter; there are {}", known.join(", ")),
    }
}

fn of_another_type(parameter: &Parameter, value: &str) -> Option<String> {
    let types = types(parameter.schema.as_ref()?)?;
    let fits = |wanted: &Type| match wanted {
        Type::Integer => value.parse::<i64>().is_ok(),
        Type::Number => value.parse::<f64>().is_ok(),
        Type::Boolean => value.parse::<bool>().is_ok(),
        Type::Null => false,
        Type::String | Type::Array | Type::Object => true,
    };
    let wanted: Vec<Type> = types.iter().filter(|wanted| **wanted != Type::Null).cloned().collect();
    (!wanted.iter().any(fits)).then(|| format!("it must be {}", names(&wanted).join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::Paging;

    fn wrong(text: &str) -> Vec<(String, String)> {
        match read::<Paging>(text) {
            Err(AdminError::Invalid(wrong)) => wrong.into_iter().map(|error| (error.field, error.message)).collect(),
            other => panic!("{:?}", other.map(|paging| paging.after)),
        }
    }

    #[test]
    fn every_parameter_that_is_wrong_is_named() {
        let told = wrong("limit=x&page=2&after=%00&limit=3");
        let fields: Vec<_> = told.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["limit", "page", "after", "limit"]);
        assert_eq!(told[0].1, "it must be a whole number");
        assert_eq!(told[1].1, "there is no such parameter; there are `limit`, `after`");
        assert_eq!(told[3].1, "it is there more than once");
    }

    #[test]
    fn what_is_read_is_what_was_said() {
        let paging: Paging = read("limit=7&after=a%20b").unwrap();
        assert_eq!((paging.limit().unwrap(), paging.after.as_deref()), (7, Some("a b")));
        assert_eq!(read::<Paging>("").unwrap().after, None);
    }
}
