//! OTLP's protobuf, laid by hand, so that the product is not measured with its own encoder.

pub(super) fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + value.len() + 4);
    put_text(&mut out, 1, key);
    put_message(&mut out, 2, value);
    out
}

pub(super) fn text(value: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 4);
    put_text(&mut out, 1, value);
    out
}

pub(super) fn int(value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, 3, value);
    out
}

pub(super) fn double(value: f64) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, 4 << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
    out
}

pub(super) fn put_text(out: &mut Vec<u8>, field: u64, value: &str) {
    put_bytes(out, field, value.as_bytes());
}

pub(super) fn put_message(out: &mut Vec<u8>, field: u64, message: &[u8]) {
    put_bytes(out, field, message);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(super) fn put_number(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3);
    put_varint(out, value);
}

pub(super) fn put_fixed64(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}
