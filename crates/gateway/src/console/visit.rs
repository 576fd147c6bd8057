//! One look of an administrator who is signed in.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use cams_api::{Class, Scope};
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use utoipa::IntoParams;
use uuid::Uuid;

use super::cookie::Secret;
use super::error::{ConsoleError, no_page};
use super::fields::{Fields, in_utc};
use super::page::{Frame, Section};
use super::{notice, session};
use crate::admin::{AdminContext, AdminError};
use crate::api::admin::{Door, Place, Witness, actor, context, let_in, read_query};
use crate::api::{ApiError, Worker, count};

/// What the walls call every page by.
pub(super) const CONSOLE: &str = "Console";
/// All tenants, as a grant names them.
const EVERYBODY: &str = "*";

/// Somebody who is signed in looks at what the path names: a tenant's, which takes `admin.read` on that tenant, or else what
/// is no single tenant's, which takes it on all.
pub(super) struct Visit<P = ()> {
    /// What the functions of [`crate::admin`] work with.
    pub(super) ctx: Rc<AdminContext>,
    /// What the path names.
    pub(super) path: P,
    /// What the browser's cookie holds.
    pub(super) secret: Secret,
    frame: Frame,
    at: String,
    query: String,
    http: HttpRequest,
}

/// Whoever administers some tenants looks at a list that has no others.
pub(super) struct Anywhere(pub(super) Visit);

impl<P: Place> Visit<P> {
    pub(super) async fn of(http: &HttpRequest, scope: Scope, is_for_some: bool) -> Result<Self, ConsoleError> {
        let worker = worker(http)?;
        let secret = Secret::sent(http, worker.is_over_tls).ok_or(ConsoleError::SignedOut)?;
        let caller = session::who(http, worker, &secret).await?;
        let taken = count(http, worker, caller.key(), Some(Class::of(scope))).await.map_err(ApiError::from)?;
        let mut frame = Frame {
            who: Some(caller.key().access_key_id.clone()),
            sees_all: caller.named_tenants(Scope::AdminRead).is_none(),
            writes_all: caller.authorize(Scope::AdminWrite, CONSOLE, EVERYBODY).is_ok(),
            form_token: secret.form_token(),
            form_id: Uuid::new_v4().to_string(),
            ..Frame::of_nobody("That did not work")
        };
        let actor = actor(http, worker, &caller);
        http.extensions_mut().insert(Seen::new(&frame, Witness { actor: Some(actor.clone()), tenant: None }));
        let door = Door { scope, id: CONSOLE, is_for_some };
        let path: P = let_in(http, &caller, &door)?.ok_or_else(no_page)?;
        let tenant = path.tenant().cloned();
        frame.may_write = match &tenant {
            Some(tenant) => caller.authorize(Scope::AdminWrite, CONSOLE, tenant.as_str()).is_ok(),
            None if is_for_some => caller.is_administrator(Scope::AdminWrite),
            None => frame.writes_all,
        };
        http.extensions_mut().insert(Seen::new(&frame, Witness { actor: Some(actor.clone()), tenant }));
        let query = http.query_string().to_owned();
        let shown = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == NOTICE);
        frame.notice = shown.and_then(|(_, key)| notice::named(&key));
        let ctx = Rc::new(context(worker, caller, taken, actor, None));
        Ok(Self { ctx, path, secret, frame, at: http.path().to_owned(), query, http: http.clone() })
    }
}

/// The query's word for what was done right before.
const NOTICE: &str = "notice";

impl<P> Visit<P> {
    /// The frame around a page for them.
    pub(super) fn frame(&self, section: Section, title: impl Into<String>) -> Frame {
        Frame { title: title.into(), section: Some(section), ..self.frame.clone() }
    }

    /// Lets the audit log know that something was refused, where a page is shown all the same.
    pub(super) fn tell_refused(&self, error: &AdminError) {
        if let Some(seen) = self.http.extensions_mut().get_mut::<Seen>() {
            seen.refused = Some(error.code());
        }
    }

    /// What the address asks for, read as strictly as the administrator's API reads it. What is left blank was not asked for.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] with each parameter that is wrong.
    pub(super) fn query<Q: DeserializeOwned + IntoParams>(&self) -> Result<Q, AdminError> {
        read_query(&self.asked(|_| true))
    }

    /// What the address asks for, as it was typed into the filters.
    pub(super) fn filters(&self) -> Fields {
        Fields::sent(self.asked(is_a_filter).as_bytes()).in_local(&["since", "until"])
    }

    /// Where the next page of the list is that this page shows; `None` on the last.
    pub(super) fn next(&self, after: Option<&str>) -> Option<String> {
        let after = after?;
        let mut asked = form_urlencoded::Serializer::new(self.asked(|name| name != "after"));
        Some(format!("{}?{}", self.at, asked.append_pair("after", after).finish()))
    }

    /// Where its first page is; `None` on that.
    pub(super) fn first(&self) -> Option<String> {
        let is_later = form_urlencoded::parse(self.query.as_bytes()).any(|(name, _)| name == "after");
        is_later.then(|| format!("{}?{}", self.at, self.asked(|name| name != "after")))
    }

    /// Where the whole list is that this page shows a part of.
    pub(super) fn whole(&self) -> String {
        format!("{}/export?{}", self.at, self.asked(is_a_filter))
    }

    fn asked(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let pairs = form_urlencoded::parse(self.query.as_bytes())
            .filter(|(name, value)| name != NOTICE && !value.trim().is_empty() && is_wanted(name));
        let mut asked = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            let is_instant = name == "since" || name == "until";
            asked.append_pair(&name, &if is_instant { in_utc(value.trim()) } else { value.trim().to_owned() });
        }
        asked.finish()
    }
}

/// Not which part of the list is shown.
fn is_a_filter(name: &str) -> bool {
    name != "after" && name != "limit"
}

impl<P: Place> FromRequest for Visit<P> {
    type Error = ConsoleError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ConsoleError>>>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let http = http.clone();
        Box::pin(async move { Self::of(&http, Scope::AdminRead, false).await })
    }
}

impl FromRequest for Anywhere {
    type Error = ConsoleError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ConsoleError>>>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        let http = http.clone();
        Box::pin(async move { Ok(Self(Visit::of(&http, Scope::AdminRead, true).await?)) })
    }
}

/// What is known of a request behind its page's back: for the audit log, and for the page that says what went wrong.
pub(super) struct Seen {
    pub(super) frame: Frame,
    pub(super) witness: Witness,
    /// With which code and status something was refused, where the page shows it by itself.
    pub(super) refused: Option<(&'static str, u16)>,
}

impl Seen {
    fn new(frame: &Frame, witness: Witness) -> Self {
        Self { frame: frame.clone(), witness, refused: None }
    }
}

/// What the handlers of this worker work with.
pub(super) fn worker(http: &HttpRequest) -> Result<&Worker, ConsoleError> {
    http.app_data::<Data<Worker>>().map(|worker| &***worker).ok_or(ConsoleError::SignedOut)
}
