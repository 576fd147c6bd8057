//! The query of a call: taken apart, without credentials, and without what would make another call of it.

use std::borrow::Cow;

use secrecy::SecretString;
use url::form_urlencoded;

use super::errors::FaceError;

/// Parameters that say who calls: ours stand in their place.
const CREDENTIALS: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];
/// Parameters by which Graph takes a call for another one, for several or another caller's, or writes its answer as a
/// script, without its status, or with other objects in it.
const DISGUISES: [&str; 7] = ["method", "batch", "ids", "callback", "include", "oauth_token", "suppress_http_code"];
/// What of an object is asked for.
const FIELDS: &str = "fields";

/// A query, taken apart.
#[derive(Default)]
pub(super) struct Query {
    /// The caller's token.
    pub token: Option<SecretString>,
    /// What goes on to Meta.
    pub pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads a query as it came.
    ///
    /// # Errors
    /// [`FaceError::Parameter`]
    pub(super) fn read(raw: &str) -> Result<Self, FaceError> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            if name == CREDENTIALS[0] && query.token.is_none() {
                query.token = Some(SecretString::from(value.into_owned()));
            } else if !is_among(&CREDENTIALS, &name) {
                query.add(name, value)?;
            }
        }
        Ok(query)
    }

    fn add(&mut self, name: Cow<'_, str>, value: Cow<'_, str>) -> Result<(), FaceError> {
        check(&name, Some(&value))?;
        if self.pairs.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            return Err(FaceError::parameter(&name, "was sent twice"));
        }
        self.pairs.push((name.into_owned(), value.into_owned()));
        Ok(())
    }

    /// Takes a parameter out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.remove(at).1)
    }
}

/// In whatever case: Meta may read names so.
fn is_among(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a parameter may be passed on, from wherever it comes: the query, JSON, or a form. A value that is no text is
/// `None`.
///
/// # Errors
/// [`FaceError::Parameter`], [`FaceError::Unreadable`]
pub(super) fn check(name: &str, value: Option<&str>) -> Result<(), FaceError> {
    check_name(name)?;
    // `field{…}` and `field.limit(…)` reach other objects than the one that was looked at.
    let is_plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_, ".contains(&byte));
    if is_among(&[FIELDS], name) && !value.is_some_and(is_plain) {
        return Err(FaceError::parameter(FIELDS, "must be names with commas between them"));
    }
    Ok(())
}

/// Whether a parameter of this name may be passed on, from the query or the body.
///
/// # Errors
/// [`FaceError::Parameter`]
pub(super) fn check_name(name: &str) -> Result<(), FaceError> {
    if is_among(&CREDENTIALS, name) {
        return Err(FaceError::parameter(name, "belongs in the Authorization header or the query"));
    }
    if is_among(&DISGUISES, name) {
        return Err(FaceError::parameter(name, "is not taken here"));
    }
    // `to[0]` and the like are read in more than one way, and PHP makes `_` of `.` and space.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
        return Err(FaceError::Unreadable("A parameter's name must be letters, digits, _ and -.".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(raw: &str) -> Result<Query, String> {
        Query::read(raw).map_err(|error| error.to_string())
    }

    #[test]
    fn credentials_are_taken_out_and_never_passed_on() {
        let query = read("limit=2&access_token=a%3Ab&appsecret_proof=x&access_token=c&after=y%3D%3D&ACCESS_TOKEN=d&Appsecret_Proof=e").unwrap();
        assert_eq!(query.token.unwrap().expose_secret(), "a:b");
        let pairs: Vec<_> = query.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("limit", "2"), ("after", "y==")]);
    }

    #[test]
    fn what_would_make_another_call_of_it_is_refused() {
        for raw in [
            "method=delete",
            "Method=delete",
            "batch=[]",
            "ids=1,2",
            "callback=x",
            "Suppress_HTTP_code=1",
            "oauth_token=x",
            "Include=x",
            "fields=id&fields=subject",
            "fields=id&Fields=id",
            "a[0]=1",
            "access.token=1",
            "access%20token=1",
            "=1",
        ] {
            assert!(read(raw).is_err(), "{raw}");
        }
        for fields in ["whatsapp_business_account%7Bphone_numbers%7D", "groups.limit(5)", "id%00"] {
            assert!(read(&format!("fields={fields}")).is_err(), "{fields}");
            assert!(read(&format!("Fields={fields}")).is_err(), "{fields}");
        }
        assert!(read("fields=id%2Csubject,join_approval_mode").is_ok());
        assert!(check("Fields", None).is_err() && check("to", None).is_ok());
    }
}
