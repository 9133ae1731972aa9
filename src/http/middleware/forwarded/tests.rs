use std::net::IpAddr;

use proptest::prelude::*;

use super::client;

const PEER: &str = "10.0.0.1";

/// 10.0.0.0/8 and 2001:db8::/32 are the proxies.
fn trusts(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.segments()[..2] == [0x2001, 0xdb8],
    }
}

fn found(peer: &str, forwarded: &[&[u8]], x_forwarded_for: &[&[u8]]) -> String {
    let (forwarded, x_forwarded_for) = (forwarded.iter().copied(), x_forwarded_for.iter().copied());
    client(peer.parse().unwrap(), trusts, forwarded, x_forwarded_for).to_string()
}

#[test]
fn forwarded_is_read_from_the_right() {
    for (lines, expected) in [
        (&["for=192.0.2.1"][..], "192.0.2.1"),
        (&["For=\"192.0.2.1:4711\";proto=http;by=10.0.0.1"], "192.0.2.1"),
        (&["for=6.6.6.6, for=192.0.2.1"], "192.0.2.1"),
        (&["for=6.6.6.6, for=192.0.2.1 ; proto=https, for=10.1.1.1"], "192.0.2.1"),
        (&["for=6.6.6.6", "for=192.0.2.1", "for=10.1.1.1,for=10.2.2.2"], "192.0.2.1"),
        (&["for=\"[2001:db9::1]\""], "2001:db9::1"),
        (&["for=6.6.6.6, for=\"[2001:db9::1]:443\", for=\"[2001:db8::9]:_hidden\""], "2001:db9::1"),
        (&["for=\"[::ffff:192.0.2.1]\""], "192.0.2.1"),
        (&["for=192.0.2.1, for=\"[::ffff:10.7.7.7]\""], "192.0.2.1"),
        (&["for=10.3.3.3, for=10.2.2.2"], "10.3.3.3"),
        (&["by=\"a,b;c=\\\"\";for=192.0.2.1"], "192.0.2.1"),
        (&[";for=192.0.2.1;;"], "192.0.2.1"),
        (&["for=192.0.2.1;secret=\"\\\\\""], "192.0.2.1"),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        assert_eq!(found(PEER, &lines, &[]), expected, "{lines:?}");
    }
}

#[test]
fn whatever_is_malformed_or_hidden_in_forwarded_ends_the_way_at_the_last_proxy() {
    for hop in [
        "",
        " ",
        "for=",
        "for=unknown",
        "for=_hidden",
        "for=\"_hidden:80\"",
        "by=192.0.2.1",
        "for=192.0.2.1:80",
        "for=[2001:db9::1]",
        "for=\"2001:db9::1\"",
        "for=\"[2001:db9::1\"",
        "for=\"[192.0.2.1]\"",
        "for=\"[fe80::1%eth0]\"",
        "for=\"192.0.2.1",
        "for=192.0.2.1\"",
        "for=\"192.0.2.1\"x",
        "for=\"192.0.2.1\\",
        "for=\"192.0.2.1:\"",
        "for=\"192.0.2.1:65536\"",
        "for=\"192.0.2.1:+80\"",
        "for=\"192.0.2.1:_\"",
        "for=192.0.2.01",
        "for=192.0.2.1;for=192.0.2.1",
        "for=192.0.2.1 proto=http",
        "for = 192.0.2.1",
        "192.0.2.1",
        "f\u{fc}r=192.0.2.1",
    ] {
        let line = format!("for=6.6.6.6, {hop}, for=10.2.2.2");
        assert_eq!(found(PEER, &[line.as_bytes()], &[]), "10.2.2.2", "{line}");
        let line = format!("for=6.6.6.6, {hop}");
        assert_eq!(found(PEER, &[line.as_bytes()], &[]), PEER, "{line}");
    }
}

