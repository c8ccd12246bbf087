//! What the proofs do to a log while they look for the moment at which it goes wrong.

use testkit::faulty_disk::Chance;

/// One thing that somebody does to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// Appends so many entries of such a length. They wait until [`Op::Step`].
    Append { count: usize, bytes: usize },
    /// One step of the writer.
    Step,
    /// One step of the preparer.
    Prepare,
    /// Forgets all but so many entries.
    Trim { leave: u64 },
    /// Reads everything.
    Read,
    /// Reads everything as the replay after a start does.
    Replay,
    /// Begins to read and keeps the reader, whose files must not be used again.
    HoldReader,
    /// Reads on with the reader that was kept, and lets it go.
    ReleaseReader,
    /// The process ends, and another one starts.
    Restart,
    /// The log is closed in an orderly way, and opened again.
    Reopen,
}

fn append(count: usize, bytes: usize) -> [Op; 2] {
    [Op::Append { count, bytes }, Op::Step]
}

/// A workload that has everything: files that are made by the writer and by the preparer, several rotations, a trim,
/// files used again, an entry with a segment of its own, readers, replays, a restart, an orderly close.
pub(super) fn script() -> Vec<Op> {
    let mut ops = Vec::new();
    // Nothing is prepared yet: the writer makes its own file.
    ops.extend(append(2, 100));
    ops.extend(append(1, 3_000));
    ops.extend([Op::Prepare, Op::Prepare]);
    for _ in 0..3 {
        ops.extend(append(1, 6_000));
        ops.extend(append(3, 40));
        ops.extend(append(1, 5_000));
    }
    ops.extend([Op::Read, Op::HoldReader, Op::Trim { leave: 4 }, Op::Read, Op::Prepare]);
    ops.extend(append(2, 7_000));
    ops.extend(append(1, 10));
    ops.extend([Op::ReleaseReader, Op::Trim { leave: 3 }, Op::Read]);
    ops.extend(append(1, 9_000));
    ops.extend(append(2, 500));
    ops.extend([Op::Restart, Op::Replay]);
    for _ in 0..2 {
        ops.extend(append(1, 7_000));
        ops.extend(append(1, 8_000));
        ops.extend(append(4, 300));
    }
    ops.extend([Op::Prepare, Op::Trim { leave: 2 }, Op::Read]);
    ops.extend(append(3, 4_000));
    ops.extend(append(1, 12_000));
    ops.extend(append(1, 20));
    ops.extend([Op::Reopen, Op::Replay]);
    ops.extend(append(1, 5_000));
    ops.extend([Op::Trim { leave: 1 }, Op::Read]);
    ops.extend(append(2, 6_000));
    ops.extend(append(2, 60));
    ops.push(Op::Read);
    ops
}

/// A workload by lot.
pub(super) fn script_by_lot(chance: &mut Chance) -> Vec<Op> {
    let mut ops = Vec::new();
    for _ in 0..20 + chance.index(60) {
        match chance.index(20) {
            0..=9 => {
                let bytes = match chance.index(8) {
                    0 => 8_200 + chance.index(30_000),
                    1 | 2 => 2_000 + chance.index(6_000),
                    _ => 8 + chance.index(600),
                };
                ops.push(Op::Append { count: 1 + chance.index(4), bytes });
                if !chance.once_in(4) {
                    ops.push(Op::Step);
                }
            }
            10 | 11 => ops.push(Op::Step),
            12 | 13 => ops.push(Op::Prepare),
            14 | 15 => ops.extend([Op::Trim { leave: chance.number() % 12 }, Op::Read]),
            16 => ops.push(Op::Read),
            17 => ops.push(if chance.once_in(2) { Op::HoldReader } else { Op::ReleaseReader }),
            18 => ops.push(Op::Restart),
            _ => ops.extend([if chance.once_in(2) { Op::Reopen } else { Op::Restart }, Op::Replay]),
        }
    }
    ops
}
