use crate::tests::world::{check, record, record_with, text};
use model::Value;

#[test]
fn an_address_is_found_by_the_network_it_is_in() {
    let records = [
        record_with(&[("ip", text("10.1.2.3"))]),
        record_with(&[("ip", text("11.1.2.3"))]),
        record_with(&[("ip", text("::ffff:10.1.2.3"))]),
        record_with(&[("ip", text("2001:db8::7"))]),
        record_with(&[("ip", text("10.1.2.3:80"))]),
        record_with(&[("ip", Value::Array(vec![text("x"), text("10.0.0.1")]))]),
        record_with(&[("ip", text("10.1.2.03"))]),
        record("10.1.2.3"),
    ];
    check("ip:10.0.0.0/8", &records, &[0, 2, 5]);
    check("ip:2001:db8::/32", &records, &[3]);
    check("ip:::/0", &records, &[]);
    check("ip:(::/0)", &records, &[3]);
    check("ip:0.0.0.0/0", &records, &[0, 1, 2, 5]);
    check("ip:10.1.2.3/32", &records, &[0, 2]);
    check("ip:\"10.0.0.0/8\"", &records, &[]);
}

#[test]
fn a_range_of_addresses_has_ends() {
    let records = ["10.0.0.1", "10.0.0.9", "10.0.0.99", "10.0.0.100", "9.255.255.255", "x", "::1"]
        .map(|address| record_with(&[("ip", text(address))]));
    check("ip:[10.0.0.1 TO 10.0.0.99]", &records, &[0, 1, 2]);
    check("ip:{10.0.0.1 TO 10.0.0.99}", &records, &[1]);
    check("ip:[10.0.0.99 TO *]", &records, &[2, 3]);
    check("ip:{* TO 10.0.0.1}", &records, &[4]);
    check("ip:[:: TO ffff::]", &records, &[6]);
    check("NOT ip:[0.0.0.0 TO *]", &records, &[5, 6]);
}

#[test]
fn an_address_in_a_body_stands_by_itself() {
    let records = [
        "from 10.1.2.3 port 22",
        "peer=10.1.2.3:443.",
        "client:10.1.2.3",
        "(10.1.2.3)",
        "주소10.1.2.3에서",
        "host_10.1.2.3-x",
        "ends with 10.1.2.3.",
        "1.10.1.2.3",
        "v10.1.2.3",
        "10.1.2.3ms",
        "10.1.2",
        "10.1.2.300",
        "é10.1.2.3",
    ]
    .map(record);
    check("body:10.0.0.0/8", &records, &[0, 1, 2, 3, 4, 5, 6]);
    let records =
        ["to [2001:db8::1]:443", "2001:db8::1: refused", "::ffff:10.1.2.3", "a:2001:db8::1 x", "12:30:45"].map(record);
    check("body:2001:db8::/32", &records, &[0, 1]);
    check("body:10.0.0.0/8", &records, &[2]);
}
