//! Settings: where they come from, what is refused, and in which words.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use clap::{Args, Command, FromArgMatches};
use gateway::{
    config::{ConfigError, Docs, Environment, Report, SettingFlags, Settings, Sources},
    deliveries::Retries,
    telemetry::LogFormat,
};
use secrecy::ExposeSecret;
use tenant_store::{Limit, PerClass};

const DATABASE_URL: (&str, &str) = ("DATABASE_URL", "postgres://groupgate_app:hunter2@127.0.0.1/groupgate");
/// 32 bytes.
const MASTER_KEY: (&str, &str) = ("GROUPGATE_MASTER_KEY", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

/// What `serve` needs, and `more`.
fn environment(more: &[(&str, &str)]) -> Environment {
    [DATABASE_URL, MASTER_KEY].iter().chain(more).copied().collect()
}

fn sources(more: &[(&str, &str)]) -> Sources {
    Sources::new(SettingFlags::default(), environment(more))
}

fn flags(arguments: &[&str]) -> SettingFlags {
    let command = SettingFlags::augment_args(Command::new("serve").no_binary_name(true));
    SettingFlags::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
}

fn read(more: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::read(&sources(more))
}

fn refusal(more: &[(&str, &str)]) -> String {
    read(more).unwrap_err().to_string()
}

#[test]
fn with_what_is_required_alone_the_documented_defaults_are_in_force() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.bind, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(settings.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(settings.graph_url.as_str(), "https://graph.facebook.com/");
    assert_eq!(settings.graph_version, "v23.0");
    assert_eq!((settings.db_connections, settings.db_acquire_timeout), (10, Duration::from_secs(2)));
    assert_eq!(settings.upstream_connect_timeout, Duration::from_secs(2));
    assert_eq!(settings.upstream_timeout, Duration::from_secs(20));
    assert_eq!(settings.stale, Duration::from_mins(15));
    assert_eq!(settings.drain, Duration::from_secs(25));
    let limits = settings.limits;
    assert_eq!(texts(limits.per_key), ["100/s;burst=200", "off", "off", "off"]);
    assert_eq!(texts(limits.per_tenant), ["100/s;burst=200", "off", "off", "off"]);
    assert_eq!(texts(limits.per_number), ["50/s;burst=100", "off", "off", "off"]);
    assert_eq!(settings.auth_failures.to_string(), "20/m");
    assert_eq!(settings.docs, Docs::Public);
    assert_eq!((settings.log.as_str(), settings.log_format), ("info", LogFormat::Auto));
    assert!(settings.app_id.is_none() && settings.app_secrets.is_empty() && settings.webhook_verify_token.is_none());
    assert!(settings.metrics_bind.is_none() && settings.trusted_proxies.is_empty());
    assert!(settings.allowed_networks.is_empty());
    assert_eq!(settings.event_retention, Duration::from_hours(30 * 24));
    assert_eq!(settings.delivery_retries, Retries::default());
    assert!(settings.workers >= 1);
}

/// Of all calls, and of each class.
fn texts(limits: PerClass<Limit>) -> Vec<String> {
    limits.into_iter().map(|limit| limit.to_string()).collect()
}

#[test]
fn each_setting_is_read_from_its_variable() {
    let settings = read(&[
        ("GROUPGATE_BIND", "0.0.0.0:80, [::]:80"),
        ("GROUPGATE_PUBLIC_URL", "https://gateway.example.com"),
        ("GROUPGATE_WORKERS", "3"),
        ("GROUPGATE_DB_CONNECTIONS", "7"),
        ("GROUPGATE_DB_ACQUIRE_TIMEOUT", "9s"),
        ("GROUPGATE_GRAPH_URL", "http://127.0.0.1:8090"),
        ("GROUPGATE_GRAPH_VERSION", "v24.0"),
        ("GROUPGATE_APP_ID", "300000000000001"),
        ("GROUPGATE_APP_SECRET", "new,old"),
        ("GROUPGATE_WEBHOOK_VERIFY_TOKEN", "challenge"),
        ("GROUPGATE_UPSTREAM_CONNECT_TIMEOUT", "500ms"),
        ("GROUPGATE_UPSTREAM_TIMEOUT", "1m"),
        ("GROUPGATE_STALE_SECONDS", "0"),
        ("GROUPGATE_DRAIN_SECONDS", "3"),
        ("GROUPGATE_DOCS", "admin"),
        ("GROUPGATE_LOG", "warn,gateway=debug"),
        ("GROUPGATE_LOG_FORMAT", "json"),
        ("GROUPGATE_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1"),
        ("GROUPGATE_ALLOWED_NETWORKS", "10.1.0.0/16,::1"),
        ("GROUPGATE_METRICS_BIND", "127.0.0.1:9100"),
        ("GROUPGATE_RATE_PER_KEY", "5/s"),
        ("GROUPGATE_RATE_PER_KEY_READ", "4/s"),
        ("GROUPGATE_RATE_PER_KEY_WRITE", "off;in-flight=3"),
        ("GROUPGATE_RATE_PER_KEY_MESSAGE", "2/s;burst=9;in-flight=1"),
        ("GROUPGATE_RATE_PER_TENANT", "off"),
        ("GROUPGATE_RATE_PER_TENANT_READ", "1/s"),
        ("GROUPGATE_RATE_PER_TENANT_WRITE", "1/m"),
        ("GROUPGATE_RATE_PER_TENANT_MESSAGE", "1/h"),
        ("GROUPGATE_RATE_PER_NUMBER_READ", "2/s"),
        ("GROUPGATE_RATE_PER_NUMBER_WRITE", "2/m"),
        ("GROUPGATE_RATE_PER_NUMBER_MESSAGE", "2/h"),
        ("GROUPGATE_RATE_PER_NUMBER", "500/h;burst=7"),
        ("GROUPGATE_AUTH_FAILURES", "off"),
        ("GROUPGATE_EVENT_RETENTION", "90d"),
        ("GROUPGATE_DELIVERY_RETRIES", "1s,2s"),
    ])
    .unwrap();
    assert_eq!(settings.bind.len(), 2);
    assert_eq!(settings.public_url.as_str(), "https://gateway.example.com/");
    assert_eq!((settings.workers, settings.db_connections), (3, 7));
    assert_eq!(settings.db_acquire_timeout, Duration::from_secs(9));
    assert_eq!((settings.graph_url.as_str(), settings.graph_version.as_str()), ("http://127.0.0.1:8090/", "v24.0"));
    assert_eq!(settings.app_id.as_deref(), Some("300000000000001"));
    let secrets: Vec<_> = settings.app_secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(secrets, ["new", "old"]);
    assert_eq!(settings.webhook_verify_token.as_ref().map(ExposeSecret::expose_secret), Some("challenge"));
    assert_eq!(settings.upstream_connect_timeout, Duration::from_millis(500));
    assert_eq!(settings.upstream_timeout, Duration::from_mins(1));
    assert_eq!((settings.stale, settings.drain), (Duration::ZERO, Duration::from_secs(3)));
    assert_eq!((settings.docs, settings.log_format), (Docs::Admin, LogFormat::Json));
    assert_eq!(settings.log, "warn,gateway=debug");
    let limits = settings.limits;
    assert_eq!(texts(limits.per_key), ["5/s", "4/s", "off;in-flight=3", "2/s;burst=9;in-flight=1"]);
    assert_eq!(texts(limits.per_tenant), ["off", "1/s", "1/m", "1/h"]);
    assert_eq!(texts(limits.per_number), ["500/h;burst=7", "2/s", "2/m", "2/h"]);
    assert_eq!(settings.auth_failures.to_string(), "off");
    assert_eq!(settings.trusted_proxies[1].to_string(), "127.0.0.1/32");
    assert_eq!(settings.allowed_networks[1].to_string(), "::1/128");
    assert_eq!(settings.metrics_bind, Some("127.0.0.1:9100".parse().unwrap()));
    assert_eq!(settings.event_retention, Duration::from_hours(90 * 24));
    assert_eq!(settings.delivery_retries.to_string(), "1s,2s");
}

#[test]
fn a_flag_wins_over_the_variable() {
    let flags = flags(&["--docs", "off", "--bind", "127.0.0.1:9000"]);
    let settings = Settings::read(&Sources::new(flags, environment(&[("GROUPGATE_DOCS", "admin")]))).unwrap();
    assert_eq!(settings.docs, Docs::Off);
    assert_eq!(settings.public_url.as_str(), "http://127.0.0.1:9000/");
}

#[test]
fn an_address_that_means_every_interface_is_called_by_loopback() {
    assert_eq!(read(&[("GROUPGATE_BIND", "0.0.0.0:81")]).unwrap().public_url.as_str(), "http://127.0.0.1:81/");
    assert_eq!(read(&[("GROUPGATE_BIND", "[::]:81")]).unwrap().public_url.as_str(), "http://[::1]:81/");
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let settings = read(&[("GROUPGATE_APP_ID", ""), ("GROUPGATE_DOCS", ""), ("GROUPGATE_APP_SECRET", "")]).unwrap();
    assert_eq!((settings.app_id, settings.docs), (None, Docs::Public));
    assert!(settings.app_secrets.is_empty());
}

#[test]
fn a_secret_is_read_from_the_file_that_its_twin_names_without_the_last_line_break() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app-secret");
    fs::write(&path, "from the file\n").unwrap();
    let settings = read(&[("GROUPGATE_APP_SECRET_FILE", path.to_str().unwrap())]).unwrap();
    assert_eq!(settings.app_secrets[0].expose_secret(), "from the file");
}

