//! Records, filters, texts and terms made at random, as `proptest` strategies.
//!
//! The pools are small on purpose, so that a random filter often matches a random record, and full of traps: composed
//! and decomposed forms, characters that fold to ASCII, marks without a base, digits, underscores, quotes, white space
//! outside ASCII, scripts that are written without spaces, doubles next to integers, keys given twice.
//!
//! Start at [`log_record`] and [`filter`].

mod body;
mod pipe;
mod regex;

pub use body::{body, json_body, logfmt_body};
pub use pipe::pipes;
pub use regex::regex;

use basics::Timestamp;
use model::{
    BodyPath, Comparison, Field, Filter, IpRange, Level, Literal, LogRecord, RecordPosition, Severity, SpanId, Stream,
    Term, TextTarget, TraceId, Value, Wildcard,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// Texts are made of these.
const PIECES: &[&str] = &[
    "a",
    "B",
    "ab",
    "timeout",
    "ERROR",
    "Disk",
    "full",
    "k",
    "s",
    "K",
    "S",
    "5",
    "00",
    "10.0.0.7",
    "node-23",
    "user_id",
    "_",
    "-",
    ".",
    "/",
    ":",
    ";",
    "`",
    "=",
    "\"",
    "\\",
    "'",
    "*",
    "(",
    "“",
    "”",
    "…",
    " ",
    "  ",
    "\t",
    "\n",
    "\u{b}",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "é",
    "e\u{301}",
    "E\u{323}\u{301}",
    "\u{301}",
    "\u{338}",
    "\u{345}",
    "\u{212a}",
    "\u{17f}",
    "\u{37e}",
    "\u{1fef}",
    "\u{212b}",
    "ß",
    "ẞ",
    "ﬁ",
    "İ",
    "ı",
    "J\u{30c}",
    "ǰ",
    "Σ",
    "ς",
    "α",
    "ᾼ",
    "½",
    "２",
    "검색",
    "로그",
    "이",
    "\u{1100}\u{1165}\u{11b7}",
    "\u{11a8}",
    "ㅎ",
    "漢字",
    "々",
    "カ",
    "ー",
    "か",
    "\u{3099}",
    "ह",
    "\u{93f}",
    "ж",
    "Й",
    "и\u{306}",
    "😀",
    "👩\u{200d}💻",
    "\u{200b}",
];

/// Keys of attributes; `service.name` makes a service.
pub const KEYS: &[&str] =
    &["code", "http.status", "user_id", "service.name", "path", "k8s.pod/name", "level", "body", "검색"];

/// A text of up to 12 pieces.
pub fn text() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..12).prop_map(|pieces| pieces.concat())
}

/// A term that is likely to stand in the text, or nearly: a cut of it, in another form or case, or some other text.
pub fn term_for(text: &str) -> BoxedStrategy<Term> {
    let characters: Vec<char> = text.chars().collect();
    let cut = (any::<Index>(), any::<Index>()).prop_map(move |(start, end)| {
        let (start, end) = (start.index(characters.len() + 1), end.index(characters.len() + 1));
        characters[start.min(end)..start.max(end)].iter().collect::<String>()
    });
    let origin = prop_oneof![6 => cut.boxed(), 1 => self::text().boxed()];
    (origin, 0..6u8, any::<bool>(), any::<bool>())
        .prop_map(|(text, form, is_open_start, is_open_end)| {
            let text = match form {
                0 => text.nfd().collect(),
                1 => text.nfc().collect(),
                2 => text.to_uppercase(),
                3 => text.to_lowercase(),
                _ => text,
            };
            let text = if text.is_empty() { "a".to_owned() } else { text };
            Term { text: text.into(), is_open_start, is_open_end }
        })
        .boxed()
}

/// A text, and a term that is likely to stand in it.
pub fn text_and_term() -> impl Strategy<Value = (String, Term)> {
    text().prop_flat_map(|text| (term_for(&text), Just(text))).prop_map(|(term, text)| (text, term))
}

