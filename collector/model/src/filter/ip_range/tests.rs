use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[track_caller]
fn check(network: &str, prefix: u32, first: &str, last: &str) {
    let want = IpRange::new(address(first), address(last));
    assert_eq!(IpRange::network(address(network), prefix), want);
    assert!(want.is_some());
}

#[test]
fn a_network_is_all_addresses_with_its_first_bits() {
    check("10.1.2.3", 8, "10.0.0.0", "10.255.255.255");
    check("10.1.2.3", 32, "10.1.2.3", "10.1.2.3");
    check("10.1.2.3", 0, "0.0.0.0", "255.255.255.255");
    check("2001:db8::1", 32, "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
    check("::", 0, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    check("::ffff:10.1.2.3", 104, "10.0.0.0", "10.255.255.255");
    assert_eq!(IpRange::network(address("10.0.0.0"), 33), None);
    assert_eq!(IpRange::network(address("::"), 129), None);
}

#[test]
fn mapped_addresses_are_of_the_older_family_and_families_do_not_mix() {
    let ten = IpRange::network(address("10.0.0.0"), 8).unwrap();
    assert!(ten.contains(address("10.0.0.7")) && ten.contains(address("::ffff:10.0.0.7")));
    assert!(!ten.contains(address("11.0.0.0")) && !ten.contains(address("::a00:7")));
    let all = IpRange::network(address("::"), 0).unwrap();
    assert!(all.contains(address("::1")) && !all.contains(address("::ffff:10.0.0.7")));
    assert_eq!(IpRange::new(address("10.0.0.2"), address("10.0.0.1")), None);
    assert_eq!(IpRange::new(address("10.0.0.2"), address("::1")), None);
}

#[test]
fn a_side_may_be_open() {
    let from = IpRange::starting_at(address("10.0.0.7"));
    assert!(from.contains(address("255.255.255.255")) && !from.contains(address("10.0.0.6")));
    let to = IpRange::ending_at(address("::ffff:10.0.0.7"));
    assert!(to.contains(address("0.0.0.0")) && !to.contains(address("10.0.0.8")) && !to.contains(address("::")));
}
