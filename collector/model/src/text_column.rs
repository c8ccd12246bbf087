//! A column of texts: one buffer and where each text ends in it.

/// Texts stored one behind the other. At most 4 GiB in all, which the request limits guarantee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumn {
    text: String,
    ends: Vec<u32>,
}

impl TextColumn {
    /// A column with room for `rows` texts of `bytes` in all.
    pub fn with_capacity(rows: usize, bytes: usize) -> TextColumn {
        TextColumn { text: String::with_capacity(bytes), ends: Vec::with_capacity(rows) }
    }

    /// Appends a text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.end_row();
    }

    /// Appends what `write` writes as one text.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        let before = self.text.len();
        write(&mut self.text);
        assert!(self.text.len() >= before, "a writer only appends");
        self.end_row();
    }

    /// The text of a row. Panics beyond the end.
    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.text[start..self.ends[row] as usize]
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True without any text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// All texts as one buffer, and the byte at which each ends.
    pub fn as_parts(&self) -> (&str, &[u32]) {
        (&self.text, &self.ends)
    }

    /// Gives up the buffer of all texts, and the byte at which each ends.
    pub fn into_parts(self) -> (String, Vec<u32>) {
        (self.text, self.ends)
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    fn end_row(&mut self) {
        self.ends.push(u32::try_from(self.text.len()).expect("request limits keep a column under 4 GiB"));
    }
}

#[cfg(test)]
mod tests;
