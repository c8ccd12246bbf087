use super::*;
use std::io;

#[derive(Debug, thiserror::Error)]
#[error("cannot open the write-ahead log")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("cannot create data/wal")]
struct Inner(#[source] io::Error);

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent(Outer);

#[test]
fn an_operator_reads_what_was_attempted_and_every_cause_on_one_line() {
    let error = Outer(Inner(io::Error::from(io::ErrorKind::StorageFull)));
    let failure = Failure::of(ErrorClass::Unavailable, &error);
    assert_eq!(failure.message, "cannot open the write-ahead log: cannot create data/wal: no storage space");
    assert_eq!(failure.exit_code, 69);
    let error = Transparent(Outer(Inner(io::Error::from(io::ErrorKind::StorageFull))));
    assert_eq!(Failure::of(ErrorClass::Unavailable, &error).message, failure.message, "nothing is said twice");
}

#[test]
fn the_class_of_an_error_decides_the_code() {
    let code_of = |class| Failure::of(class, &io::Error::other("x")).exit_code;
    assert_eq!(code_of(ErrorClass::Invalid), 78);
    assert_eq!(code_of(ErrorClass::Forbidden), 77);
    assert_eq!(code_of(ErrorClass::Corrupt), 65);
    assert_eq!(code_of(ErrorClass::Internal), 70);
    assert_eq!(Failure::usage(String::new()).exit_code, 64);
}
