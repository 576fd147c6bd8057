//! What all pages share: the frame around them, and how they are answered.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::assets;
use super::notice::Notice;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Which part of the console a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// What needs a person now.
    Home,
    /// The tenants, and everything of one.
    Tenants,
    /// Taking on a customer.
    Onboarding,
    /// The access keys.
    Keys,
    /// The ISV's own endpoints.
    Endpoints,
    /// Events of numbers that no tenant has.
    Unrouted,
    /// The audit log.
    Audit,
    /// How the gateways are.
    Status,
}

/// A link of the navigation.
pub(super) struct NavLink {
    /// Where it leads to.
    pub(super) href: &'static str,
    /// What it says.
    pub(super) text: &'static str,
    /// Whether the page is of that part.
    pub(super) is_current: bool,
}

/// Each part: where it stands, what it is called, and whether it takes a grant on all tenants.
const SECTIONS: [(Section, &str, &str, bool); 8] = [
    (Section::Home, "/console", "Home", false),
    (Section::Tenants, "/console/tenants", "Tenants", false),
    (Section::Onboarding, "/console/onboarding/new", "Onboard", true),
    (Section::Keys, "/console/keys", "Keys", true),
    (Section::Endpoints, "/console/endpoints", "Endpoints", true),
    (Section::Unrouted, "/console/events/unrouted", "Unrouted", true),
    (Section::Audit, "/console/audit", "Audit", true),
    (Section::Status, "/console/status", "Status", true),
];

/// The frame around a page.
#[derive(Clone)]
pub(super) struct Frame {
    /// What the page is of.
    pub(super) title: String,
    /// Which part it belongs to.
    pub(super) section: Option<Section>,
    /// Who is signed in, as the audit log names them.
    pub(super) who: Option<String>,
    /// Whether they may change what the page shows.
    pub(super) may_write: bool,
    /// Whether they see what is no single tenant's.
    pub(super) sees_all: bool,
    /// Whether they may change what is no single tenant's.
    pub(super) writes_all: bool,
    /// What their forms carry.
    pub(super) form_token: String,
    /// What tells this page's forms from those of the same page at another time, so that each is done once.
    pub(super) form_id: String,
    /// What was done right before.
    pub(super) notice: Option<&'static Notice>,
}

impl Frame {
    /// Of a page that shows nothing of anybody.
    pub(super) fn of_nobody(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            section: None,
            who: None,
            may_write: false,
            sees_all: false,
            writes_all: false,
            form_token: String::new(),
            form_id: String::new(),
            notice: None,
        }
    }

    /// The links of the navigation that lead this reader somewhere.
    pub(super) fn nav(&self) -> Vec<NavLink> {
        let open = SECTIONS.iter().filter(|(section, _, _, is_of_all)| {
            if *section == Section::Onboarding { self.writes_all } else { self.sees_all || !is_of_all }
        });
        let link = |(section, href, text, _): &(Section, &'static str, &'static str, bool)| NavLink {
            href,
            text,
            is_current: self.section == Some(*section),
        };
        open.map(link).collect()
    }

    /// Where an asset stands.
    #[expect(clippy::unused_self, reason = "templates call what hangs on a value")]
    pub(super) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }
}

/// The answer that shows a page.
pub(super) fn html(mut response: HttpResponseBuilder, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(text) => response.insert_header((CONTENT_TYPE, HTML)).body(text),
        Err(error) => {
            tracing::error!(%error, "a page of the console cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The answer to a form that has done something: the page to look at next, with what was done.
pub(super) fn see_other(path: &str, notice: Option<&Notice>) -> HttpResponse {
    let place = match notice {
        Some(notice) => format!("{path}{}notice={}", if path.contains('?') { '&' } else { '?' }, notice.key),
        None => path.to_owned(),
    };
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}
