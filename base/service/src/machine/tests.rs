//! Limits of control groups, as files below a root of our own.

use super::*;

#[track_caller]
fn check(files: &[(&str, &str)], want: u64) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    assert_eq!(read_memory_bytes(root.path()), want, "{files:?}");
}

const RAM: (&str, &str) = ("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");

#[test]
fn without_a_limit_it_is_the_ram() {
    check(&[RAM], 8 * GIB);
    check(&[RAM, ("proc/self/cgroup", "0::/a/b\n"), ("sys/fs/cgroup/a/memory.max", "max\n")], 8 * GIB);
    check(&[("proc/self/cgroup", "garbage")], GIB);
}

#[test]
fn a_limit_of_a_group_or_of_one_above_it_counts() {
    let group = ("proc/self/cgroup", "0::/a/b\n");
    check(&[RAM, group, ("sys/fs/cgroup/a/b/memory.max", "1073741824\n")], GIB);
    check(&[RAM, group, ("sys/fs/cgroup/a/memory.max", "2147483648\n")], 2 * GIB);
    check(&[RAM, group, ("sys/fs/cgroup/memory.max", "536870912\n")], GIB / 2);
}

#[test]
fn the_first_version_of_control_groups_counts_too() {
    let group = ("proc/self/cgroup", "7:cpu,memory:/docker/x\n3:pids:/docker/x\n");
    check(&[RAM, group, ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n")], GIB);
    check(&[RAM, group, ("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "9223372036854771712\n")], 8 * GIB);
}

#[test]
fn this_machine_has_memory() {
    assert!(memory_bytes() >= 64 * 1024 * 1024);
}
