//! What is told of one call: where it stands, and its page in the document.

use actix_web::http::Method;
use cams_api::Scope;

use super::dispatch::Door;

/// One call of the administrator's API.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Its method.
    pub method: Method,
    /// Its path below the root, with parameters in braces.
    pub path: &'static str,
    /// Its name, once in the whole document.
    pub id: &'static str,
    /// What it is about.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else there is to know.
    pub description: &'static str,
    /// Whether it changes a resource that stands, so that `If-Match` must say which revision.
    pub is_change: bool,
    /// Whether whoever administers some tenants may call it, though its path names none.
    pub is_for_some: bool,
    /// Whether it asks Meta, though it is only looked at.
    pub asks_meta: bool,
}

impl Page {
    /// A page that is looked at.
    pub(crate) fn get(path: &'static str, id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
            id,
            tag,
            summary,
            description: "",
            is_change: false,
            is_for_some: false,
            asks_meta: false,
        }
    }

    /// Something is made, or done to nothing that stands.
    pub(crate) fn post(path: &'static str, id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self { method: Method::POST, ..Self::get(path, id, tag, summary) }
    }

    /// Something that stands is changed.
    pub(crate) fn change(
        method: Method,
        path: &'static str,
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
    ) -> Self {
        Self { method, is_change: true, ..Self::get(path, id, tag, summary) }
    }

    /// What its caller needs.
    pub(crate) fn scope(&self) -> Scope {
        if self.method == Method::GET { Scope::AdminRead } else { Scope::AdminWrite }
    }

    /// Whom it lets in.
    pub(super) fn door(&self) -> Door {
        Door { scope: self.scope(), id: self.id, is_for_some: self.is_for_some }
    }

    /// Whether it is done once for all calls with the same `Idempotency-Key`.
    pub(crate) fn is_keyed(&self) -> bool {
        self.method == Method::POST
    }

    /// The same, with more to know.
    pub(crate) fn told(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The same, which is asked of Meta.
    pub(crate) fn asking_meta(self) -> Self {
        Self { asks_meta: true, ..self }
    }

    /// The same, for whoever administers some tenants.
    pub(crate) fn for_some(self) -> Self {
        Self { is_for_some: true, ..self }
    }
}
