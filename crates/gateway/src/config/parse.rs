//! How the text of each setting becomes its value. An error is what is expected, and never holds
//! the text: it may be a secret.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;
use secrecy::SecretString;
use tenant_store::{InvalidLimit, InvalidRate, Limit, MasterKeys, Rate};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::Docs;
use crate::{
    deliveries::{InvalidRetries, Retries},
    limits::{InvalidRedisUrl, RedisUrl},
    telemetry::LogFormat,
    traces::{InvalidRatio, Ratio},
};

type Parsed<T> = Result<T, String>;

fn expected<T>(value: Option<T>, expectation: &str) -> Parsed<T> {
    value.ok_or_else(|| expectation.to_owned())
}

/// At least one, by comma, blanks around each dropped; `None` where one of them is wrong.
fn list<T>(text: &str, element: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(|part| element(part.trim())).collect()
}

fn number_in<T: FromStr + PartialOrd>(text: &str, least: T, most: T) -> Option<T> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

pub(super) fn address(text: &str) -> Parsed<SocketAddr> {
    expected(text.parse().ok(), "an address and a port such as 127.0.0.1:9100 or [::1]:9100")
}

pub(super) fn addresses(text: &str) -> Parsed<Vec<SocketAddr>> {
    let addresses = list(text, |one| one.parse().ok());
    expected(addresses, "addresses with ports such as 127.0.0.1:8080 or [::]:8080, several by comma")
}

pub(super) fn networks(text: &str) -> Parsed<Vec<IpNet>> {
    let network = |one: &str| one.parse().ok().or_else(|| one.parse::<IpAddr>().ok().map(IpNet::from));
    expected(list(text, network), "networks such as 10.0.0.0/8 or fd00::/8, or addresses, several by comma")
}

pub(super) fn connections(text: &str) -> Parsed<u32> {
    expected(number_in(text, 1, 10_000), "a whole number from 1 to 10000")
}

pub(super) fn client_connections(text: &str) -> Parsed<usize> {
    expected(number_in(text, 1, 1_000_000), "a whole number from 1 to 1000000")
}

pub(super) fn switch(text: &str) -> Parsed<bool> {
    expected(text.parse().ok(), "true or false")
}

pub(super) fn workers(text: &str) -> Parsed<usize> {
    expected(number_in(text, 1, 1024), "a whole number from 1 to 1024")
}

/// A root to which paths are appended, so it has neither query nor fragment; and no password, since
/// it is shown in documents and logs.
pub(super) fn http_url(text: &str) -> Parsed<Url> {
    let is_root = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(text).ok().filter(is_root);
    expected(url, "an http or https URL without user, query and fragment, such as https://gateway.example.com")
}

pub(super) fn postgres_url(text: &str) -> Parsed<SecretString> {
    let is_postgres = |url: &Url| matches!(url.scheme(), "postgres" | "postgresql");
    let url = Url::parse(text).ok().filter(is_postgres).map(|_| SecretString::from(text));
    expected(url, "a URL such as postgres://user:password@host:5432/database, with special characters percent-encoded")
}

pub(super) fn redis_url(text: &str) -> Parsed<RedisUrl> {
    text.parse().map_err(|error: InvalidRedisUrl| error.to_string())
}

pub(super) fn master_keys(text: &str) -> Parsed<MasterKeys> {
    let explain = |error| format!("id:base64(32 bytes), several by comma, the first seals ({error})");
    text.parse().map_err(explain)
}

pub(super) fn graph_version(text: &str) -> Parsed<String> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    let is_version = numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor));
    expected(is_version.then(|| text.to_owned()), "a version such as v23.0")
}

pub(super) fn app_id(text: &str) -> Parsed<String> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    expected(is_digits.then(|| text.to_owned()), "the app's ID in digits, as Meta's App Dashboard shows it")
}

pub(super) fn secret(text: &str) -> Parsed<SecretString> {
    expected((!text.is_empty()).then(|| SecretString::from(text)), "a secret that is not empty")
}

pub(super) fn secrets(text: &str) -> Parsed<Vec<SecretString>> {
    let secrets = list(text, |one| (!one.is_empty()).then(|| SecretString::from(one)));
    expected(secrets, "one secret, or several by comma, none of them empty")
}

pub(super) fn rate(text: &str) -> Parsed<Rate> {
    text.parse().map_err(|error: InvalidRate| error.to_string())
}

pub(super) fn limit(text: &str) -> Parsed<Limit> {
    text.parse().map_err(|error: InvalidLimit| error.to_string())
}

pub(super) fn retries(text: &str) -> Parsed<Retries> {
    text.parse().map_err(|error: InvalidRetries| error.to_string())
}

pub(super) fn docs(text: &str) -> Parsed<Docs> {
    match text {
        "public" => Ok(Docs::Public),
        "admin" => Ok(Docs::Admin),
        "off" => Ok(Docs::Off),
        _ => Err("one of public, admin, off".to_owned()),
    }
}

pub(super) fn ratio(text: &str) -> Parsed<Ratio> {
    text.parse().map_err(|error: InvalidRatio| error.to_string())
}

pub(super) fn log_filter(text: &str) -> Parsed<String> {
    let filter = EnvFilter::builder().parse(text).ok().map(|_| text.to_owned());
    expected(filter, "a tracing filter such as info, or info,gateway=debug")
}

pub(super) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("one of auto, text, json".to_owned()),
    }
}

/// The URL under which a caller on this machine reaches `address`.
pub fn local_url(address: SocketAddr) -> Url {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let text = format!("http://{}", SocketAddr::new(host, address.port()));
    Url::parse(&text).unwrap_or_else(|_| unreachable!("an IP address and a port always make a URL"))
}
