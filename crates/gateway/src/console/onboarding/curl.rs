//! A call to paste into a shell.

use std::fmt::Write;

use actix_web::HttpRequest;
use url::{Host, Url};

use crate::api::Worker;

/// A group's subject has no more characters.
const LONGEST_SUBJECT: usize = 128;

/// What the first call of a tenant needs.
pub(super) struct FirstCall<'a> {
    pub(super) base_url: &'a str,
    pub(super) access_key_id: &'a str,
    pub(super) secret: &'a str,
    pub(super) cust_space_id: &'a str,
    pub(super) business_number: &'a str,
    /// Its group's subject.
    pub(super) subject: &'a str,
}

impl FirstCall<'_> {
    /// The call that makes a group and answers its invite link, for a POSIX shell. Whatever a name holds, it stays text.
    pub(super) fn to_shell(&self) -> String {
        let subject: String = self.subject.trim().chars().take(LONGEST_SUBJECT).collect();
        let body = format!(
            r#"{{"CustSpaceId": {}, "BusinessNumber": {}, "Subject": {}}}"#,
            json(self.cust_space_id),
            json(self.business_number),
            json(subject.trim_end()),
        );
        let key = quoted(&format!("{}:{}", self.access_key_id, self.secret));
        let url = quoted(&format!("{}/v1/AddChatGroup", self.base_url));
        let body = quoted(&body);
        format!("curl -sS -u {key} {url} \\\n    -H 'Content-Type: application/json' \\\n    -d {body}")
    }
}

/// Where the gateway is reached: at its own address, or, where that is of this machine alone, where the browser reached it.
pub(super) fn base_url(http: &HttpRequest, worker: &Worker) -> String {
    if !is_loopback(&worker.public_url) {
        return worker.public_url.clone();
    }
    let connection = http.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}

fn is_loopback(url: &str) -> bool {
    let url = Url::parse(url).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// One word of a POSIX shell, in which nothing is expanded
/// ([POSIX, 2.2.2](https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02)).
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A string in JSON, of characters that a terminal takes as they are: no others act on it while they are pasted.
fn json(text: &str) -> String {
    let mut written = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            '\'' => written.push_str(r"\u0027"),
            ' '..='~' => written.push(character),
            _ if character.is_alphanumeric() => written.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing into a string does not fail.
                    let _ = write!(written, "\\u{unit:04x}");
                }
            }
        }
    }
    written + "\""
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What a shell hands to `curl` when this is pasted.
    fn pasted(command: &str) -> Vec<String> {
        let script = format!("curl() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{command}\n");
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        let words = String::from_utf8(output.stdout).unwrap();
        words.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
    }

    #[test]
    fn whatever_a_name_holds_the_shell_hands_it_on_as_it_is() {
        for subject in [
            "Bakery Miller",
            "O'Hara's \"Till\"",
            "$(touch /tmp/never) `id` ${HOME} \\ !! %s",
            "two\nlines\r\tand\u{1b}[31m\u{202e}\u{0}",
            "Bäckerei 面包店 🥐",
            "'; rm -rf / #",
        ] {
            let call = FirstCall {
                base_url: "https://gateway.example/it's",
                access_key_id: "LTAI",
                secret: "se'cret",
                cust_space_id: "cams-third",
                business_number: "15550000009",
                subject,
            };
            let words = pasted(&call.to_shell());
            assert_eq!(words[..4], ["-sS", "-u", "LTAI:se'cret", "https://gateway.example/it's/v1/AddChatGroup"]);
            assert_eq!(words[4..7], ["-H", "Content-Type: application/json", "-d"]);
            let body: serde_json::Value = serde_json::from_str(&words[7]).unwrap();
            assert_eq!(body["Subject"], subject);
            assert_eq!((&body["CustSpaceId"], &body["BusinessNumber"]), (&"cams-third".into(), &"15550000009".into()));
            assert_eq!(words.len(), 8);
            assert!(!call.to_shell().replace('\n', "").contains(char::is_control), "{subject:?}");
        }
    }

    #[test]
    fn a_loopback_address_says_nothing_to_who_is_elsewhere() {
        for url in ["http://127.0.0.1:8080", "http://[::1]:81", "http://localhost:8080"] {
            assert!(is_loopback(url), "{url}");
        }
        assert!(!is_loopback("https://groups.example.com"));
    }
}
