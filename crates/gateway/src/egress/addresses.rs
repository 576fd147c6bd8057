//! Which addresses are public: everybody's to call.
//!
//! The ranges are those of IANA's registries, all of them, whether or not an entry is marked as globally reachable:
//! nothing that a tenant serves lives in any. What is not yet given out by IANA is not public either.
//!
//! - [IPv4 special-purpose registry](https://www.iana.org/assignments/iana-ipv4-special-registry/)
//! - [IPv6 special-purpose registry](https://www.iana.org/assignments/iana-ipv6-special-registry/)
//!   (both by [RFC 6890](https://www.rfc-editor.org/rfc/rfc6890) and its successors)
//! - [IPv6 address space](https://www.iana.org/assignments/ipv6-address-space/)

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Ranges of IPv4 that are not public.
const SPECIAL_V4: [Ipv4Net; 18] = [
    v4([0, 0, 0, 0], 8),        // "this network", RFC 791
    v4([10, 0, 0, 0], 8),       // private use, RFC 1918
    v4([100, 64, 0, 0], 10),    // shared address space, RFC 6598; Alibaba Cloud's metadata at 100.100.100.200
    v4([127, 0, 0, 0], 8),      // loopback, RFC 1122
    v4([168, 63, 129, 16], 32), // in no registry: Azure's own services, seen from inside alone
    v4([169, 254, 0, 0], 16),   // link local, RFC 3927; most clouds' metadata at 169.254.169.254
    v4([172, 16, 0, 0], 12),    // private use, RFC 1918
    v4([192, 0, 0, 0], 24),     // IETF protocol assignments, RFC 6890; Oracle Cloud's metadata at 192.0.0.192
    v4([192, 0, 2, 0], 24),     // documentation (TEST-NET-1), RFC 5737
    v4([192, 31, 196, 0], 24),  // AS112, RFC 7535
    v4([192, 52, 193, 0], 24),  // AMT, RFC 7450
    v4([192, 88, 99, 0], 24),   // 6to4 relay anycast, deprecated, RFC 7526
    v4([192, 168, 0, 0], 16),   // private use, RFC 1918
    v4([192, 175, 48, 0], 24),  // direct delegation AS112, RFC 7534
    v4([198, 18, 0, 0], 15),    // benchmarking, RFC 2544
    v4([198, 51, 100, 0], 24),  // documentation (TEST-NET-2), RFC 5737
    v4([203, 0, 113, 0], 24),   // documentation (TEST-NET-3), RFC 5737
    v4([224, 0, 0, 0], 3),      // multicast, RFC 5771; reserved, RFC 1112; limited broadcast, RFC 919
];

/// All of IPv6 that IANA has given out for unicast so far.
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0], 3);

/// Ranges of [`GLOBAL_UNICAST`] that are not public. Outside of it are, among others, loopback, the unspecified address,
/// IPv4-compatible and translated addresses (`::/8`), local NAT64 (`64:ff9b:1::/48`), discard-only (`100::/64`), segment
/// routing (`5f00::/16`), unique local (`fc00::/7`; AWS's metadata at `fd00:ec2::254`), link and site local
/// (`fe80::/10`, `fec0::/10`) and multicast (`ff00::/8`).
const SPECIAL_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0], 23),           // IETF protocol assignments, RFC 2928: Teredo, ORCHID, …
    v6([0x2001, 0x0db8, 0], 32),      // documentation, RFC 3849
    v6([0x2002, 0, 0], 16),           // 6to4, RFC 3056: holds an IPv4 address
    v6([0x2620, 0x004f, 0x8000], 48), // direct delegation AS112, RFC 7534
    v6([0x3fff, 0, 0], 20),           // documentation, RFC 9637
];

/// Networks whose hosts have IPv6 alone reach IPv4 through these addresses, RFC 6052: the last 32 bits are the IPv4
/// address, and what is true of that one is true of it.
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0], 96);

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

/// A range of addresses that begin with these groups of 16 bits.
const fn v6(first: [u16; 3], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first[0], first[1], first[2], 0, 0, 0, 0, 0), length)
}

/// Whether an address is everybody's to call. An IPv4 address that is written as IPv6 (`::ffff:127.0.0.1`) is what it
/// holds, since that is where a connection to it goes.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|range| range.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    GLOBAL_UNICAST.contains(&address) && !SPECIAL_V6.iter().any(|range| range.contains(&address))
}