#[test]
fn a_secrets_file_that_every_user_can_read_is_warned_of_and_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app-secret");
    fs::write(&path, "from the file\n").unwrap();
    let sources = || {
        let given = [("GROUPGATE_APP_SECRET_FILE", path.to_str().unwrap())].into_iter().collect();
        Sources::new(SettingFlags::default(), given)
    };
    for (of_directory, of_file, warnings) in [(0o755, 0o644, 1), (0o755, 0o600, 0), (0o700, 0o644, 0)] {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(of_directory)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(of_file)).unwrap();
        let warned: Vec<_> = sources().warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warned.len(), warnings, "{warned:?}");
        assert!(
            warned
                .iter()
                .all(|text| text.contains("app-secret, which every user of this machine can reach (mode 644)"))
        );
    }
}

#[test]
fn a_secret_given_twice_is_refused() {
    let error = refusal(&[("GROUPGATE_APP_SECRET", "a"), ("GROUPGATE_APP_SECRET_FILE", "/nowhere")]);
    assert_eq!(error, "GROUPGATE_APP_SECRET and GROUPGATE_APP_SECRET_FILE are both set: unset one of them");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_variable_that_names_it() {
    let error = refusal(&[("GROUPGATE_APP_SECRET_FILE", "/nowhere/secret")]);
    assert!(error.starts_with("GROUPGATE_APP_SECRET_FILE names /nowhere/secret"), "{error}");
}

#[test]
fn what_is_required_and_missing_is_named_with_both_ways_to_give_it() {
    let without = Sources::new(SettingFlags::default(), [MASTER_KEY].into_iter().collect());
    let error = Settings::read(&without).unwrap_err().to_string();
    assert!(error.starts_with("DATABASE_URL is not set") && error.contains("DATABASE_URL_FILE"), "{error}");
}

#[test]
fn a_wrong_value_is_told_with_its_name_itself_and_what_is_expected() {
    let cases = [
        ("GROUPGATE_BIND", "8080", "addresses with ports"),
        ("GROUPGATE_BIND", "127.0.0.1:80,", "addresses with ports"),
        ("GROUPGATE_METRICS_BIND", "localhost:9100", "an address and a port"),
        ("GROUPGATE_PUBLIC_URL", "gateway.example.com", "an http or https URL"),
        ("GROUPGATE_PUBLIC_URL", "https://u:p@gateway.example.com", "without user"),
        ("GROUPGATE_GRAPH_URL", "ftp://graph.facebook.com", "an http or https URL"),
        ("GROUPGATE_GRAPH_VERSION", "23", "such as v23.0"),
        ("GROUPGATE_GRAPH_VERSION", "v23.0/../x", "such as v23.0"),
        ("GROUPGATE_APP_ID", "my-app", "in digits"),
        ("GROUPGATE_WORKERS", "0", "from 1 to 1024"),
        ("GROUPGATE_DB_CONNECTIONS", "many", "from 1 to 10000"),
        ("GROUPGATE_UPSTREAM_TIMEOUT", "20", "500ms, 2s"),
        ("GROUPGATE_UPSTREAM_CONNECT_TIMEOUT", "0s", "above zero"),
        ("GROUPGATE_STALE_SECONDS", "-1", "a whole number of seconds"),
        ("GROUPGATE_DRAIN_SECONDS", "soon", "a whole number of seconds"),
        ("GROUPGATE_DOCS", "Public", "public, admin, off"),
        ("GROUPGATE_LOG", "gateway=loud", "a tracing filter"),
        ("GROUPGATE_LOG_FORMAT", "xml", "auto, text, json"),
        ("GROUPGATE_TRUSTED_PROXIES", "10.0.0.0/40", "networks"),
        ("GROUPGATE_ALLOWED_NETWORKS", "localhost", "networks"),
        ("GROUPGATE_RATE_PER_KEY", "100", "a rate such as 100/s"),
        ("GROUPGATE_AUTH_FAILURES", "20/minute", "or off"),
        ("GROUPGATE_EVENT_RETENTION", "12h", "from a day to a year"),
        ("GROUPGATE_DELIVERY_RETRIES", "5s;5m", "durations of 30 days at the most, by comma"),
    ];
    for (name, value, expected) in cases {
        let error = refusal(&[(name, value)]);
        assert!(error.starts_with(&format!("{name} is {value:?}: expected ")), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_wrong_flag_is_called_by_the_flags_name() {
    let error = Settings::read(&Sources::new(flags(&["--docs", "maybe"]), environment(&[]))).unwrap_err().to_string();
    assert_eq!(error, r#"--docs is "maybe": expected one of public, admin, off"#);
}

#[test]
fn a_wrong_secret_is_named_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    fs::write(&path, "k1:hunter2").unwrap();
    let from_file = [DATABASE_URL, ("GROUPGATE_MASTER_KEY_FILE", path.to_str().unwrap())].into_iter().collect();
    let from_file = Settings::read(&Sources::new(SettingFlags::default(), from_file)).unwrap_err().to_string();
    let database_url = [MASTER_KEY, ("DATABASE_URL", "mysql://u:hunter2@h/d")].into_iter().collect();
    let database_url = Settings::read(&Sources::new(SettingFlags::default(), database_url)).unwrap_err().to_string();
    let app_secret = refusal(&[("GROUPGATE_APP_SECRET", "hunter2,,")]);
    assert!(from_file.starts_with("GROUPGATE_MASTER_KEY_FILE"), "{from_file}");
    assert!(database_url.starts_with("DATABASE_URL"), "{database_url}");
    assert!(app_secret.starts_with("GROUPGATE_APP_SECRET"), "{app_secret}");
    for error in [from_file, database_url, app_secret] {
        assert!(error.contains("expected") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn debug_output_of_settings_and_sources_shows_no_secret() {
    let sources = sources(&[("GROUPGATE_APP_SECRET", "hunter2"), ("GROUPGATE_WEBHOOK_VERIFY_TOKEN", "hunter2")]);
    let shown = format!("{sources:?} {:?}", Settings::read(&sources).unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("AAECAwQF"), "{shown}");
}

#[test]
fn the_report_says_what_is_in_force_and_from_where_and_masks_secrets() {
    let sources = Sources::new(flags(&["--docs", "off"]), environment(&[("GROUPGATE_WORKERS", "3")]));
    let report = serde_json::to_value(Report::of(&sources)).unwrap();
    let row = |name: &str| {
        let rows = report["settings"].as_array().unwrap();
        rows.iter().find(|row| row["variable"] == name).unwrap_or_else(|| panic!("no row for {name}")).clone()
    };
    assert_eq!(
        (row("GROUPGATE_DOCS")["value"].as_str(), row("GROUPGATE_DOCS")["origin"].as_str()),
        (Some("off"), Some("--docs"))
    );
    assert_eq!(row("GROUPGATE_WORKERS")["origin"], "GROUPGATE_WORKERS");
    assert_eq!(row("GROUPGATE_BIND")["origin"], "default");
    assert_eq!(row("DATABASE_URL")["value"], "***");
    assert!(!report.to_string().contains("hunter2"), "{report}");
}

#[test]
fn the_report_names_every_mistake_at_once() {
    let report =
        Report::of(&sources(&[("GROUPGATE_DOCS", "maybe"), ("GROUPGATE_WORKERS", "0"), ("GROUPGATE_BNID", "x")]));
    assert_eq!(report.settings.iter().filter(|row| row.error.is_some()).count(), 2);
    assert!(report.has_errors() && report.warnings[0].contains("GROUPGATE_BIND"), "{:?}", report.warnings);
}

#[test]
fn no_secret_can_be_given_as_a_flag() {
    let command = SettingFlags::augment_args(Command::new("serve"));
    let flags: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    for secret in ["database-url", "migrate-url", "master-key", "app-secret", "webhook-verify-token"] {
        assert!(!flags.contains(&secret), "--{secret}");
    }
}

#[test]
fn every_flag_is_called_as_its_variable() {
    for setting in gateway::config::catalog::ALL {
        let about = setting.about();
        if let Some(flag) = about.flag {
            assert_eq!(about.variable, format!("GROUPGATE_{}", flag.replace('-', "_").to_uppercase()));
        }
    }
}
