use super::*;

#[test]
fn each_credential_gets_so_many_new_tenants_in_an_hour() {
    let (gateway, other): (Arc<str>, Arc<str>) = ("gateway".into(), "other".into());
    let mut given = Given::default();
    let start = Instant::now();
    let minutes = |count: u64| start + Duration::from_secs(60 * count);
    for number in 0..u64::from(NEW_TENANTS_PER_HOUR_MAX) {
        assert_eq!(given.check(&gateway, minutes(number % 50)), Ok(()));
        given.note(&gateway, minutes(number % 50));
    }
    assert_eq!(given.check(&gateway, minutes(50)), Err(Duration::from_secs(600)));
    assert_eq!(given.check(&other, minutes(50)), Ok(()), "nobody pays for another");
    given.note(&other, minutes(50));
    assert_eq!(given.check(&gateway, minutes(60)), Ok(()), "the hour began with the first");
    given.note(&gateway, minutes(61));
    assert_eq!(given.check(&gateway, minutes(62)), Ok(()));
    given.note(&other, minutes(200));
    assert_eq!(given.hours.len(), 1, "hours that are over are forgotten");
}