/// A text, and a wildcard that is likely to stand in it.
pub fn text_and_wildcard() -> impl Strategy<Value = (String, Wildcard)> {
    (text().prop_flat_map(|text| (vec(term_for(&text), 2..5), Just(text))), any::<Index>()).prop_map(
        |((terms, text), swap)| {
            let mut pieces: Vec<Box<str>> = terms.iter().map(|term| term.text.clone()).collect();
            // Pieces of one text in the order in which they stand there, more often than not.
            pieces.sort_by_key(|piece| text.find(&**piece).unwrap_or(usize::MAX));
            let last = pieces.len() - 1;
            if swap.index(4) == 0 {
                pieces.swap(0, last);
            }
            // Short ones meet without white space between them.
            let pieces = pieces.iter().map(|piece| piece.chars().take(3).collect::<String>().into()).collect();
            let (is_open_start, is_open_end) = (terms[0].is_open_start, terms[0].is_open_end);
            (text, Wildcard { pieces, is_open_start, is_open_end })
        },
    )
}

/// A wildcard on its own.
pub fn wildcard() -> impl Strategy<Value = Wildcard> {
    let piece = select(&["a", "d", "t", "e", "n", "2", "u", "_", "검", "É", "00", "l", " ", "-"][..]);
    let short = (vec(piece, 2..4), any::<bool>(), any::<bool>()).prop_map(|(pieces, is_open_start, is_open_end)| {
        Wildcard { pieces: pieces.into_iter().map(Into::into).collect(), is_open_start, is_open_end }
    });
    prop_oneof![1 => text_and_wildcard().prop_map(|(_, wildcard)| wildcard), 3 => short]
}

/// A term on its own.
pub fn term() -> impl Strategy<Value = Term> {
    text_and_term().prop_map(|(_, term)| term)
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => select(&[0.0, -0.0, 5.0, 5.25, -1.5, 1e300, 9_007_199_254_740_992.0, 9_223_372_036_854_775_808.0][..]),
        1 => select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY][..]),
        1 => any::<f64>(),
    ]
}

fn int() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => select(&[0, 5, -1, 500, 9_007_199_254_740_993, i64::MAX, i64::MIN][..]),
        1 => any::<i64>(),
    ]
}

/// A string as it stands in attributes: text, or a number, or something that nearly is one.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => text(),
        2 => select(&["5", "5.0", "5e0", "+5", "", "true", "500", "9007199254740993", "nan", "GET /api/v1/users"][..])
            .prop_map(str::to_owned),
        1 => select(ADDRESSES).prop_map(str::to_owned),
    ]
}

/// Addresses, and what nearly is one.
const ADDRESSES: &[&str] = &[
    "10.0.0.7",
    "10.0.1.255",
    "::ffff:10.0.0.7",
    "2001:db8::1",
    "::1",
    "10.0.0.07",
    "10.0.0.7:80",
    "from 10.0.0.7, peer:10.0.1.2:80.",
    "1.10.0.0.7",
    "[2001:db8::5]:443",
    "at 2001:db8::7: ok",
    "v10.0.0.7",
    "é10.0.0.7 검10.0.0.8이",
    "10.0.0.7.",
    "fe80::1%eth0",
];

/// A range of IP addresses in which some of the strings lie.
fn ip_range() -> impl Strategy<Value = IpRange> {
    let networks = &["10.0.0.0/8", "10.0.0.0/24", "10.0.0.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1/128"][..];
    select(networks).prop_map(|text| {
        let (address, prefix) = text.split_once('/').expect("a network has a slash");
        let address = address.parse().expect("an address");
        IpRange::network(address, prefix.parse().expect("a number")).expect("a network")
    })
}

