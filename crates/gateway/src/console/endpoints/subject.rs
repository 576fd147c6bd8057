//! What the pages of endpoints are about.

use cams_api::identifiers::CustSpaceId;
use tenant_store::EndpointId;
use url::Url;

use crate::admin::AdminError;
use crate::admin::deliveries::{self, Progress};
use crate::admin::endpoints::{self, EndpointView, State};
use crate::api::admin::Place;
use crate::console::ROOT;
use crate::console::badge::Badge;
use crate::console::page::Section;
use crate::console::tenant::revision;
use crate::console::visit::Visit;

/// Whose endpoints a page is about.
pub(in crate::console) struct Whose {
    /// The tenant; `None` for the ISV itself.
    pub(in crate::console) tenant: Option<CustSpaceId>,
}

impl Whose {
    /// Whose they are that a path names.
    pub(in crate::console) fn of(place: &impl Place) -> Self {
        Self { tenant: place.tenant().cloned() }
    }

    /// Which part of the console they belong to.
    pub(in crate::console) fn section(&self) -> Section {
        if self.tenant.is_some() { Section::Tenants } else { Section::Endpoints }
    }

    /// Where their list stands.
    pub(in crate::console) fn root(&self) -> String {
        self.tenant
            .as_ref()
            .map_or_else(|| format!("{ROOT}/endpoints"), |tenant| format!("{ROOT}/tenants/{tenant}/endpoints"))
    }

    /// Where one of them stands.
    pub(in crate::console) fn at(&self, id: EndpointId) -> String {
        format!("{}/{id}", self.root())
    }
}

/// The endpoint that a page is about.
pub(in crate::console) struct Subject {
    /// Whose it is.
    pub(in crate::console) whose: Whose,
    /// Where its page stands.
    pub(in crate::console) at: String,
    /// The endpoint.
    pub(in crate::console) endpoint: EndpointView,
}

impl Subject {
    /// The endpoint of this ID, whose owner the path names.
    ///
    /// # Errors
    /// [`AdminError::NotFound`]
    pub(in crate::console) async fn of<P: Place>(visit: &Visit<P>, id: EndpointId) -> Result<Self, AdminError> {
        let whose = Whose::of(&visit.path);
        let endpoint = endpoints::get(&visit.ctx, whose.tenant.as_ref(), id).await?;
        Ok(Self { at: whose.at(id), whose, endpoint })
    }

    /// How deliveries to it go.
    ///
    /// # Errors
    /// [`AdminError::Store`]
    pub(in crate::console) async fn progress<O: Place>(
        &self,
        visit: &Visit<(O, EndpointId)>,
    ) -> Result<Progress, AdminError> {
        let mut found = deliveries::progress(&visit.ctx, self.whose.tenant.as_ref(), Some(visit.path.1)).await?;
        Ok(found.remove(&self.endpoint.endpoint_id).unwrap_or_default())
    }

    /// Where a page of it stands.
    pub(in crate::console) fn below(&self, page: &str) -> String {
        format!("{}/{page}", self.at)
    }

    /// What it is called: by the host of its address.
    pub(in crate::console) fn name(&self) -> String {
        let host = Url::parse(&self.endpoint.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.unwrap_or_else(|| self.endpoint.endpoint_id.clone())
    }

    /// What a form about it has seen.
    pub(in crate::console) fn revision(&self) -> i64 {
        revision(&self.endpoint)
    }

    /// Whether nothing is delivered to it.
    pub(in crate::console) fn is_disabled(&self) -> bool {
        self.endpoint.state == State::Disabled
    }
}

/// Whether events are delivered to it.
impl Badge for EndpointView {
    fn kind(&self) -> &'static str {
        match self.state {
            State::Disabled => "bad",
            State::Enabled if self.failing_since.is_some() => "warn",
            State::Enabled => "good",
        }
    }

    fn text(&self) -> &'static str {
        match self.state {
            State::Disabled => "disabled",
            State::Enabled if self.failing_since.is_some() => "failing",
            State::Enabled => "enabled",
        }
    }
}

/// How much waits, in words: it is counted up to a bound.
pub(in crate::console) fn waiting(progress: &Progress) -> String {
    const COUNTED: i64 = 10_000;
    if progress.open >= COUNTED { "10,000 or more".to_owned() } else { progress.open.to_string() }
}
