//! What the commands about endpoints answer.

use secrecy::ExposeSecret;
use serde::Serialize;
use tenant_store::{CreatedEndpoint, Endpoint, EndpointId, RotatedSecret};
use time::{OffsetDateTime, serde::rfc3339};

use crate::admin::endpoints::EndpointView;
use crate::commands::output::{Table, counted, printable, time_or_dash, time_text};

/// Whose an endpoint is that is no tenant's.
const ISV: &str = "the ISV";

#[derive(Serialize)]
pub(super) struct Created {
    #[serde(flatten)]
    endpoint: EndpointView,
    /// Absent where the caller gave it, and so has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Rotated {
    endpoint_id: String,
    /// Absent where the caller gave it, and so has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(with = "rfc3339::option")]
    previous_until: Option<OffsetDateTime>,
}

#[derive(Serialize)]
pub(super) struct Enabled {
    #[serde(flatten)]
    pub(super) endpoint: EndpointView,
    /// How many events are delivered once more.
    pub(super) replayed: u64,
}

#[derive(Serialize)]
pub(super) struct Removed {
    endpoint_id: String,
    cust_space_id: Option<String>,
}

impl EndpointView {
    pub(super) fn text(&self) -> String {
        let lines = [
            ("Endpoint", self.endpoint_id.clone()),
            ("Of", self.owner().to_owned()),
            ("URL", printable(&self.url)),
            ("Types", self.types_text()),
            ("State", self.state_text()),
            ("Old secret", self.previous_until.map_or("-".to_owned(), |until| format!("until {}", time_text(until)))),
            ("Created", time_text(self.created_at)),
            ("Description", self.description.as_deref().map_or("-".to_owned(), printable)),
        ];
        lines.map(|(name, value)| format!("{:<13}{value}", format!("{name}:"))).join("\n")
    }

    /// Where it stands now, on one line.
    pub(super) fn told(&self) -> String {
        format!("Endpoint {} of {} is {}.", self.endpoint_id, self.owner(), self.state_text())
    }

    fn owner(&self) -> &str {
        self.cust_space_id.as_deref().unwrap_or(ISV)
    }

    fn types_text(&self) -> String {
        if self.types.is_empty() { "all".to_owned() } else { self.types.join(", ") }
    }

    fn state_text(&self) -> String {
        match (&self.disabled_reason, self.failing_since) {
            (Some(reason), _) => {
                format!("{}, since {} ({})", self.state.as_str(), time_or_dash(self.disabled_at), printable(reason))
            }
            (None, Some(since)) => {
                let failures = counted(self.failures.unsigned_abs().into(), "failure");
                format!("{}, {failures} in a row since {}", self.state.as_str(), time_text(since))
            }
            (None, None) => self.state.as_str().to_owned(),
        }
    }

    fn row(&self) -> [String; 6] {
        [
            self.endpoint_id.clone(),
            self.owner().to_owned(),
            self.state.as_str().to_owned(),
            time_or_dash(self.failing_since),
            self.types_text(),
            without_query(&self.url),
        ]
    }
}

/// A query may hold what admits whoever reads it off a screen; `endpoints show` shows it.
fn without_query(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(before, _)| format!("{before}?…"))
}

pub(super) fn list(endpoints: &[EndpointView]) -> String {
    let header = ["ENDPOINT", "OF", "STATE", "FAILING SINCE", "TYPES", "URL"];
    let rows = endpoints.iter().map(EndpointView::row);
    Table::new(header, rows).or("No endpoints. Add one: groupgate endpoints add --help")
}

impl Created {
    /// `is_made_here` says whether nobody but us knows the secret yet.
    pub(super) fn new(created: CreatedEndpoint, is_made_here: bool) -> Self {
        let secret = is_made_here.then(|| created.secret.expose().expose_secret().to_owned());
        Self { endpoint: created.endpoint.into(), secret }
    }

    pub(super) fn text(&self) -> String {
        secret_text(&self.endpoint.endpoint_id, self.secret.as_deref())
    }
}

impl Rotated {
    pub(super) fn new(id: EndpointId, rotated: &RotatedSecret, is_made_here: bool) -> Self {
        let secret = is_made_here.then(|| rotated.secret.expose().expose_secret().to_owned());
        Self { endpoint_id: id.to_string(), secret, previous_until: rotated.previous_until }
    }

    pub(super) fn text(&self) -> String {
        let previous = self.previous_until.map_or_else(
            || "The secret before it no longer signs.".to_owned(),
            |until| format!("The secret before it signs, too, until {}.", time_text(until)),
        );
        format!("{}\n{previous}", secret_text(&self.endpoint_id, self.secret.as_deref()))
    }
}

fn secret_text(id: &str, secret: Option<&str>) -> String {
    let secret = secret.map_or_else(
        || "Secret:   as given".to_owned(),
        |secret| format!("Secret:   {secret}\nThe secret is not shown again."),
    );
    format!("Endpoint: {id}\n{secret}")
}

impl Enabled {
    pub(super) fn text(&self) -> String {
        let replayed = match self.replayed {
            0 => String::new(),
            events => format!(" It is sent {} that it missed.", counted(events, "event")),
        };
        format!("{}{replayed}", self.endpoint.told())
    }
}

impl From<Endpoint> for Removed {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint_id: endpoint.endpoint_id.to_string(), cust_space_id: endpoint.cust_space_id }
    }
}

impl Removed {
    pub(super) fn text(&self) -> String {
        format!("Removed endpoint {} of {}.", self.endpoint_id, self.cust_space_id.as_deref().unwrap_or(ISV))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_no_urls_query() {
        assert_eq!(without_query("https://a.example/hook?token=hunter2"), "https://a.example/hook?…");
        assert_eq!(without_query("https://a.example/hook"), "https://a.example/hook");
    }

    #[test]
    fn a_secret_that_the_caller_has_is_not_shown() {
        assert_eq!(secret_text("ep_1", None), "Endpoint: ep_1\nSecret:   as given");
        assert!(secret_text("ep_1", Some("whsec_x")).contains("whsec_x\nThe secret is not shown again."));
    }
}
