//! What administrators are answered with.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use tenant_store::Revision;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use super::AdminError;

/// How many a page holds where the caller does not say.
const USUAL: i64 = 100;
/// And at the most.
const MOST: i64 = 1000;

/// A resource as administrators see it: `snake_case`, times in RFC 3339, never a secret but at its creation.
pub trait View: Serialize + ToSchema + 'static {
    /// Which revision it is; `None` for what nobody changes.
    fn revision(&self) -> Option<Revision> {
        None
    }

    /// Where it stands, below `/admin/v1`; for what a POST creates.
    fn location(&self) -> Option<String> {
        None
    }

    /// The same without what is shown at its creation alone, for when the answer is given again.
    #[must_use]
    fn without_secrets(self) -> Self
    where
        Self: Sized,
    {
        self
    }
}

/// A page of a list, row by row.
pub struct Rows {
    /// Each in JSON, on one line.
    pub lines: Vec<String>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// What a call answers, and with which status.
pub trait Answer: 'static {
    /// What stands in the body; [`NoContent`] for nothing.
    type Body: Serialize + ToSchema;
    /// Its HTTP status.
    const STATUS: u16 = 200;
    /// Whether it is one page of a list.
    const IS_LIST: bool = false;

    /// The body, its revision and its place.
    fn parts(&self) -> (Option<&Self::Body>, Option<Revision>, Option<String>);

    /// The name of its body's schema, and that schema with all that it is made of.
    fn schema(schemas: &mut Vec<(String, RefOr<Schema>)>) -> String {
        described::<Self::Body>(schemas, Self::Body::name().into_owned())
    }

    /// Each row of a list as JSON, with the cursor of its next page; `None` for what is no list.
    fn rows(&self) -> Option<Rows> {
        None
    }

    /// The answer as it may be kept, to be given again under the same idempotency key.
    #[must_use]
    fn without_secrets(self) -> Self;
}

impl<T: View> Answer for T {
    type Body = T;

    fn parts(&self) -> (Option<&T>, Option<Revision>, Option<String>) {
        (Some(self), self.revision(), None)
    }

    fn without_secrets(self) -> Self {
        View::without_secrets(self)
    }
}

/// A resource that was made.
pub struct Created<T>(pub T);

impl<T: View> Answer for Created<T> {
    type Body = T;
    const STATUS: u16 = 201;

    fn parts(&self) -> (Option<&T>, Option<Revision>, Option<String>) {
        (Some(&self.0), self.0.revision(), self.0.location())
    }

    fn without_secrets(self) -> Self {
        Self(self.0.without_secrets())
    }
}

/// Nothing is left to tell.
#[derive(Serialize, ToSchema)]
pub struct NoContent;

impl Answer for NoContent {
    type Body = Self;
    const STATUS: u16 = 204;

    fn parts(&self) -> (Option<&Self>, Option<Revision>, Option<String>) {
        (None, None, None)
    }

    fn without_secrets(self) -> Self {
        self
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// What stands on this page.
    pub data: Vec<T>,
    /// What to send as `after` for the next page; `null` on the last.
    pub next: Option<String>,
}

impl<T: View> Answer for Listed<T>
where
    Self: ToSchema,
{
    type Body = Self;
    const IS_LIST: bool = true;

    fn schema(schemas: &mut Vec<(String, RefOr<Schema>)>) -> String {
        let row = described::<T>(schemas, T::name().into_owned());
        described::<Self>(schemas, format!("{row}List"))
    }

    fn parts(&self) -> (Option<&Self>, Option<Revision>, Option<String>) {
        (Some(self), None, None)
    }

    fn rows(&self) -> Option<Rows> {
        // Views are made of strings, numbers and times, which JSON always takes.
        let lines = self.data.iter().filter_map(|row| serde_json::to_string(row).ok()).collect();
        Some(Rows { lines, next: self.next.clone() })
    }

    fn without_secrets(self) -> Self {
        self
    }
}

fn described<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>, name: String) -> String {
    T::schemas(schemas);
    schemas.push((name.clone(), T::schema()));
    name
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl Paging {
    /// How many the caller wants.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] where that is not 1 to 1000.
    pub fn limit(&self) -> Result<i64, AdminError> {
        Self::limited(self.limit)
    }

    /// The same of a `limit` that stands beside filters.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] where it is not 1 to 1000.
    pub fn limited(limit: Option<i64>) -> Result<i64, AdminError> {
        match limit {
            None => Ok(USUAL),
            Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
            Some(_) => Err(AdminError::field("limit", format!("a whole number from 1 to {MOST}"))),
        }
    }

    /// The page of `found`, which was looked for with one more than the limit, so that it is known whether there is more.
    pub fn page<R, T>(
        limit: i64,
        mut found: Vec<R>,
        cursor: impl Fn(&R) -> String,
        view: impl Fn(R) -> T,
    ) -> Listed<T> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| is_more).map(cursor);
        Listed { data: found.into_iter().map(view).collect(), next }
    }
}

/// A field that is there, be it `null`; one that is absent has `None` by `#[serde(default)]`.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A secret, which nothing shows from here on.
pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// The same of one that may be absent.
pub(super) fn secret_option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}
