//! The console's pages and forms, each with where it is reached. Whom it is for follows from what its handler takes: one that
//! takes neither a [`Visit`] nor a [`Sent`] does not compile, but for the few that are open to everybody.

use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, Responder, Route, Scope, web};

use super::sent::{OfSession, Sent};
use super::visit::{Anywhere, Visit};
use crate::api::admin::Place;

/// What a page's handler takes: somebody who is signed in, and may look.
pub(super) trait Looks {}
/// What a form's handler takes: a form of somebody's own session, who may write.
pub(super) trait Writes {}

impl<P: Place> Looks for (Visit<P>,) {}
impl<P: Place> Looks for (HttpRequest, Visit<P>) {}
impl Looks for (Anywhere,) {}
impl<P: Place> Writes for (Sent<P>,) {}
impl<P: Place> Writes for (HttpRequest, Sent<P>) {}

/// Where something is reached.
pub struct Reached {
    /// By which method.
    pub method: Method,
    /// At which path below `/console`, with parameters in braces.
    pub path: &'static str,
    /// Whom it is for.
    pub by: By,
}

/// Whom something is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Everybody.
    All,
    /// Whoever is signed in.
    SignedIn,
    /// Administrators of what the path names: who may look sees pages, who may write sends forms.
    Administrators,
}

/// Routes, as they are added.
#[derive(Default)]
pub(super) struct Routes(Vec<(Reached, Route)>);

impl Routes {
    /// A page to look at.
    pub(super) fn page<H, Args>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + Looks + 'static,
    {
        self.add(Method::GET, path, By::Administrators, handler)
    }

    /// A form that changes something.
    pub(super) fn form<H, Args>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + Writes + 'static,
    {
        self.add(Method::POST, path, By::Administrators, handler)
    }

    /// A form about the session that it is sent in.
    pub(super) fn of_session<H>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<(HttpRequest, OfSession), Output: Responder + 'static>,
    {
        self.add(Method::POST, path, By::SignedIn, handler)
    }

    /// What everybody may reach.
    pub(super) fn open<H, Args>(self, method: Method, path: &'static str, handler: H) -> Self
    where
        H: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        self.add(method, path, By::All, handler)
    }

    /// Where all of it is reached.
    pub(super) fn reached(self) -> Vec<Reached> {
        self.0.into_iter().map(|(reached, _)| reached).collect()
    }

    /// The scope with all of it.
    pub(super) fn add_to(self, scope: Scope) -> Scope {
        self.0.into_iter().fold(scope, |scope, (reached, route)| scope.route(reached.path, route))
    }

    fn add<H, Args>(mut self, method: Method, path: &'static str, by: By, handler: H) -> Self
    where
        H: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        let route = web::method(method.clone()).to(handler);
        self.0.push((Reached { method, path, by }, route));
        self
    }
}