#[test]
fn x_forwarded_for_is_read_from_the_right() {
    for (lines, expected) in [
        (&["192.0.2.1"][..], "192.0.2.1"),
        (&["192.0.2.1:4711"], "192.0.2.1"),
        (&["6.6.6.6,192.0.2.1\t, 10.2.2.2"], "192.0.2.1"),
        (&["6.6.6.6", "192.0.2.1", "10.2.2.2"], "192.0.2.1"),
        (&["2001:db9::1, 2001:db8::2"], "2001:db9::1"),
        (&["[2001:db9::1], [2001:db8::2]:80"], "2001:db9::1"),
        (&["::ffff:192.0.2.1, ::ffff:10.2.2.2"], "192.0.2.1"),
        (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (&["6.6.6.6, unknown, 10.2.2.2"], "10.2.2.2"),
        (&["6.6.6.6,, 10.2.2.2"], "10.2.2.2"),
        (&["6.6.6.6, "], PEER),
        (&["6.6.6.6, \"192.0.2.1\""], PEER),
        (&["6.6.6.6, localhost"], PEER),
        (&[""], PEER),
        (&[], PEER),
    ] {
        let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
        assert_eq!(found(PEER, &[], &lines), expected, "{lines:?}");
    }
    assert_eq!(found(PEER, &[], &[b"6.6.6.6, \xff, 10.2.2.2"]), "10.2.2.2");
}

#[test]
fn an_untrusted_peer_is_the_client_whatever_it_sends() {
    assert_eq!(found("192.0.2.9", &[b"for=6.6.6.6"], &[b"6.6.6.6"]), "192.0.2.9");
    assert_eq!(found("::ffff:192.0.2.9", &[b"for=6.6.6.6"], &[]), "192.0.2.9");
    assert_eq!(found("::ffff:10.0.0.1", &[b"for=192.0.2.1"], &[]), "192.0.2.1");
}

#[test]
fn headers_that_disagree_are_both_not_believed() {
    assert_eq!(found(PEER, &[b"for=192.0.2.1"], &[b"6.6.6.6, 192.0.2.1"]), "192.0.2.1");
    assert_eq!(found(PEER, &[b"for=6.6.6.6"], &[b"192.0.2.1"]), PEER);
    assert_eq!(found(PEER, &[b"for=192.0.2.1"], &[b"6.6.6.6, unknown"]), PEER);
    assert_eq!(found(PEER, &[b"for=_hidden"], &[b"192.0.2.1"]), PEER);
}

/// Printable noise with plenty of what the grammar is made of, or any bytes at all.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "(for=|by=|\"|\\\\|,|;| |:|\\[|\\]|6\\.6\\.6\\.6|10\\.1\\.1\\.1|2001:db9::6|x){0,30}"
            .prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..60),
    ]
}

fn proxy() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])),
        any::<u16>().prop_map(|last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last])),
    ]
}

fn quoted(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("for={address};proto=https"),
        IpAddr::V6(address) => format!("proto=\"a,\\\"b\";for=\"[{address}]:443\""),
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        forwarded in proptest::collection::vec(noise(), 0..4),
        listed in proptest::collection::vec(noise(), 0..4),
    ) {
        let (forwarded, listed) = (forwarded.iter().map(Vec::as_slice), listed.iter().map(Vec::as_slice));
        let address = client(PEER.parse().unwrap(), trusts, forwarded, listed);
        prop_assert_eq!(address, address.to_canonical());
    }

    #[test]
    fn nothing_left_of_an_untrusted_address_counts(
        noise in noise(),
        own_line in any::<bool>(),
        v6 in any::<bool>(),
        proxies in proptest::collection::vec(proxy(), 0..4),
    ) {
        let end: IpAddr = if v6 { "2001:db9::1" } else { "192.0.2.1" }.parse().unwrap();
        let hops: Vec<_> = std::iter::once(&end).chain(&proxies).collect();
        let forwarded = hops.iter().map(|hop| quoted(hop)).collect::<Vec<_>>().join(", ").into_bytes();
        let listed = hops.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ").into_bytes();
        let lines = |told: Vec<u8>| match own_line {
            true => vec![noise.clone(), told],
            false => vec![[noise.clone(), b", ".to_vec(), told].concat()],
        };
        let (forwarded, listed) = (lines(forwarded), lines(listed));
        let slices = |lines: &'_ [Vec<u8>]| lines.to_vec();
        for (one, other) in [(slices(&forwarded), vec![]), (vec![], slices(&listed)), (forwarded.clone(), listed.clone())] {
            let (one, other) = (one.iter().map(Vec::as_slice), other.iter().map(Vec::as_slice));
            prop_assert_eq!(client(PEER.parse().unwrap(), trusts, one, other), end);
        }
    }
}
