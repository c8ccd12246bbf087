//! CPU time of the calling thread: the machine is shared, and a wall clock would measure the neighbours.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

#[derive(Clone, Copy)]
pub struct Instant(Duration);

impl Instant {
    pub fn now() -> Instant {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Instant(Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("below a second")))
    }

    pub fn elapsed(self) -> Duration {
        Instant::now().0.saturating_sub(self.0)
    }
}
