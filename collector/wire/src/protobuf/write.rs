//! Writes protobuf messages without knowing their length beforehand.

/// Where a nested message's length is to be written.
#[must_use = "a message that was begun must be ended"]
pub(crate) struct OpenMessage {
    body_start: usize,
}

/// Appends fields to a buffer. Fields that hold the default may be written or left out; readers see no difference.
pub(crate) struct MessageWriter<'a> {
    out: &'a mut Vec<u8>,
}

/// Bytes kept free for a nested message's length: 28 bits. A longer form than needed is legal, and moving the
/// message to close the gap would cost its length once for each level of nesting.
const LENGTH_BYTES: usize = 4;

impl<'a> MessageWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> MessageWriter<'a> {
        MessageWriter { out }
    }

    /// Begins a nested message as field `number`.
    pub(crate) fn begin(&mut self, number: u32) -> OpenMessage {
        self.key(number, 2);
        self.out.extend_from_slice(&[0; LENGTH_BYTES]);
        OpenMessage { body_start: self.out.len() }
    }

    /// Ends what [`MessageWriter::begin`] began. The message must be shorter than 256 MiB.
    pub(crate) fn end(&mut self, open: OpenMessage) {
        let mut length = self.out.len().saturating_sub(open.body_start);
        let slot = open.body_start.checked_sub(LENGTH_BYTES).and_then(|start| self.out.get_mut(start..open.body_start));
        let slot = slot.expect("begin left room for the length");
        for (index, byte) in slot.iter_mut().enumerate() {
            let [low, ..] = length.to_le_bytes();
            *byte = if index + 1 < LENGTH_BYTES { low | 0x80 } else { low & 0x7f };
            length >>= 7;
        }
        assert!(length == 0, "nested messages are shorter than 256 MiB");
    }

    /// As [`MessageWriter::end`], with the length in as few bytes as it needs: for short messages to strangers.
    pub(crate) fn end_short(&mut self, open: OpenMessage) {
        let mut length = Vec::new();
        put_varint(&mut length, self.out.len().saturating_sub(open.body_start) as u64);
        self.out.splice(open.body_start.saturating_sub(LENGTH_BYTES)..open.body_start, length);
    }

    pub(crate) fn varint(&mut self, number: u32, value: u64) {
        self.key(number, 0);
        put_varint(self.out, value);
    }

    pub(crate) fn fixed64(&mut self, number: u32, bits: u64) {
        self.key(number, 1);
        self.out.extend_from_slice(&bits.to_le_bytes());
    }

    pub(crate) fn fixed32(&mut self, number: u32, bits: u32) {
        self.key(number, 5);
        self.out.extend_from_slice(&bits.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, number: u32, value: &[u8]) {
        self.key(number, 2);
        put_varint(self.out, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    fn key(&mut self, number: u32, wire_type: u64) {
        put_varint(self.out, u64::from(number) << 3 | wire_type);
    }
}

/// Appends a number in groups of seven bits.
fn put_varint(out: &mut Vec<u8>, value: u64) {
    let mut left = value;
    while left >= 0x80 {
        let [low, ..] = left.to_le_bytes();
        out.push(low | 0x80);
        left >>= 7;
    }
    let [low, ..] = left.to_le_bytes();
    out.push(low);
}
