use super::*;
use service::SystemClock;
use std::fs;
use tokio::task::JoinSet;

/// The nice value of the calling thread.
fn nice() -> i32 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    // Behind the name, which may hold anything: state, then 15 numbers.
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse().unwrap()
}

/// A blocking thread of the runtime takes over the place of a worker that blocks: one that had run a query would put all
/// that is served from there behind.
#[test]
#[cfg(target_os = "linux")]
fn a_query_stands_back_and_no_worker_does() {
    let before = nice();
    assert!(before < 10, "a process that stands back itself has nothing to show");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let budget = MemoryBudget::new(1 << 30);
    let pool = QueryPool::new(Arc::new(SystemClock::new()), &budget, ApiSettings::default());
    runtime.block_on(async {
        for _ in 0..8 {
            assert_eq!(pool.run(|_| Ok::<i32, ApiError>(nice())).await.unwrap(), 10);
            let mut tasks = JoinSet::new();
            tasks.spawn(async { tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(1))) });
            tasks.spawn(async move { assert_eq!(nice(), before) });
            tasks.join_all().await;
        }
    });
}
