//! Threads that a query may share its work with.
//!
//! The rooms start no threads: whoever runs queries hands a [`Crew`] in with the guard.

use std::fmt::Debug;

/// A piece of work.
pub type Piece<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Hands that are free for more than one piece of work at a time.
pub trait Crew: Debug + Send + Sync {
    /// Takes hands, the caller's own among them: at least one, and at most so many. They are the caller's until they are
    /// given back.
    fn take(&self, most: usize) -> usize;

    /// Gives taken hands back.
    fn give_back(&self, hands: usize);

    /// Runs as many pieces as hands were taken, side by side, and returns when all are done.
    fn run<'a>(&self, pieces: Vec<Piece<'a>>);
}

/// The caller's own hand, and no other.
#[derive(Debug)]
pub(crate) struct Alone;

impl Crew for Alone {
    fn take(&self, _most: usize) -> usize {
        1
    }

    fn give_back(&self, _hands: usize) {}

    fn run<'a>(&self, pieces: Vec<Piece<'a>>) {
        pieces.into_iter().for_each(|piece| piece());
    }
}

/// Hands that are taken, until this is gone.
pub(crate) struct Hands<'c> {
    crew: &'c dyn Crew,
    count: usize,
}

impl<'c> Hands<'c> {
    pub(crate) fn take(crew: &'c dyn Crew, most: usize) -> Hands<'c> {
        let count = if most > 1 { crew.take(most) } else { 1 };
        Hands { crew, count }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Puts each piece of work to `work`, side by side, and gives what came of them in their order.
    pub(crate) fn map<P: Send, R: Send>(&self, pieces: Vec<P>, work: impl Fn(P) -> R + Sync) -> Vec<R> {
        if pieces.len() <= 1 {
            return pieces.into_iter().map(work).collect();
        }
        let mut results: Vec<Option<R>> = pieces.iter().map(|_| None).collect();
        let work = &work;
        let boxes = pieces.into_iter().zip(&mut results);
        let boxes = boxes.map(|(piece, result)| -> Piece<'_> { Box::new(move || *result = Some(work(piece))) });
        self.crew.run(boxes.collect());
        results.into_iter().map(|result| result.expect("a crew runs every piece")).collect()
    }
}

impl Drop for Hands<'_> {
    fn drop(&mut self) {
        if self.count > 1 {
            self.crew.give_back(self.count);
        }
    }
}
