//! Where queries run: a few threads of their own, with a ceiling on memory, time and waiting.

use crate::error::ApiError;
use crate::limits::{ApiSettings, SEARCH_QUARTERS, TEXT_QUARTERS, WAITING_QUERIES_MAX};
use crate::query_crew::QueryCrew;
use basics::{Clock, ErrorClass, MemoryBudget};
use query::QueryGuard;
use service::BackgroundThreads;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Runs queries off the event loop, at most so many at a time.
pub(crate) struct QueryPool {
    running: Arc<Semaphore>,
    crew: Arc<QueryCrew>,
    threads: BackgroundThreads,
    waiting: Semaphore,
    clock: Arc<dyn Clock>,
    /// For what searches hold.
    memory: MemoryBudget,
    /// For the texts of answers, which wait for their readers.
    text_memory: MemoryBudget,
    settings: ApiSettings,
}

/// Tells a running query to stop when the caller's request is dropped, which is what a closed connection does.
pub(crate) struct StopOnDrop(pub(crate) Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl QueryPool {
    pub(crate) fn new(clock: Arc<dyn Clock>, budget: &MemoryBudget, settings: ApiSettings) -> QueryPool {
        let whole = budget.share(settings.query_memory_bytes);
        let quarter = whole.limit_bytes() / 4;
        let running = Arc::new(Semaphore::new(settings.query_threads.max(1)));
        QueryPool {
            crew: Arc::new(QueryCrew::new(running.clone())),
            running,
            threads: BackgroundThreads::new("query"),
            waiting: Semaphore::new(WAITING_QUERIES_MAX),
            clock,
            memory: whole.share(quarter * SEARCH_QUARTERS),
            text_memory: whole.share(quarter * TEXT_QUARTERS),
            settings,
        }
    }

    /// What the texts of answers are reserved from.
    pub(crate) fn text_memory(&self) -> MemoryBudget {
        self.text_memory.clone()
    }

    /// Threads for other work that reads much.
    pub(crate) fn threads(&self) -> &BackgroundThreads {
        &self.threads
    }

    /// A guard for work that goes on beside the queries, for so long at a time.
    pub(crate) fn guard(&self, within: Duration, is_cancelled: Arc<AtomicBool>) -> QueryGuard {
        let deadline = self.clock.monotonic().saturating_add(within);
        QueryGuard::new(self.clock.clone(), deadline, is_cancelled, self.memory.clone())
    }

    /// Runs `work` beside the queries, when its turn comes. `None` when it panicked.
    pub(crate) async fn run_aside<T: Send + 'static>(
        &self,
        turns: &Arc<Semaphore>,
        within: Duration,
        work: impl FnOnce(&QueryGuard) -> T + Send + 'static,
    ) -> Option<T> {
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let _stop = StopOnDrop(is_cancelled.clone());
        let turn = turns.clone().acquire_owned().await.ok()?;
        let guard = self.guard(within, is_cancelled);
        let task = self.threads.spawn(move || {
            let result = work(&guard);
            drop(turn);
            result
        });
        match task.await {
            Ok(result) => Some(result),
            Err(error) => {
                tracing::error!(error = %error, "a look for new records panicked");
                None
            }
        }
    }

    /// Runs `work`. The time limit starts when the query starts to wait, so that a caller's patience is counted whole.
    pub(crate) async fn run<T: Send + 'static, E: Into<ApiError> + Send + 'static>(
        &self,
        work: impl FnOnce(&QueryGuard) -> Result<T, E> + Send + 'static,
    ) -> Result<T, ApiError> {
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let _stop = StopOnDrop(is_cancelled.clone());
        let deadline = self.clock.monotonic() + self.settings.query_timeout;
        let guard = QueryGuard::new(self.clock.clone(), deadline, is_cancelled, self.memory.clone())
            .with_crew(self.crew.clone());
        let Ok(waiting) = self.waiting.try_acquire() else {
            let message = format!("{WAITING_QUERIES_MAX} queries are waiting already; try again");
            return Err(ApiError::new(ErrorClass::Overloaded, message));
        };
        let turn = tokio::time::timeout(self.settings.query_timeout, self.running.clone().acquire_owned()).await;
        drop(waiting);
        let Ok(Ok(turn)) = turn else {
            return Err(ApiError::new(ErrorClass::Overloaded, "no query thread became free in time; try again"));
        };
        let task = self.threads.spawn(move || {
            let result = work(&guard);
            drop(turn);
            result
        });
        match task.await {
            Ok(result) => result.map_err(E::into),
            Err(error) => {
                tracing::error!(error = %error, "query panicked");
                Err(ApiError::new(ErrorClass::Internal, "the query failed; this is a bug, and it stands in the log"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
