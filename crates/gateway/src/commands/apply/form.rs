//! The file that `groupgate apply` reads and `groupgate export` writes.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::admin::limits::SetLimits;

/// The one form that there is so far.
pub(in crate::commands) const API_VERSION: &str = "groupgate/v1";

/// The whole file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct Form {
    #[serde(rename = "apiVersion")]
    pub(in crate::commands) api_version: String,
    pub(in crate::commands) tenants: Vec<TenantForm>,
}

/// A tenant. What is absent stays as it is; what stands in a list is told whole.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct TenantForm {
    pub(in crate::commands) cust_space_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) notes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "labels")]
    pub(in crate::commands) labels: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) numbers: Option<Vec<NumberForm>>,
    /// Never written.
    #[serde(skip_serializing)]
    pub(in crate::commands) credential: Option<SecretSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) limits: Option<SetLimits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) endpoints: Option<Vec<EndpointForm>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) keys: Option<Vec<KeyForm>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct NumberForm {
    #[serde(deserialize_with = "digits")]
    pub(in crate::commands) business_number: String,
    #[serde(deserialize_with = "digits")]
    pub(in crate::commands) phone_number_id: String,
    #[serde(deserialize_with = "digits")]
    pub(in crate::commands) waba_id: String,
}

/// An endpoint, known by its URL.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct EndpointForm {
    pub(in crate::commands) url: String,
    /// All where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::commands) types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) description: Option<String>,
    /// Never written; one is made where it is absent.
    #[serde(skip_serializing)]
    pub(in crate::commands) secret: Option<SecretSource>,
}

/// An access key for the tenant alone, known by its ID, or by its name where it has none here.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct KeyForm {
    pub(in crate::commands) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) access_key_id: Option<String>,
    pub(in crate::commands) grants: Vec<GrantForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) expires_at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::commands) allowed_networks: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::commands) struct GrantForm {
    /// The tenant under which the key stands, and no other; it may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) cust_space_ids: Option<Vec<String>>,
    pub(in crate::commands) scopes: Vec<String>,
}

/// Where a secret is; the file never holds one.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) enum SecretSource {
    /// In this variable.
    Environment(String),
    /// In this file, relative to the one that names it.
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFields {
    from_env: Option<String>,
    from_file: Option<PathBuf>,
}

const SOURCE: &str = "either `from_env: VARIABLE` or `from_file: PATH`, since a secret never stands in this file";

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SOURCE)
    }

    // Somebody has written the secret itself: serde's own words would quote it.

    fn visit_str<E: Error>(self, _: &str) -> Result<SecretSource, E> {
        Err(no_source())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<SecretSource, E> {
        Err(no_source())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretSource, E> {
        Err(no_source())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<SecretSource, E> {
        Err(no_source())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretSource, E> {
        Err(no_source())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretSource, A::Error> {
        match SourceFields::deserialize(MapAccessDeserializer::new(map)) {
            Ok(SourceFields { from_env: Some(variable), from_file: None }) => Ok(SecretSource::Environment(variable)),
            Ok(SourceFields { from_env: None, from_file: Some(path) }) => Ok(SecretSource::File(path)),
            _ => Err(no_source()),
        }
    }
}

fn no_source<E: Error>() -> E {
    E::custom(format_args!("expected {SOURCE}"))
}

/// Labels, of which none stands twice.
fn labels<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    struct Labels;

    impl<'de> Visitor<'de> for Labels {
        type Value = Option<BTreeMap<String, String>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("labels, each a name and a text")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut labels = BTreeMap::new();
            while let Some((name, text)) = map.next_entry::<String, String>()? {
                if labels.contains_key(&name) {
                    return Err(A::Error::custom(format_args!("the label `{name}` stands twice")));
                }
                labels.insert(name, text);
            }
            Ok(Some(labels))
        }
    }

    from.deserialize_any(Labels)
}

/// Digits, which YAML takes for a number where they are not quoted.
fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    struct Digits;

    impl Visitor<'_> for Digits {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("digits")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }

    from.deserialize_any(Digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tenant: &str) -> Result<Form, String> {
        let text = format!("apiVersion: {API_VERSION}\ntenants:\n  - cust_space_id: cams-a1\n    {tenant}\n");
        serde_norway::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_that_stands_in_the_file_is_refused_and_not_repeated() {
        for secret in ["EAAsecret", "4711", "-4711", "47.11"] {
            for written in [
                secret.to_owned(),
                format!("[{secret}]"),
                format!("{{access_token: {secret}}}"),
                format!("{{{secret}}}"),
            ] {
                let error = read(&format!("credential: {written}")).unwrap_err();
                assert!(error.contains("from_env") && !error.contains(secret), "{error}");
            }
        }
        assert!(read("credential: {from_env: A, from_file: b}").is_err());
        let form = read("credential: {from_file: token.txt}").unwrap();
        assert_eq!(form.tenants[0].credential, Some(SecretSource::File("token.txt".into())));
    }

    #[test]
    fn digits_need_no_quotes() {
        let form = read("numbers: [{business_number: 15550000003, phone_number_id: '0100', waba_id: 2}]").unwrap();
        let number = &form.tenants[0].numbers.as_ref().unwrap()[0];
        assert_eq!([&number.business_number, &number.phone_number_id, &number.waba_id], ["15550000003", "0100", "2"]);
    }

    #[test]
    fn a_label_stands_once_and_a_tenant_that_has_no_labels_says_nothing_of_them() {
        assert!(read("labels: {a: '1', a: '2'}").unwrap_err().contains("`a` stands twice"));
        let labels = |tenant: &str| read(tenant).unwrap().tenants.remove(0).labels.map(|labels| labels.len());
        assert_eq!([labels("labels: {}"), labels("labels: {a: '1'}"), labels("name: x")], [Some(0), Some(1), None]);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_place() {
        let error = read("number: []").unwrap_err();
        assert!(error.contains("tenants[0]") && error.contains("unknown field `number`"), "{error}");
    }
}
