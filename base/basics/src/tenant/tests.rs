use super::*;

#[test]
fn a_tenant_name_is_plain_and_short() {
    for good in ["default", "a", "team-7", "0x_y"] {
        assert_eq!(good.parse::<TenantName>().unwrap().as_str(), good);
    }
    for bad in ["", "_self", "-a", "A", "a/b", "..", "a b", "é", &"a".repeat(65)] {
        assert!(bad.parse::<TenantName>().is_err(), "{bad:?}");
    }
}
