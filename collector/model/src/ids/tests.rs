use super::*;

#[test]
fn an_id_reads_in_any_case_and_prints_in_lower() {
    let id: TraceId = "4BF92F3577B34DA6A3CE929D0E0E4736".parse().unwrap();
    assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!("4bf9".parse::<TraceId>(), Err(IdError::Length));
    assert_eq!("000000000000000g".parse::<SpanId>(), Err(IdError::Digit));
    assert_eq!("0000000000000000".parse::<SpanId>(), Err(IdError::Zero));
    assert_eq!("éééééééé".parse::<SpanId>(), Err(IdError::Digit));
}
