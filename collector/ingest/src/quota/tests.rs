use super::*;
use basics::Disk;
use std::path::Path;
use testkit::faulty_disk::FaultyDisk;

const SECOND: Duration = Duration::from_secs(1);

fn allowance(per_second: u64, burst: u64) -> Option<Allowance> {
    Some(Allowance { per_second: NonZeroU64::new(per_second).unwrap(), burst })
}

fn bytes(per_second: u64, burst: u64) -> Quota {
    Quota { bytes: allowance(per_second, burst), records: None }
}

fn cost(bytes: u64) -> Cost {
    Cost { bytes, records: 1 }
}

/// Quotas over a directory, and the numbers of these tenants in it.
fn quotas<const N: usize>(settings: QuotaSettings, names: [&str; N]) -> (Quotas, [TenantId; N]) {
    let disk = FaultyDisk::new(3);
    disk.create_dir_all(Path::new("/data")).unwrap();
    let directory = TenantDirectory::open(Arc::new(disk), Path::new("/data")).unwrap();
    let ids = names.map(|name| directory.ensure(&name.parse().unwrap()).unwrap());
    (Quotas::new(settings, Arc::new(directory)), ids)
}

fn wait(quotas: &Quotas, tenant: TenantId, cost: Cost, now: Duration) -> Duration {
    quotas.take(tenant, cost, now).err().map_or(Duration::ZERO, |over| over.wait())
}

#[test]
fn without_a_quota_nobody_is_held_and_nothing_is_kept_about_anybody() {
    let (quotas, [shop]) = quotas(QuotaSettings::default(), ["shop"]);
    for _ in 0..3 {
        assert_eq!(quotas.take(shop, cost(u64::MAX), Duration::ZERO), Ok(()));
    }
    assert!(quotas.lock().is_empty());
}

#[test]
fn a_quota_for_each_tenant_is_one_for_each_and_not_one_for_all() {
    let settings = QuotaSettings { each_tenant: bytes(100, 100), ..QuotaSettings::default() };
    let (quotas, [shop, bank]) = quotas(settings, ["shop", "bank"]);
    for tenant in [shop, bank, TenantId::DEFAULT] {
        assert_eq!(wait(&quotas, tenant, cost(100), Duration::ZERO), Duration::ZERO, "{tenant}");
        assert_eq!(wait(&quotas, tenant, cost(100), Duration::ZERO), SECOND, "{tenant}");
    }
}

#[test]
fn a_tenant_with_a_quota_of_its_own_has_that_in_place_of_the_one_for_each() {
    let each_tenant = Quota { bytes: allowance(100, 100), records: allowance(1, 1) };
    let own = [("shop".parse().unwrap(), bytes(10, 1_000)), ("bank".parse().unwrap(), Quota::default())];
    let settings = QuotaSettings { each_tenant, tenants: own.into() };
    let (quotas, [shop, bank, other]) = quotas(settings, ["shop", "bank", "other"]);
    let many_records = Cost { bytes: 1_000, records: 1_000 };
    assert_eq!(wait(&quotas, shop, many_records, Duration::ZERO), Duration::ZERO, "its records are not limited");
    assert_eq!(wait(&quotas, shop, cost(10), Duration::ZERO), SECOND);
    for _ in 0..3 {
        assert_eq!(wait(&quotas, bank, many_records, Duration::ZERO), Duration::ZERO, "an empty quota is none");
    }
    assert_eq!(wait(&quotas, other, cost(100), Duration::ZERO), Duration::ZERO);
    assert_eq!(wait(&quotas, other, cost(1), Duration::ZERO), SECOND);
}

#[test]
fn the_processs_own_telemetry_is_never_held() {
    let settings = QuotaSettings { each_tenant: bytes(1, 1), ..QuotaSettings::default() };
    let (quotas, []) = quotas(settings, []);
    for _ in 0..3 {
        assert_eq!(wait(&quotas, TenantId::SELF, cost(u64::MAX), Duration::ZERO), Duration::ZERO);
    }
}

#[test]
fn a_request_takes_bytes_and_records_or_neither() {
    let each_tenant = Quota { bytes: allowance(100, 1_000), records: allowance(10, 10) };
    let (quotas, [shop]) = quotas(QuotaSettings { each_tenant, ..QuotaSettings::default() }, ["shop"]);
    let ten = Cost { bytes: 500, records: 10 };
    assert_eq!(quotas.take(shop, ten, Duration::ZERO), Ok(()));
    let over = quotas.take(shop, ten, Duration::ZERO).unwrap_err();
    assert_eq!((over.unit, over.per_second, over.wait()), ("records", 10, SECOND));
    assert!(over.to_string().contains("quota of 10 records a second"), "{over}");
    // The refused one took no bytes: there are 500 left, and 100 more after a second.
    let over = quotas.take(shop, Cost { bytes: 601, records: 10 }, SECOND).unwrap_err();
    assert_eq!((over.unit, over.wait()), ("bytes", Duration::from_millis(10)));
    assert_eq!(quotas.take(shop, Cost { bytes: 600, records: 10 }, SECOND), Ok(()));
    // Of two waits the longer one is told.
    let over = quotas.take(shop, Cost { bytes: 300, records: 10 }, SECOND).unwrap_err();
    assert_eq!((over.unit, over.wait()), ("bytes", 3 * SECOND));
    quotas.give_back(shop, Cost { bytes: 600, records: 10 });
    assert_eq!(quotas.take(shop, Cost { bytes: 600, records: 10 }, SECOND), Ok(()), "both came back");
}

#[test]
fn many_senders_of_one_tenant_share_one_bucket() {
    let settings = QuotaSettings { each_tenant: bytes(1, 1_000), ..QuotaSettings::default() };
    let (quotas, [shop]) = quotas(settings, ["shop"]);
    let taken: usize = std::thread::scope(|scope| {
        let sender = || (0..400).filter(|_| quotas.take(shop, cost(1), Duration::ZERO).is_ok()).count();
        let senders: Vec<_> = (0..4).map(|_| scope.spawn(sender)).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).sum()
    });
    assert_eq!(taken, 1_000);
}
