use super::*;

/// The kernel keeps a priority for each thread; that of the one that asks is the only one to change.
#[test]
#[cfg(target_os = "linux")]
fn a_thread_stands_back_and_no_other() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let before = nice();
    let theirs = std::thread::spawn(move || {
        stand_back();
        stand_back();
        nice()
    });
    assert_eq!(theirs.join().unwrap(), NICE.max(before));
    assert_eq!(nice(), before);
}
