use super::*;
use std::cell::Cell;

struct Reader {
    keeper: Keeper,
    things: Vec<Kept<usize>>,
    reads: Cell<usize>,
}

impl Reader {
    fn new(bytes_max: u64, things: usize) -> Reader {
        let things = (0..things).map(|_| Kept::default()).collect();
        Reader { keeper: Keeper::new(bytes_max), things, reads: Cell::new(0) }
    }

    fn get(&self, number: usize) -> Arc<usize> {
        let read = || -> Result<(usize, u64), ()> {
            self.reads.set(self.reads.get() + 1);
            Ok((number, 10))
        };
        self.things[number].get(&self.keeper, read).unwrap()
    }
}

#[test]
fn what_is_held_is_not_read_again() {
    let reader = Reader::new(20, 2);
    for number in [0, 1, 0, 1] {
        assert_eq!(*reader.get(number), number);
    }
    assert_eq!(reader.reads.get(), 2);
}

#[test]
fn the_oldest_goes_when_there_is_no_room() {
    let reader = Reader::new(20, 3);
    for number in [0, 1, 2, 1, 2] {
        reader.get(number);
    }
    assert_eq!(reader.reads.get(), 3);
    reader.get(0);
    assert_eq!(reader.reads.get(), 4);
}

#[test]
fn what_was_asked_for_since_room_was_wanted_last_stays() {
    let reader = Reader::new(20, 4);
    for number in [0, 1, 2] {
        reader.get(number);
    }
    // Of the two that are there the older one is asked for.
    reader.get(1);
    reader.get(3);
    assert_eq!(reader.reads.get(), 4);
    reader.get(1);
    reader.get(3);
    assert_eq!(reader.reads.get(), 4);
}

#[test]
fn what_nobody_can_ask_for_any_more_goes_first() {
    let mut reader = Reader::new(20, 3);
    reader.get(0);
    // A part is merged with others, and is gone.
    reader.get(1);
    reader.things[1] = Kept::default();
    reader.get(2);
    assert_eq!(reader.reads.get(), 3);
    reader.get(0);
    reader.get(2);
    assert_eq!(reader.reads.get(), 3);
}

/// Two who ask at once both read; of the two copies only one can be found.
#[test]
fn a_copy_that_nobody_can_find_goes_first() {
    let reader = Reader::new(20, 2);
    let read_meanwhile = || -> Result<(usize, u64), ()> {
        reader.get(0);
        Ok((0, 10))
    };
    reader.things[0].get(&reader.keeper, read_meanwhile).unwrap();
    reader.get(1);
    assert_eq!(reader.reads.get(), 2);
    reader.get(0);
    reader.get(1);
    assert_eq!(reader.reads.get(), 2);
}

#[test]
fn what_is_in_use_stays() {
    let reader = Reader::new(10, 2);
    let used = reader.get(0);
    reader.get(1);
    reader.get(0);
    assert_eq!((reader.reads.get(), *used), (2, 0));
}

#[test]
fn what_is_larger_than_all_room_is_read_each_time() {
    let reader = Reader::new(5, 1);
    reader.get(0);
    reader.get(0);
    assert_eq!(reader.reads.get(), 2);
}

#[test]
fn an_error_is_handed_on_and_not_kept() {
    let (keeper, kept) = (Keeper::new(10), Kept::<usize>::default());
    assert_eq!(kept.get(&keeper, || Err("no")), Err("no"));
    assert_eq!(kept.get(&keeper, || Ok::<_, &str>((5, 1))).as_deref(), Ok(&5));
}
