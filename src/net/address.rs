//! Which addresses are the public Internet's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address may be called when private ones are not allowed: one that anybody on the Internet could call too.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IANA's registry of special-purpose IPv4 addresses (RFC 6890 and its successors).
#[expect(clippy::match_same_arms, reason = "one arm for each entry of the registry, under its RFC")]
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "this network", private, loopback, multicast, reserved and broadcast
        (0 | 10 | 127 | 224..=255, _, _) => true,
        // RFC 6598: shared address space of carriers
        (100, 64..=127, _) => true,
        // RFC 3927: link-local, where clouds keep their metadata service
        (169, 254, _) => true,
        // Azure's own: a number of the Internet that leads every machine there to its host
        (168, 63, 129) => true,
        (172, 16..=31, _) => true,
        // RFC 6890: protocol assignments; RFC 5737: documentation; RFC 7526: the old 6to4 relays
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) => true,
        (192, 168, _) => true,
        // RFC 2544: benchmarks
        (198, 18 | 19, _) => true,
        _ => false,
    };
    !special
}

/// What is global unicast (RFC 4291 §2.4: 2000::/3), less what is special in it; forms that hold an IPv4 address are that address.
#[expect(clippy::match_same_arms, reason = "one arm for each entry of the registry, under its RFC")]
fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        // RFC 4291 §2.5.5: ::ffff:a.b.c.d (the older ::a.b.c.d falls to the last arm)
        [0, 0, 0, 0, 0, 0xffff, high, low] => is_public_v4(embedded(high, low)),
        // RFC 6052: NAT64
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(embedded(high, low)),
        // RFC 3056: 6to4
        [0x2002, high, low, ..] => is_public_v4(embedded(high, low)),
        // RFC 2928, 4380 (Teredo), 5180, 7343: protocol assignments
        [0x2001, 0..=0x01ff, ..] => false,
        // RFC 3849, RFC 9637: documentation
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Loopback, unspecified, ULA (fc00::/7), link-local (fe80::/10), multicast (ff00::/8) all lie outside 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ];
        for text in public {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        let private = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "100.100.100.200",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "192.0.0.192",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:0",
            "::ffff:127.0.0.1",
            "::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:0:0:0:1:808:808",
            "2002:a9fe:a9fe::",
            "2001:0:7f00:1::",
            "fd00:ec2::254",
            "febf::1",
            "100::1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "3fff::1",
        ];
        for text in private {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }
}
