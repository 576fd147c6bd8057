//! Which URLs are called, and which never.

use std::net::IpAddr;

use super::policy::Policy;
use super::url::{ExternalUrl, Target};
use super::{EgressError, addresses};

/// What becomes of a URL whose host is an address, where `allowed` networks are.
fn admitted(text: &str, allowed: &[&str]) -> Result<IpAddr, EgressError> {
    let url = ExternalUrl::try_from(text)?;
    let Target::Address(address) = url.host() else { panic!("{text} names a host: {url:?}") };
    let admitted = policy(allowed).admit(url.is_tls(), &[*address])?;
    Ok(admitted[0])
}

fn policy(allowed: &[&str]) -> Policy {
    Policy::new(allowed.iter().map(|network| network.parse().unwrap()).collect())
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn name(text: &str) -> String {
    match ExternalUrl::try_from(text).unwrap().host() {
        Target::Name(name) => name.clone(),
        Target::Address(address) => panic!("{text} is an address: {address}"),
    }
}

/// One line a range: its first and last address, and what is known to live there.
const NOT_PUBLIC: &str = "
    0.0.0.0 0.0.0.1 0.255.255.255
    10.0.0.0 10.0.0.1 10.255.255.255
    100.64.0.0 100.100.100.200 100.127.255.255
    127.0.0.0 127.0.0.1 127.255.255.255
    168.63.129.16
    169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255
    172.16.0.0 172.17.0.1 172.31.255.255
    192.0.0.0 192.0.0.8 192.0.0.9 192.0.0.170 192.0.0.192 192.0.0.255
    192.0.2.0 192.0.2.255 192.31.196.1 192.52.193.1 192.88.99.1
    192.168.0.0 192.168.255.255 192.175.48.1
    198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1
    224.0.0.0 224.0.0.251 239.255.255.255
    240.0.0.0 254.255.255.255 255.255.255.255
    :: ::1 ::2 ::127.0.0.1 ::8.8.8.8
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
    ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8
    64:ff9b:: 64:ff9b::127.0.0.1 64:ff9b::10.1.2.3 64:ff9b::169.254.169.254
    64:ff9b:0:1::8.8.8.8 64:ff9b:1:: 64:ff9b:1::8.8.8.8 64:ff9b:1:ffff::1
    100:: 100::1 100:0:0:1::1 200::1 400::1 1fff:ffff::1
    2001:: 2001:0:a9fe:a9fe::1 2001:1::1 2001:1::2 2001:1::3 2001:2::1 2001:3::1
    2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff:ffff::1
    2001:db8:: 2001:db8:ffff:ffff::1
    2002:: 2002:7f00:1::1 2002:a9fe:a9fe::1 2002:808:808::1
    2620:4f:8000::1 3fff::1 3fff:fff:ffff::1
    4000::1 5f00::1 8000::1 c000::1 fbff::1
    fc00:: fd00:ec2::254 fd20:ce::254 fdff:ffff::1
    fe00::1 fe80::1 febf::1 fec0::1 feff::1 ff00:: ff02::1 ffff::1
";

/// The addresses right before and behind those ranges, and some that everybody knows.
const PUBLIC: &str = "
    1.0.0.0 1.1.1.1 8.8.8.8
    9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
    191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0 192.31.195.255 192.31.197.0 192.52.192.255 192.52.194.0
    192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.47.255 192.175.49.0
    198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    ::ffff:8.8.8.8 64:ff9b::8.8.8.8
    2000:: 2000:ffff::1 2001:200:: 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9:: 2003::
    2606:4700:4700::1111 2620:4f:7fff:ffff::1 2620:4f:8001:: 2a00:1450::1 3ffe:ffff::1 3fff:1000:: 3fff:ffff::1
";

#[test]
fn every_address_of_the_registries_is_refused_and_its_public_neighbours_are_not() {
    for (text, public) in [(NOT_PUBLIC, false), (PUBLIC, true)] {
        for address in text.split_whitespace() {
            assert_eq!(addresses::is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}

#[test]
fn an_address_is_known_in_every_spelling() {
    let spellings = [
        ("169.254.169.254", "169.254.169.254"),
        ("169.254.169.254.", "169.254.169.254"),
        ("2852039166", "169.254.169.254"),
        ("2852039166.", "169.254.169.254"),
        ("0xa9fea9fe", "169.254.169.254"),
        ("0XA9FEA9FE", "169.254.169.254"),
        ("0xa9.0xfe.0xa9.0xfe", "169.254.169.254"),
        ("025177524776", "169.254.169.254"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("00000251.0376.169.254", "169.254.169.254"),
        ("169.16689662", "169.254.169.254"),
        ("169.254.43518", "169.254.169.254"),
        ("169.254.0xa9fe", "169.254.169.254"),
        ("%31%36%39.254.169.254", "169.254.169.254"),
        ("169%2e254%2e169%2e254", "169.254.169.254"),
        ("１６９.254.169.254", "169.254.169.254"),
        ("①⑥⑨.②⑤④.①⑥⑨.②⑤④", "169.254.169.254"),
        ("169。254。169。254", "169.254.169.254"),
        ("169．254．169．254", "169.254.169.254"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("0.0", "0.0.0.0"),
        ("10.1", "10.0.0.1"),
        ("192.168.257", "192.168.1.1"),
    ];
    for (host, address) in spellings {
        let text = format!("https://{host}/latest/meta-data/");
        assert_eq!(admitted(&text, &[]), Err(EgressError::ForbiddenAddress), "{text}");
        assert_eq!(admitted(&text, &["0.0.0.0/0"]), Ok(address.parse().unwrap()), "{text}");
    }
}

#[test]
fn an_ipv4_address_inside_an_ipv6_one_is_refused_by_every_scheme() {
    let hosts = [
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[0000:0000:0000:0000:0000:FFFF:A9FE:A9FE]",
        "[::169.254.169.254]",
        "[::a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::169.254.169.254]",
        "[2002:a9fe:a9fe::]",
        "[2001:0:a9fe:a9fe::]",
        "[::1]",
        "[::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ];
    for host in hosts {
        assert_eq!(admitted(&format!("http://{host}/"), &[]), Err(EgressError::NotHttps), "{host}");
        let by_https = admitted(&format!("https://{host}/"), &[]);
        assert!(matches!(by_https, Err(EgressError::BadUrl { .. })), "{host}: {by_https:?}");
    }
}

#[test]
fn a_url_that_is_never_called_says_why() {
    let long = format!("https://pictures.example/{}", "a".repeat(2048));
    let urls = [
        ("", "no URL"),
        ("pictures.example/a.jpg", "no URL"),
        ("//pictures.example/a.jpg", "no URL"),
        ("https://", "no URL"),
        ("https:///", "no URL"),
        ("https://a..example/", "valid host"),
        ("https://.example/", "valid host"),
        ("https://pictures.example../", "valid host"),
        ("https://./", "valid host"),
        ("https://256.0.0.1/", "no URL"),
        ("https://1.2.3.4.5/", "no URL"),
        ("https://08.1/", "no URL"),
        ("https://4294967296/", "no URL"),
        ("https://[fe80::1%25eth0]/", "no URL"),
        ("https://[fe80::1%eth0]/", "no URL"),
        ("https://[::1/", "no URL"),
        ("https://[2606:4700:4700::1111]/", "IPv6"),
        ("https://pictures.example:0/", "port"),
        ("https://pictures.example:65536/", "no URL"),
        ("https://user@pictures.example/", "no user"),
        ("https://:secret@pictures.example/", "no user"),
        ("https://pictures.example@169.254.169.254/", "no user"),
        ("https://pictures.example%00.example/", "no URL"),
        ("https://pictures.example /", "spaces"),
        ("https://pictures.example/a b", "spaces"),
        ("https://pictures.exa\tmple/", "spaces"),
        ("https://pictures.example/\r\nHost: inside", "spaces"),
        ("\u{0}https://pictures.example/", "spaces"),
        ("ftp://pictures.example/a.jpg", "begin with"),
        ("file:///etc/passwd", "begin with"),
        ("gopher://127.0.0.1:6379/_x", "begin with"),
        ("data:image/jpeg;base64,AAAA", "begin with"),
        ("javascript:alert(1)", "begin with"),
        (long.as_str(), "longer than 2048"),
    ];
    for (text, why) in urls {
        let said = ExternalUrl::try_from(text).unwrap_err();
        assert!(matches!(said, EgressError::BadUrl { .. }), "{text}: {said:?}");
        assert!(said.to_string().contains(why), "{text}: {said}");
    }
}

#[test]
fn a_name_is_called_as_its_certificate_has_it() {
    let names = [
        ("https://pictures.example/a.jpg?sig=1#top", "pictures.example"),
        ("https://PICTURES.Example./", "pictures.example"),
        ("HTTPS://pictures.example", "pictures.example"),
        ("https:pictures.example", "pictures.example"),
        ("https:\\\\pictures.example\\a.jpg", "pictures.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://localhost/", "localhost"),
        ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "localhost"),
        ("https://127.0.0.1.nip.example/", "127.0.0.1.nip.example"),
        ("https://a_b.example/", "a_b.example"),
    ];
    for (text, expected) in names {
        assert_eq!(name(text), expected, "{text}");
    }
    assert_eq!(ExternalUrl::try_from("https://pictures.example:8443/").unwrap().port(), 8443);
    assert_eq!(ExternalUrl::try_from("https://pictures.example/").unwrap().port(), 443);
    assert_eq!(ExternalUrl::try_from("https://a.example/x#y").unwrap().uri().to_string(), "https://a.example/x");
}

#[test]
fn a_name_with_one_forbidden_address_is_refused_as_a_whole() {
    let nothing_allowed = policy(&[]);
    let public = addresses(&["8.8.8.8", "2606:4700:4700::1111"]);
    assert_eq!(nothing_allowed.admit(true, &public), Ok(public));
    for forbidden in ["127.0.0.1", "::1", "fd00:ec2::254", "::ffff:10.0.0.1"] {
        for mixed in [["8.8.8.8", forbidden], [forbidden, "8.8.8.8"]] {
            let refused = nothing_allowed.admit(true, &addresses(&mixed));
            assert_eq!(refused, Err(EgressError::ForbiddenAddress), "{mixed:?}");
        }
    }
    assert_eq!(nothing_allowed.admit(true, &[]), Err(EgressError::Unresolvable));
}

#[test]
fn http_reaches_allowed_networks_and_nothing_else() {
    let loopback = policy(&["127.0.0.0/8", "::1/128"]);
    let reached = loopback.admit(false, &addresses(&["127.0.0.2", "::1"]));
    assert_eq!(reached, Ok(addresses(&["127.0.0.2", "::1"])));
    for found in [&["8.8.8.8"][..], &["10.0.0.1"], &["127.0.0.1", "8.8.8.8"], &["::2"], &[]] {
        assert_eq!(loopback.admit(false, &addresses(found)), Err(EgressError::NotHttps), "{found:?}");
    }
    assert_eq!(policy(&[]).admit(false, &addresses(&["127.0.0.1"])), Err(EgressError::NotHttps));
}

#[test]
fn an_allowed_network_opens_itself_and_no_other() {
    let office = policy(&["10.1.0.0/16"]);
    assert!(office.admit(true, &addresses(&["10.1.2.3"])).is_ok());
    assert_eq!(office.admit(true, &addresses(&["::ffff:10.1.2.3"])), Ok(addresses(&["10.1.2.3"])));
    for found in ["10.2.0.1", "127.0.0.1", "64:ff9b::10.1.2.3", "::10.1.2.3", "169.254.169.254"] {
        assert_eq!(office.admit(true, &addresses(&[found])), Err(EgressError::ForbiddenAddress), "{found}");
    }
}

#[test]
fn what_is_said_of_a_name_that_leads_inside_is_what_is_said_of_one_that_nobody_knows() {
    assert_eq!(EgressError::ForbiddenAddress.to_string(), EgressError::Unresolvable.to_string());
}

#[test]
fn debug_output_of_a_url_shows_its_host_alone() {
    let url = ExternalUrl::try_from("https://pictures.example/path?signature=secret").unwrap();
    assert_eq!(format!("{url:?}"), r#"ExternalUrl(Name("pictures.example"), 443)"#);
}
