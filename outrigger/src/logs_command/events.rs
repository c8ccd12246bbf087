//! Server-sent events, read from the bytes of a stream.

/// Largest event: a record is at most 1 MiB, and JSON may write each of its bytes as six.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Event {
    /// `message` when the stream does not say.
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) data: String,
}

/// Bytes that are no whole event yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    rest: Vec<u8>,
}

impl Events {
    /// Takes some bytes, and gives the events that they end; `None` when one would be too large. Comments are no events.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<Vec<Event>> {
        self.rest.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut start = 0;
        while let Some(length) = self.rest[start..].windows(2).position(|pair| pair == b"\n\n") {
            events.extend(event(&String::from_utf8_lossy(&self.rest[start..start + length])));
            start += length + 2;
        }
        self.rest.drain(..start);
        (self.rest.len() <= EVENT_BYTES_MAX).then_some(events)
    }
}

fn event(lines: &str) -> Option<Event> {
    let mut event = Event { name: "message".to_owned(), ..Event::default() };
    for line in lines.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event.name = value.to_owned(),
            "id" => event.id = Some(value.to_owned()),
            "data" => event.data.push_str(value),
            // A comment, or what later versions may add.
            _ => {}
        }
    }
    (event.id.is_some() || !event.data.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests;
