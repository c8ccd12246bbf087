use super::*;

#[test]
fn texts_come_back_row_by_row() {
    let mut column = TextColumn::default();
    column.push("a");
    column.push("");
    column.push_with(|out| out.push_str("검색"));
    assert_eq!(column.iter().collect::<Vec<_>>(), ["a", "", "검색"]);
    assert_eq!(column.as_parts(), ("a검색", &[1, 1, 7][..]));
}
