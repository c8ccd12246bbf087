use super::*;

#[test]
fn a_severity_belongs_to_its_band() {
    assert_eq!(Severity(0).level(), None);
    assert_eq!(Severity(9).level(), Some(Level::Info));
    assert_eq!(Severity(12).level(), Some(Level::Info));
    assert_eq!(Severity(24).level(), Some(Level::Fatal));
    assert!(Level::ALL.iter().all(|level| Level::parse(level.name()) == Some(*level)));
}

#[test]
fn a_severity_text_stands_in_for_a_missing_number() {
    assert_eq!(Severity(0).or_from_text("WARNING"), Severity(13));
    assert_eq!(Severity(5).or_from_text("ERROR"), Severity(5));
    assert_eq!(Severity(0).or_from_text("loud"), Severity(0));
}
