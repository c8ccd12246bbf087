//! Makes OTLP log requests as a fleet would send them, from a seed.
//!
//! The protobuf is laid by hand, so that the product's decoder is not tested against itself. Each record carries its
//! own identity in the attribute `load.id`, which is what an oracle counts, and in `load.check` a hash by which it sees
//! that the text is the one sent. About 340 bytes and six attributes a record.
//!
//! Start at [`LogLoad::request`].

use basics::Timestamp;

/// A numbered source of log requests. Two with the same name, seed and start make the same bytes.
#[derive(Debug, Clone)]
pub struct LogLoad {
    source: String,
    state: u64,
    next_record: u64,
    time: Timestamp,
}

/// One request and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    /// The protobuf of an `ExportLogsServiceRequest`.
    pub body: Vec<u8>,
    /// Number of its first record; the others follow.
    pub first_record: u64,
    /// How many records it holds.
    pub record_count: u64,
}

impl LogLoad {
    /// Makes a source. Its records are called `<source>-<number>` and lie one microsecond apart from `start` on.
    pub fn new(source: &str, seed: u64, start: Timestamp) -> LogLoad {
        LogLoad { source: source.to_owned(), state: seed ^ 0x9e37_79b9_7f4a_7c15, next_record: 0, time: start }
    }

    /// Name of the source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The identity of a record of this source, as it stands in `load.id`.
    pub fn record_id(&self, number: u64) -> String {
        format!("{}-{number}", self.source)
    }

    /// Makes the next request of `record_count` records.
    pub fn request(&mut self, record_count: u64) -> LogRequest {
        let first_record = self.next_record;
        let mut scope_logs = Vec::with_capacity(usize::try_from(record_count).unwrap_or(0).saturating_mul(400));
        put_message(&mut scope_logs, 1, &scope());
        for _ in 0..record_count {
            let record = self.record();
            put_message(&mut scope_logs, 2, &record);
        }
        let mut resource_logs = Vec::with_capacity(scope_logs.len() + 256);
        put_message(&mut resource_logs, 1, &resource());
        put_message(&mut resource_logs, 2, &scope_logs);
        let mut body = Vec::with_capacity(resource_logs.len() + 16);
        put_message(&mut body, 1, &resource_logs);
        LogRequest { body, first_record, record_count }
    }

    fn record(&mut self) -> Vec<u8> {
        let number = self.next_record;
        self.next_record += 1;
        self.time = Timestamp(self.time.0.saturating_add(1_000));
        let (severity, severity_text, mut text) = self.message();
        text.push_str(&format!(" request={:016x}", self.random()));
        let mut record = Vec::with_capacity(400);
        let nanos = u64::try_from(self.time.0).unwrap_or(0);
        put_fixed64(&mut record, 1, nanos);
        put_number(&mut record, 2, severity);
        put_text(&mut record, 3, severity_text);
        put_message(&mut record, 5, &text_value(&text));
        let id = self.record_id(number);
        put_message(&mut record, 6, &attribute("load.id", &text_value(&id)));
        let user = format!("u-{:05}", self.random() % 50_000);
        put_message(&mut record, 6, &attribute("user.id", &text_value(&user)));
        let status = [200, 200, 200, 201, 304, 404, 500, 503][self.pick(8)];
        put_message(&mut record, 6, &attribute("http.response.status_code", &number_value(status)));
        let route = ["/api/v1/carts/{id}", "/api/v1/orders", "/api/v1/users/{id}", "/healthz"][self.pick(4)];
        put_message(&mut record, 6, &attribute("http.route", &text_value(route)));
        let check = check_of(&id, &text);
        put_message(&mut record, 6, &attribute("load.check", &text_value(&check)));
        let wait = self.random() % 10_000;
        put_message(&mut record, 6, &attribute("duration_ms", &double_value(wait)));
        let (high, low, span) = (self.random(), self.random(), self.random() | 1);
        put_bytes(&mut record, 9, &[high.to_be_bytes(), low.to_be_bytes()].concat());
        put_bytes(&mut record, 10, &span.to_be_bytes());
        put_fixed64(&mut record, 11, nanos);
        record
    }

