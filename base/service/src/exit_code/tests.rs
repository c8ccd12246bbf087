//! The exit codes, against the page that operators read.

use super::*;

#[test]
fn the_documented_exit_codes_are_the_real_ones() {
    let page = include_str!("../../../../docs/operations/exit-codes.md");
    for code in ExitCode::ALL {
        let row = format!("| {} |", code.number());
        assert!(page.contains(&row), "docs/operations/exit-codes.md has no row `{row}`");
    }
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).count();
    assert_eq!(rows, ExitCode::ALL.len(), "every row of the page is a code");
}

#[test]
fn a_wrong_configuration_ends_with_78_and_a_taken_port_with_69() {
    assert_eq!(ExitCode::of(ErrorClass::Invalid).number(), 78);
    assert_eq!(ExitCode::of(ErrorClass::Unavailable).number(), 69);
    assert_eq!(ExitCode::of(ErrorClass::Corrupt).number(), 65);
    assert_eq!(ExitCode::of(ErrorClass::Internal).number(), 70);
}
