//! The tracer's lines are read as it writes them.

use super::{CallOrdinals, Fault, choose_rules, count_calls};
use std::path::Path;

const TRACE: &str = "\
101 openat(AT_FDCWD</x>, \"/lib/libc.so.6\", O_RDONLY|O_CLOEXEC) = 3</lib/libc.so.6>
101 openat(AT_FDCWD</x>, \"/x/data/lock\", O_RDWR|O_CREAT, 0600) = 3</x/data/lock>
102 pwritev(7</x/data/wal/logs/1.wal>, [{iov_base=\"a\", iov_len=1}], 1, 4096 <unfinished ...>
101 openat(AT_FDCWD</x>, \"/x/data/b\", O_RDONLY) = -1 ENOENT (No such file or directory)
102 <... pwritev resumed>) = 1
102 fdatasync(7</x/data/wal/logs/1.wal>) = 0
103 fdatasync(7</x/elsewhere>) = 0
102 +++ exited with 0 +++
";

#[test]
fn only_calls_on_the_data_directory_are_chosen_but_all_are_counted() {
    let want = CallOrdinals::from([("openat", vec![2, 3]), ("pwritev", vec![1]), ("fdatasync", vec![1])]);
    assert_eq!(count_calls(TRACE, Path::new("/x/data")), want);
}

#[test]
fn of_each_kind_the_first_a_middle_and_the_last_call_is_hit_before_any_is_hit_twice() {
    let ordinals = CallOrdinals::from([("fsync", (1..=9).collect()), ("mkdir", vec![4])]);
    let hit = |rules_max| -> Vec<_> {
        let rules = choose_rules(&ordinals, rules_max);
        rules.into_iter().map(|rule| (rule.call, rule.ordinal, rule.fault)).collect()
    };
    let all = [
        ("fsync", 1, Fault::Eio),
        ("fsync", 5, Fault::Kill),
        ("fsync", 9, Fault::Eio),
        ("mkdir", 4, Fault::Eio),
        ("fsync", 1, Fault::Kill),
        ("fsync", 5, Fault::Eio),
        ("fsync", 9, Fault::Kill),
        ("mkdir", 4, Fault::Kill),
    ];
    assert_eq!(hit(100), all);
    assert_eq!(hit(4), all[..4]);
}
