//! More than one thread for a query that reads much, as long as nobody else waits for one.

use query::{Crew, Piece};
use std::sync::Arc;
use std::thread;
use tokio::sync::Semaphore;

/// Hands beside a query's own. They are the turns of queries that do not run.
#[derive(Debug)]
pub(crate) struct QueryCrew {
    turns: Arc<Semaphore>,
}

impl QueryCrew {
    /// Hands out turns of a pool.
    pub(crate) fn new(turns: Arc<Semaphore>) -> QueryCrew {
        QueryCrew { turns }
    }
}

impl Crew for QueryCrew {
    fn take(&self, most: usize) -> usize {
        let mut hands = 1;
        while hands < most
            && let Ok(turn) = self.turns.try_acquire()
        {
            turn.forget();
            hands += 1;
        }
        hands
    }

    fn give_back(&self, hands: usize) {
        self.turns.add_permits(hands.saturating_sub(1));
    }

    fn run<'a>(&self, pieces: Vec<Piece<'a>>) {
        thread::scope(|scope| {
            let mut pieces = pieces.into_iter();
            let own = pieces.next();
            for piece in pieces {
                let thread = thread::Builder::new().name("query hand".to_owned());
                // Without another thread the work is done all the same.
                let work = Arc::new(std::sync::Mutex::new(Some(piece)));
                let theirs = work.clone();
                let spawned = thread.spawn_scoped(scope, move || {
                    service::stand_back();
                    do_once(&theirs);
                });
                if spawned.is_err() {
                    do_once(&work);
                }
            }
            if let Some(own) = own {
                own();
            }
        });
    }
}

fn do_once(work: &std::sync::Mutex<Option<Piece<'_>>>) {
    let piece = work.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(piece) = piece {
        piece();
    }
}

#[cfg(test)]
mod tests;
