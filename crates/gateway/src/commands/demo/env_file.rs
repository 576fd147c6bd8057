//! `demo.env`: the demo's addresses, names and secrets, for shells and scripts.

use std::borrow::Cow;

use secrecy::ExposeSecret;

use super::{
    Facts,
    names::{self, TENANTS},
    state::Secret,
};

/// The file's name in the data directory.
pub(super) const FILE: &str = "demo.env";

/// The names in the file; the demo takes none of them from its environment.
const FIXED_NAMES: [&str; 13] = [
    "GROUPGATE_URL",
    "GROUPGATE_GRAPH_FACE_URL",
    "GROUPGATE_METRICS_URL",
    "GROUPGATE_SANDBOX_URL",
    "GROUPGATE_GRAPH_VERSION",
    "GROUPGATE_APP_ID",
    "GROUPGATE_APP_SECRET",
    "GROUPGATE_WEBHOOK_VERIFY_TOKEN",
    "DATABASE_URL",
    "GROUPGATE_MIGRATE_URL",
    "GROUPGATE_MASTER_KEY",
    "GROUPGATE_ADMIN_KEY_ID",
    "GROUPGATE_ADMIN_KEY_SECRET",
];

/// The names that each tenant has; those of the second end in `_2`.
const TENANT_NAMES: [&str; 7] = [
    "GROUPGATE_CUST_SPACE_ID",
    "GROUPGATE_BUSINESS_NUMBER",
    "GROUPGATE_PHONE_NUMBER_ID",
    "GROUPGATE_WABA_ID",
    "GROUPGATE_GROUP_ID",
    "GROUPGATE_ACCESS_KEY_ID",
    "GROUPGATE_ACCESS_KEY_SECRET",
];

/// What commands beside the demo need of the gateway's settings: where an endpoint may be, and whom `apply` and `credentials
/// check` ask. The demo takes them from its environment, too: they are none of its fixed values.
const ALLOWED_NETWORKS: &str = "GROUPGATE_ALLOWED_NETWORKS";
const GRAPH_URL: &str = "GROUPGATE_GRAPH_URL";

const SUFFIXES: [&str; 2] = ["", "_2"];

const HEADER: &str =
    "# Written anew at every start of `groupgate demo`; in a shell: set -a; . .groupgate/demo.env; set +a\n";

/// Whether the file holds `variable`, or what the variable's `…_FILE` twin stands for.
pub(super) fn holds(variable: &str) -> bool {
    let name = variable.strip_suffix("_FILE").unwrap_or(variable);
    FIXED_NAMES.contains(&name) || TENANT_NAMES.contains(&name.strip_suffix("_2").unwrap_or(name))
}

/// The file's text, which a shell can source.
pub(super) fn text(facts: &Facts) -> String {
    let fixed = FIXED_NAMES.into_iter().map(str::to_owned).zip(fixed_values(facts));
    let of_tenants = (0..TENANTS.len()).flat_map(|tenant| {
        let names = TENANT_NAMES.into_iter().map(move |name| format!("{name}{}", SUFFIXES[tenant]));
        names.zip(tenant_values(facts, tenant))
    });
    let in_force = [(ALLOWED_NETWORKS, &facts.allowed_networks), (GRAPH_URL, &facts.graph_url)];
    let in_force = in_force.map(|(name, value)| (name.to_owned(), value.clone()));
    let lines = fixed.chain(in_force).chain(of_tenants).map(|(name, value)| format!("{name}={}\n", quoted(&value)));
    std::iter::once(HEADER.to_owned()).chain(lines).collect()
}

/// In the order of [`FIXED_NAMES`].
fn fixed_values(facts: &Facts) -> [String; 13] {
    let secret = |secret| facts.secrets.expose(secret).to_owned();
    [
        facts.gateway_url.clone(),
        format!("{}/graph", facts.gateway_url),
        facts.metrics_url.clone(),
        facts.sandbox_url.clone(),
        facts.graph_version.clone(),
        names::APP_ID.to_owned(),
        secret(Secret::MetaApp),
        secret(Secret::WebhookVerifyToken),
        facts.urls.app_url.expose_secret().to_owned(),
        facts.urls.owner_url.expose_secret().to_owned(),
        secret(Secret::MasterKey),
        names::ADMIN_KEY_ID.to_owned(),
        secret(Secret::AdminKey),
    ]
}

/// In the order of [`TENANT_NAMES`].
fn tenant_values(facts: &Facts, tenant: usize) -> [String; 7] {
    let names = TENANTS[tenant];
    let public = [
        names.cust_space_id,
        names.business_number,
        names.phone_number_id,
        names.waba_id,
        names.group_id,
        names.access_key_id,
    ];
    let [space, number, phone, waba, group, key] = public.map(str::to_owned);
    [space, number, phone, waba, group, key, facts.secrets.expose(Secret::AccessKey(tenant)).to_owned()]
}

/// `value` as a shell reads it back; bare where that is safe, since not every reader of such files
/// knows quotes.
pub(super) fn quoted(value: &str) -> Cow<'_, str> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_safe) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(format!("'{}'", value.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("postgres://a:b@127.0.0.1:5432/d"), "postgres://a:b@127.0.0.1:5432/d");
        assert_eq!(quoted("postgres://h/d?sslmode=disable"), "'postgres://h/d?sslmode=disable'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn the_files_names_and_their_twins_are_not_taken_from_the_environment() {
        for name in ["DATABASE_URL", "DATABASE_URL_FILE", "GROUPGATE_APP_SECRET", "GROUPGATE_ACCESS_KEY_SECRET_2"] {
            assert!(holds(name), "{name}");
        }
        for name in ["GROUPGATE_LOG", "GROUPGATE_UPSTREAM_TIMEOUT", "PATH"] {
            assert!(!holds(name), "{name}");
        }
    }

    #[test]
    fn every_name_is_known_to_the_settings() {
        let names = FIXED_NAMES.into_iter().chain(TENANT_NAMES).map(str::to_owned);
        let all = names.chain(TENANT_NAMES.into_iter().map(|name| format!("{name}_2")));
        let environment = all.map(|name| (name, "x")).collect();
        let sources = crate::config::Sources::new(crate::config::SettingFlags::default(), environment);
        assert_eq!(sources.warnings(), []);
    }
}