    fn message(&mut self) -> (u64, &'static str, String) {
        let (a, b, c) = (self.random() % 100_000, self.random() % 256, self.random() % 5_000);
        match self.pick(8) {
            0 => {
                (9, "INFO", format!("GET /api/v1/carts/{a}/items 200 {c} bytes in {b} ms, upstream cart-{b} answered"))
            }
            1 => (9, "INFO", format!("order o-{a} accepted for customer {c}: 3 items, payment by card ending {b:04}")),
            2 => (5, "DEBUG", format!("cache lookup key=session:{a:016x} hit=true age_ms={c} node=10.0.{b}.17:6379")),
            3 => {
                (13, "WARN", format!("slow query took {c} ms: SELECT * FROM orders WHERE customer_id = {a} LIMIT {b}"))
            }
            4 => (
                17,
                "ERROR",
                format!("connection to 10.1.{b}.9:5432 lost (attempt {b}), retrying in {c} ms: broken pipe"),
            ),
            5 => (
                9,
                "INFO",
                format!("consumer group payments-{b} committed offset {a} on topic payment-events, lag {c}"),
            ),
            6 => (
                9,
                "INFO",
                format!("user u-{a} signed in from 192.168.{b}.44 with a session of {c} minutes, device phone"),
            ),
            _ => (
                13,
                "WARN",
                format!("circuit breaker for stock-service is half open after {c} ms, {b} of 10 probes passed"),
            ),
        }
    }

    fn pick(&mut self, choices: u64) -> usize {
        usize::try_from(self.random() % choices).unwrap_or(0)
    }

    /// SplitMix64: small, seedable and the same on every machine.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// What stands in `load.check` of a record: a hash (FNV-1a) of its identity and its text, so that an altered or
/// exchanged text shows wherever the record is read.
pub fn check_of(id: &str, text: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in id.bytes().chain([0]).chain(text.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

fn resource() -> Vec<u8> {
    let mut resource = Vec::new();
    for (key, text) in [
        ("service.name", "checkout"),
        ("service.version", "1.14.2"),
        ("service.instance.id", "checkout-6d9f7c5b8-x2x7k"),
        ("host.name", "node-23"),
        ("deployment.environment.name", "production"),
    ] {
        put_message(&mut resource, 1, &attribute(key, &text_value(text)));
    }
    resource
}

fn scope() -> Vec<u8> {
    let mut scope = Vec::new();
    put_text(&mut scope, 1, "com.example.checkout");
    put_text(&mut scope, 2, "1.14.2");
    scope
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + value.len() + 4);
    put_text(&mut out, 1, key);
    put_message(&mut out, 2, value);
    out
}

fn text_value(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 4);
    put_text(&mut out, 1, text);
    out
}

fn number_value(number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, 3, number);
    out
}

/// A number of microseconds as milliseconds.
fn double_value(micros: u64) -> Vec<u8> {
    let millis = f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1_000.0;
    let mut out = Vec::new();
    put_varint(&mut out, 4 << 3 | 1);
    out.extend_from_slice(&millis.to_le_bytes());
    out
}

fn put_text(out: &mut Vec<u8>, field: u64, text: &str) {
    put_bytes(out, field, text.as_bytes());
}

fn put_message(out: &mut Vec<u8>, field: u64, message: &[u8]) {
    put_bytes(out, field, message);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_number(out: &mut Vec<u8>, field: u64, number: u64) {
    put_varint(out, field << 3);
    put_varint(out, number);
}

fn put_fixed64(out: &mut Vec<u8>, field: u64, number: u64) {
    put_varint(out, field << 3 | 1);
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests;
