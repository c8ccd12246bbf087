use super::*;
use crate::limits::SEALED_SHAPES;

#[test]
fn a_text_keeps_its_number() {
    let mut table = ShapeTable::new(SEALED_SHAPES);
    let texts: Vec<String> = (0..5000).map(|number| format!("shape {}", (number * 7919) % 5000)).collect();
    for (text, number) in texts.iter().zip(0..) {
        assert_eq!(table.number(text), Some(number));
    }
    for (text, number) in texts.iter().zip(0..) {
        assert_eq!(table.number(text), Some(number));
        assert_eq!(table.text(number), Some(&text[..]));
    }
    assert_eq!(table.count(), 5000);
    assert_eq!(table.text(5000), None);
}

#[test]
fn the_empty_shape_is_one_too() {
    let mut table = ShapeTable::new(SEALED_SHAPES);
    assert_eq!((table.number(""), table.number("a"), table.number("")), (Some(0), Some(1), Some(0)));
    assert_eq!((table.text(0), table.text(1)), (Some(""), Some("a")));
}

#[test]
fn sorted_texts_lead_back_to_the_first_numbers() {
    let mut table = ShapeTable::new(SEALED_SHAPES);
    let texts = ["disk full", "", "Zebra", "검색", "connect"];
    texts.iter().for_each(|text| assert!(table.number(text).is_some()));
    let sorted = table.sorted();
    assert_eq!(sorted.texts, ["", "Zebra", "connect", "disk full", "검색"]);
    assert_eq!(sorted.final_number, [3, 0, 1, 4, 2]);
}

#[test]
fn what_is_beyond_a_limit_gets_no_number() {
    let mut table = ShapeTable::new(ShapeLimits { count_max: 2, text_bytes_max: 100 });
    assert_eq!((table.number("a"), table.number("b"), table.number("c")), (Some(0), Some(1), None));
    assert_eq!(table.number("b"), Some(1));
    let mut table = ShapeTable::new(ShapeLimits { count_max: 100, text_bytes_max: 5 });
    assert_eq!((table.number("abc"), table.number("def"), table.number("gh")), (Some(0), None, Some(1)));
    let mut table = ShapeTable::new(SEALED_SHAPES);
    assert!(table.number(&"x".repeat(SHAPE_BYTES_MAX)).is_some());
    assert!(table.number(&"x".repeat(SHAPE_BYTES_MAX + 1)).is_none());
}

#[test]
fn crowded_places_end_in_no_number_and_growth_loses_none() {
    // Hashes that lead to one place are made by search: few bits of place, many texts.
    let mut table = ShapeTable::new(SEALED_SHAPES);
    let crowd: Vec<String> = (0..)
        .map(|number: u32| number.to_string())
        .filter(|text| xxh3_64(text.as_bytes()) & 0xfff == 7)
        .take(200)
        .collect();
    let numbers: Vec<Option<u32>> = crowd.iter().map(|text| table.number(text)).collect();
    assert!(numbers.iter().flatten().count() >= TABLE_PROBES_MAX / 2);
    assert!(numbers.contains(&None), "a crowd of 200 does not fit into 64 probes");
    for number in 0..20_000 {
        table.number(&format!("filler {number}"));
    }
    for (text, number) in crowd.iter().zip(numbers) {
        if let Some(number) = number {
            assert_eq!(table.number(text), Some(number), "{text}");
        }
    }
}
