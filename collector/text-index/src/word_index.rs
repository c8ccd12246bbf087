//! An index from words to shapes: one tantivy segment, built in memory and stored as one piece of bytes.
//!
//! Words only: no positions, norms, stored or fast fields. A phrase is checked on the shapes' texts, so more would be
//! bytes for nothing. No `IndexWriter`: it would bring threads, locks and commits; one segment is written at once.
//!
//! Whoever opens an index has compared its checksum before: tantivy does not check its files when it opens them.

use crate::error::StoredError;
use crate::fold::fold;
use crate::limits::{WORD_INDEX_BYTES_MAX, WORD_INDEX_FILES_MAX, WORD_INDEX_WORDS_MAX};
use crate::word_keys::{for_each_indexed_word, for_each_word_key};
use basics::contain_panic;
use std::collections::{HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use tantivy::directory::{Directory, RamDirectory};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{DocSet, Index, InvertedIndexReader, SegmentReader, TERMINATED, TantivyDocument, Term};

const WHAT: &str = "index of words";
const FIELD: &str = "words";
const TOKENIZER: &str = "words";
const META_FILE: &str = "meta.json";
/// What tantivy may use while it builds. It takes 15 MB for its table alone.
const BUILD_MEMORY_BYTES: usize = 64 << 20;

/// Finds shapes by their words.
pub(crate) struct WordIndex {
    reader: Arc<InvertedIndexReader>,
    field: Field,
}

/// The stored form.
pub(crate) struct PackedWords {
    pub(crate) packed: Vec<u8>,
    pub(crate) plain_bytes: usize,
}

impl std::fmt::Debug for WordIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WordIndex").finish_non_exhaustive()
    }
}

impl WordIndex {
    /// Indexes the words of texts; a text's number is its place. `None` when there are too many distinct words: the
    /// texts are scanned then.
    pub(crate) fn encode(texts: &[&str], zstd_level: i32) -> Option<PackedWords> {
        if !has_few_words(texts) {
            return None;
        }
        let plain = basics::carry_on(build(texts), "without the index, the texts are scanned")?;
        let packed = zstd::bulk::compress(&plain, zstd_level).expect("memory takes what is written to it");
        (plain.len() <= WORD_INDEX_BYTES_MAX).then_some(PackedWords { packed, plain_bytes: plain.len() })
    }

    /// Opens the stored form.
    pub(crate) fn open(packed: &[u8], plain_bytes: usize) -> Result<WordIndex, StoredError> {
        let damaged = StoredError::Damaged { what: WHAT, offset: 0 };
        let plain = zstd::bulk::decompress(packed, plain_bytes).map_err(|_| damaged.clone())?;
        let directory = unpack_files(&plain).ok_or(damaged)?;
        guarded(|| {
            let index = Index::open(directory)?;
            let field = index.schema().get_field(FIELD)?;
            let segments = index.searchable_segments()?;
            let [segment] = &segments[..] else {
                return Err(tantivy::TantivyError::InternalError("one segment is written".to_owned()));
            };
            let reader = SegmentReader::open(segment)?.inverted_index(field)?;
            Ok(WordIndex { reader, field })
        })
    }

    /// Numbers of the texts that hold all of the folded words, ascending.
    pub(crate) fn numbers_with_all(&self, words: &[String]) -> Result<Vec<u32>, StoredError> {
        guarded(|| {
            let mut found: Option<Vec<u32>> = None;
            for word in words {
                let with_word = self.numbers_with(word)?;
                found = Some(match found {
                    None => with_word,
                    Some(before) => intersection(&before, &with_word),
                });
            }
            Ok(found.unwrap_or_default())
        })
    }

    fn numbers_with(&self, word: &str) -> tantivy::Result<Vec<u32>> {
        let term = Term::from_field_text(self.field, word);
        let mut numbers = Vec::new();
        if let Some(mut postings) = self.reader.read_postings(&term, IndexRecordOption::Basic)? {
            while postings.doc() != TERMINATED {
                numbers.push(postings.doc());
                postings.advance();
            }
        }
        Ok(numbers)
    }
}

