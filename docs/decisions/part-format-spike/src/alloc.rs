//! Counts the bytes that are allocated, so that a measurement can print what a structure holds.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

pub fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}

/// Starts a new peak at what is held; returns what is held.
pub fn mark() -> usize {
    let held = held();
    PEAK.store(held, Ordering::Relaxed);
    held
}

pub fn peak() -> usize {
    PEAK.load(Ordering::Relaxed)
}