/// A value of any kind, arrays and maps of up to three levels among them.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => string().prop_map(|text| Value::Str(text.into())),
        2 => int().prop_map(Value::Int),
        2 => double().prop_map(Value::Double),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => vec(any::<u8>(), 0..5).prop_map(|bytes| Value::Bytes(bytes.into())),
        1 => Just(Value::Empty),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((select(&["x", "$y", "5", "timeout"][..]), inner), 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = model::Attributes> {
    vec((select(KEYS), value()), 0..5)
        .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// A stream. Only what filters can ask about varies.
pub fn stream() -> impl Strategy<Value = Stream> {
    (attributes(), attributes(), select(&["", "app.logger", "timeout"][..]))
        .prop_map(|(resource, scope, name)| Stream { resource, scope, scope_name: name.into(), ..Stream::default() })
}

const TIMES: std::ops::Range<i64> = 0..20;

/// A record. Times are few, so that many records share one; give sequences yourself where they must differ.
pub fn log_record() -> impl Strategy<Value = LogRecord> {
    let head = (TIMES, any::<u16>(), 0..=24u8, select(&["", "WARN", "error", "Attention", "검색"][..]), body());
    let ids = (0..3u8, 0..3u8, select(&["", "user.login", "timeout"][..]));
    (head, ids, attributes(), stream()).prop_map(
        |((time, sequence, severity, severity_text, body), (trace, span, event), attributes, stream)| LogRecord {
            position: RecordPosition { time: Timestamp(time), sequence: u64::from(sequence) },
            observed: Timestamp(time),
            severity: Severity(severity).or_from_text(severity_text),
            severity_text: severity_text.into(),
            body,
            trace_id: TraceId::new([trace; 16]),
            span_id: SpanId::new([span; 8]),
            flags: 0,
            event_name: event.into(),
            dropped_attributes: 0,
            attributes,
            stream: Arc::new(stream),
        },
    )
}

/// A field.
pub fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        4 => select(KEYS).prop_map(|key| Field::Attribute(key.into())),
        1 => Just(Field::Attribute("missing".into())),
        4 => select(&[
            Field::Body, Field::Service, Field::Level, Field::TraceId, Field::SpanId, Field::EventName, Field::ScopeName,
        ][..]),
        3 => select(body::PATHS).prop_map(|path| Field::BodyPath(BodyPath::new(path).expect("few names"))),
        1 => Just(Field::Time),
    ]
}

fn whole_value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => string(),
        2 => select(&["01010101010101010101010101010101", "0202020202020202", "warn", "error", "app.logger", "user.login"][..])
            .prop_map(str::to_owned),
        1 => value().prop_map(|value| value.to_string()),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    select(&[Comparison::Less, Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual][..])
}

/// A comparison of a field with a literal that suits it.
fn compare() -> impl Strategy<Value = Filter> {
    let finite = double().prop_filter("a literal is finite", |number| number.is_finite());
    let literal = prop_oneof![
        finite.prop_map(Literal::Number),
        int().prop_map(Literal::Int),
        string().prop_map(|text| Literal::Text(text.into())),
    ];
    (field(), comparison(), literal, TIMES, select(&Level::ALL[..])).prop_map(
        |(field, comparison, literal, time, level)| {
            let literal = match field {
                Field::Time => Literal::Time(Timestamp(time)),
                Field::Level => Literal::Level(level),
                _ => literal,
            };
            Filter::Compare { field, comparison, literal }
        },
    )
}

/// A filter without And, Or and Not.
pub fn simple_filter() -> impl Strategy<Value = Filter> {
    let target = prop_oneof![
        2 => Just(TextTarget::Anywhere),
        3 => field().prop_filter("time is only compared", |field| *field != Field::Time).prop_map(TextTarget::Field),
    ];
    let target = target.boxed();
    let valued = || field().prop_filter("time is only compared", |field| *field != Field::Time);
    let list = vec(whole_value(), 0..6).prop_map(|values| values.into_iter().map(Into::into).collect());
    prop_oneof![
        1 => Just(Filter::All),
        6 => (target.clone(), term()).prop_map(|(target, term)| Filter::Text { target, term }),
        3 => (target.clone(), term()).prop_map(|(target, term)| Filter::Exact { target, term }),
        3 => (target.clone(), wildcard()).prop_map(|(target, wildcard)| Filter::Wildcard { target, wildcard }),
        3 => (target, regex()).prop_map(|(target, regex)| Filter::Regex { target, regex: regex.into() }),
        4 => (valued(), whole_value()).prop_map(|(field, value)| Filter::Equals { field, value: value.into() }),
        2 => (valued(), list).prop_map(|(field, values)| Filter::OneOf { field, values }),
        2 => (valued(), ip_range()).prop_map(|(field, range)| Filter::InIpRange { field, range }),
        2 => field().prop_map(Filter::Exists),
        4 => compare(),
    ]
}

/// A filter of up to three levels.
pub fn filter() -> impl Strategy<Value = Filter> {
    simple_filter().prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

#[cfg(test)]
mod tests;
