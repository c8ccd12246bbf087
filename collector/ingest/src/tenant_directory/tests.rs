use super::*;
use basics::{DiskEntry, DiskFile, OsDisk};
use proptest::prelude::*;
use std::sync::mpsc;
use std::time::Duration;

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

/// A disk whose syncs of directories take until the gate is open.
struct SlowDisk {
    gate: Mutex<mpsc::Receiver<()>>,
    begun: mpsc::SyncSender<()>,
}

impl Disk for SlowDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        OsDisk.open(path, mode)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        OsDisk.create_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DiskEntry>> {
        OsDisk.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.hard_link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove_dir_all(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.begun.send(()).unwrap();
        self.gate.lock().unwrap().recv().unwrap();
        OsDisk.sync_dir(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        OsDisk.free_bytes(dir)
    }
}

#[test]
fn looking_a_tenant_up_does_not_wait_for_a_disk_that_takes_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let (open_gate, gate) = mpsc::sync_channel(1);
    let (begun, has_begun) = mpsc::sync_channel(1);
    let disk = SlowDisk { gate: Mutex::new(gate), begun };
    let directory = TenantDirectory::open(Arc::new(disk), dir.path()).unwrap();
    let (found, answers) = mpsc::sync_channel(1);
    std::thread::scope(|scope| {
        let new = scope.spawn(|| directory.ensure(&name("shop")).unwrap());
        has_begun.recv().unwrap();
        scope.spawn(|| {
            let default = directory.find(&name("default"));
            let seen = (default, directory.name_of(TenantId::SELF), directory.find(&name("shop")));
            found.send((seen, directory.ensure(&name("default")).unwrap())).unwrap();
        });
        let answer = answers.recv_timeout(Duration::from_secs(10));
        open_gate.send(()).unwrap();
        let ((default, own, shop), again) = answer.expect("lookups wait for the write");
        assert_eq!((default, own), (Some(TenantId::DEFAULT), Some(TenantName::self_tenant())));
        assert_eq!((shop, again), (None, TenantId::DEFAULT), "not before it is durable");
        let shop = new.join().unwrap();
        assert_eq!(directory.find(&name("shop")), Some(shop));
    });
}

#[test]
fn tenants_that_come_at_once_get_numbers_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let directory = open(dir.path()).unwrap();
    let numbers: Vec<TenantId> = std::thread::scope(|scope| {
        let ensure = |number: usize| directory.ensure(&name(&format!("tenant-{}", number / 2))).unwrap();
        let threads: Vec<_> = (0..16).map(|number| scope.spawn(move || ensure(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: BTreeSet<TenantId> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), 8, "two askers for each name: {numbers:?}");
    let again = open(dir.path()).unwrap();
    for (number, id) in numbers.iter().enumerate() {
        assert_eq!(again.name_of(*id), Some(name(&format!("tenant-{}", number / 2))));
    }
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
    #![proptest_config(testkit::random_cases::cases(256))]

    #[test]
    fn any_bytes_are_safe_to_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_tenant_directory(&bytes);
        fuzz_tenant_directory(&[MAGIC.as_slice(), &bytes].concat());
    }
}
