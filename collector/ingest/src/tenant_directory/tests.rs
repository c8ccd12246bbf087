use super::*;
use basics::OsDisk;
use proptest::prelude::*;

fn name(text: &str) -> TenantName {
    text.parse().unwrap()
}

fn open(dir: &Path) -> Result<TenantDirectory, TenantDirectoryError> {
    TenantDirectory::open(Arc::new(OsDisk), dir)
}

#[test]
fn a_tenant_keeps_its_number_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let directory = open(dir.path()).unwrap();
    assert_eq!(directory.find(&name("default")), Some(TenantId::DEFAULT));
    assert_eq!(directory.find(&name("shop")), None);
    let shop = directory.ensure(&name("shop")).unwrap();
    let team = directory.ensure(&name("team")).unwrap();
    assert_eq!(shop, TenantId::FIRST_FREE);
    assert_ne!(shop, team);
    drop(directory);
    let directory = open(dir.path()).unwrap();
    assert_eq!(directory.ensure(&name("team")).unwrap(), team);
    assert_eq!(directory.find(&name("shop")), Some(shop));
    assert_eq!(directory.name_of(shop), Some(name("shop")));
    assert_eq!(directory.name_of(TenantId::SELF), Some(TenantName::self_tenant()));
}

#[test]
fn a_leftover_of_a_broken_write_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tenants.new"), b"half").unwrap();
    open(dir.path()).unwrap().ensure(&name("shop")).unwrap();
}

#[test]
fn every_flipped_bit_is_found() {
    let names = BTreeMap::from([(name("shop"), TenantId(16)), (name("a"), TenantId(17))]);
    let good = render(&names);
    assert!(parse(&good).is_ok_and(|read| read == names));
    for byte in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[byte] ^= 1 << bit;
            assert!(parse(&bad).is_err(), "byte {byte} bit {bit}");
        }
    }
}

#[test]
fn a_number_belongs_to_one_name() {
    for names in [
        vec![(name("shop"), TenantId(16)), (name("team"), TenantId(16))],
        vec![(name("shop"), TenantId::DEFAULT)],
        vec![(name("shop"), TenantId::SELF)],
        vec![(TenantName::self_tenant(), TenantId(16))],
    ] {
        assert!(parse(&render(&BTreeMap::from_iter(names.clone()))).is_err(), "{names:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tenants"), render(&BTreeMap::from([(name("last"), TenantId(u32::MAX))]))).unwrap();
    let error = open(dir.path()).unwrap().ensure(&name("shop")).unwrap_err();
    assert!(matches!(error, TenantDirectoryError::Full { .. }), "{error}");
}

#[test]
fn a_damaged_directory_says_which_file_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).unwrap().ensure(&name("shop")).unwrap();
    let path = dir.path().join("tenants");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[18] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = open(dir.path()).err().unwrap();
    assert_eq!(error.class(), ErrorClass::Corrupt);
    assert!(error.to_string().contains("tenants: its checksum"), "{error}");
}

proptest! {
    #[test]
    fn any_bytes_are_safe_to_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_tenant_directory(&bytes);
        fuzz_tenant_directory(&[MAGIC.as_slice(), &bytes].concat());
    }
}