/// A panic in what reads the bytes is taken for damage: the index can be built anew, the process goes on.
fn guarded<T>(read: impl FnOnce() -> tantivy::Result<T>) -> Result<T, StoredError> {
    match contain_panic(read) {
        Some(Ok(value)) => Ok(value),
        Some(Err(_)) | None => Err(StoredError::Damaged { what: WHAT, offset: 0 }),
    }
}

fn intersection(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut right = right.iter().copied().peekable();
    let mut both = Vec::new();
    for number in left {
        while right.next_if(|other| other < number).is_some() {}
        if right.peek() == Some(number) {
            both.push(*number);
        }
    }
    both
}

fn has_few_words(texts: &[&str]) -> bool {
    let mut words = HashSet::new();
    texts.iter().all(|text| {
        for_each_word_key(text, &mut |key| {
            words.insert(key);
        });
        words.len() <= WORD_INDEX_WORDS_MAX
    })
}

fn build(texts: &[&str]) -> tantivy::Result<Vec<u8>> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let field = schema.add_text_field(FIELD, TextOptions::default().set_indexing_options(indexing));
    let tokenizers = TokenizerManager::default();
    tokenizers.register(TOKENIZER, IndexedWords);
    let directory = RamDirectory::create();
    let mut writer = Index::builder()
        .schema(schema.build())
        .tokenizers(tokenizers)
        .single_segment_index_writer::<TantivyDocument>(directory.clone(), BUILD_MEMORY_BYTES)?;
    for text in texts {
        let mut document = TantivyDocument::default();
        document.add_text(field, text);
        writer.add_document(document)?;
    }
    let index = writer.finalize()?;
    let mut names: Vec<_> = index.directory().list_managed_files().into_iter().collect();
    names.push(META_FILE.into());
    names.sort();
    names.dedup();
    pack_files(&directory, &names)
}

fn pack_files(directory: &RamDirectory, names: &[std::path::PathBuf]) -> tantivy::Result<Vec<u8>> {
    let mut out = Vec::new();
    let length = |bytes: usize| u32::try_from(bytes).expect("an index of words is small").to_le_bytes();
    out.extend_from_slice(&length(names.len()));
    for path in names {
        let name = path.to_str().expect("tantivy names its files in ASCII");
        let bytes = directory.open_read(path)?.read_bytes()?;
        out.extend_from_slice(&length(name.len()));
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&length(bytes.len()));
        out.extend_from_slice(&bytes);
    }
    Ok(out)
}

fn unpack_files(mut plain: &[u8]) -> Option<RamDirectory> {
    let directory = RamDirectory::create();
    let count = take_length(&mut plain)?;
    for _ in 0..count.min(WORD_INDEX_FILES_MAX) {
        let name = std::str::from_utf8(take_piece(&mut plain)?).ok()?;
        let bytes = take_piece(&mut plain)?;
        directory.atomic_write(Path::new(name), bytes).ok()?;
    }
    plain.is_empty().then_some(directory)
}

fn take_length(bytes: &mut &[u8]) -> Option<u32> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*length))
}

fn take_piece<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_length(bytes)?).ok()?;
    let (piece, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(piece)
}

/// Hands tantivy the words as they are defined here.
#[derive(Clone)]
struct IndexedWords;

struct WordStream {
    words: VecDeque<String>,
    token: Token,
}

impl Tokenizer for IndexedWords {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        let folded = fold(text);
        let mut words = VecDeque::new();
        for_each_indexed_word(&folded, &mut |word| words.push_back(folded[word.range].to_owned()));
        WordStream { words, token: Token::default() }
    }
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        match self.words.pop_front() {
            Some(word) => {
                self.token.text = word;
                self.token.position = self.token.position.wrapping_add(1);
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests;
