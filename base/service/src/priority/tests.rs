use super::*;
use std::time::Duration;
use tokio::task::JoinSet;

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

/// What a runtime's own blocking threads would do: one that has run a query takes a worker's place.
#[test]
#[cfg(target_os = "linux")]
fn workers_of_the_runtime_stay_in_front_when_work_stands_back() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let before = nice();
    let runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    runtime.block_on(async {
        let threads = BackgroundThreads::new("behind");
        for _ in 0..8 {
            assert_eq!(threads.spawn(nice).await.unwrap(), NICE.max(before));
            // The worker's place goes to another thread meanwhile, which the next task runs on.
            let mut tasks = JoinSet::new();
            tasks.spawn(async move { tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(1))) });
            tasks.spawn(async move { assert_eq!(nice(), before) });
            tasks.join_all().await;
        }
        assert!(threads.spawn(|| panic!("on purpose")).await.is_err());
        assert_eq!(threads.spawn(|| 7).await.unwrap(), 7);
    });
}
