//! Three forms of the shape index, over the same shape texts: a scanned list, a sorted word list, tantivy.

use tantivy::collector::Count;
use tantivy::directory::{Directory, RamDirectory};
use tantivy::query::{PhraseQuery, RegexQuery, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{Index, ReloadPolicy, TantivyDocument};

use crate::cpu::Instant;
use crate::words::{self, is_word_byte};
use crate::{fig, median_ms};

/// Prints the price of each form for these texts (tantivy with ids, groups and positions; without positions; with words alone); `groups` row groups, each shape in a pseudo-random few of them.
pub fn measure(prefix: &str, texts: &[&str], queries: &[String], groups: usize) {
    fig(prefix, "entries", texts.len());
    fig(prefix, "text_bytes", texts.iter().map(|text| text.len()).sum::<usize>());
    list(prefix, texts, queries, groups);
    word_list(prefix, texts, queries);
    tantivy(&format!("{prefix}_tantivy"), texts, queries, Some(groups), IndexRecordOption::WithFreqsAndPositions);
    tantivy(&format!("{prefix}_tantivy_words_only"), texts, queries, Some(groups), IndexRecordOption::Basic);
    tantivy(&format!("{prefix}_tantivy_postings_only"), texts, queries, None, IndexRecordOption::Basic);
}

fn list(prefix: &str, texts: &[&str], queries: &[String], groups: usize) {
    let start = Instant::now();
    let raw = list_bytes(texts, groups);
    let packed = zstd::bulk::compress(&raw, 3).expect("zstd");
    let sum = crc32c::crc32c(&packed);
    fig(prefix, "list_build_ms", format!("{:.2}", start.elapsed().as_secs_f64() * 1e3));
    fig(prefix, "list_raw_bytes", raw.len());
    fig(prefix, "list_zstd_bytes", packed.len());
    let mut sorted = texts.to_vec();
    sorted.sort_unstable();
    let alone = zstd::bulk::compress(sorted.join("\n").as_bytes(), 3).expect("zstd");
    fig(prefix, "list_sorted_text_alone_zstd_bytes", alone.len());
    let blocks: usize =
        sorted.chunks(256).map(|block| zstd::bulk::compress(block.join("\n").as_bytes(), 3).expect("zstd").len()).sum();
    fig(prefix, "list_sorted_blocks_of_256_zstd_bytes", blocks);
    let open = median_ms(5, || {
        assert_eq!(crc32c::crc32c(&packed), sum);
        let plain = zstd::bulk::decompress(&packed, raw.len()).expect("zstd");
        folded(&plain).len()
    });
    fig(prefix, "list_open_ms", format!("{open:.3}"));
    let text = folded(texts.join("\n").as_bytes());
    let mut found = 0usize;
    let start = Instant::now();
    for query in queries {
        found += scan(&text, query.as_bytes());
    }
    fig(prefix, "list_word_us", format!("{:.1}", start.elapsed().as_secs_f64() * 1e6 / queries.len() as f64));
    fig(prefix, "list_found", found);
}

/// Lines that hold the word with no word character on either side.
fn scan(text: &[u8], word: &[u8]) -> usize {
    let finder = memchr::memmem::Finder::new(word);
    let mut found = 0;
    let mut at = 0;
    while let Some(hit) = finder.find(&text[at..]) {
        let start = at + hit;
        let end = start + word.len();
        let free =
            (start == 0 || !is_word_byte(text[start - 1])) && text.get(end).is_none_or(|byte| !is_word_byte(*byte));
        if free {
            found += 1;
            at = memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |line| end + line);
        } else {
            at = start + 1;
        }
    }
    found
}

fn folded(text: &[u8]) -> Vec<u8> {
    text.to_ascii_lowercase()
}

fn list_bytes(texts: &[&str], groups: usize) -> Vec<u8> {
    let mut raw = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        raw.extend_from_slice(&(text.len() as u32).to_le_bytes());
        raw.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_le_bytes());
        raw.extend(group_set(i, groups));
        raw.extend_from_slice(text.as_bytes());
    }
    raw
}

/// A bit set; a third of the shapes is in many groups, the others in few.
fn group_set(i: usize, groups: usize) -> Vec<u8> {
    let mut bits = vec![0u8; groups.div_ceil(8)];
    let hash = xxhash_rust::xxh3::xxh3_64(&i.to_le_bytes());
    let few = if hash.is_multiple_of(3) { groups / 2 } else { 1 + (hash % 3) as usize };
    for n in 0..few {
        let group = (hash.rotate_left((n * 7 % 64) as u32) % groups as u64) as usize;
        bits[group / 8] |= 1 << (group % 8);
    }
    bits
}

fn word_list(prefix: &str, texts: &[&str], queries: &[String]) {
    let start = Instant::now();
    let mut of_word: std::collections::BTreeMap<String, Vec<u32>> = std::collections::BTreeMap::new();
    for (i, text) in texts.iter().enumerate() {
        words::each(text, &mut |word| {
            let numbers = match of_word.get_mut(word) {
                Some(numbers) => numbers,
                None => of_word.entry(word.to_owned()).or_default(),
            };
            if numbers.last() != Some(&(i as u32)) {
                numbers.push(i as u32);
            }
        });
    }
    let mut raw = Vec::new();
    for (word, numbers) in &of_word {
        raw.push(word.len() as u8);
        raw.extend_from_slice(word.as_bytes());
        let mut before = 0;
        for number in numbers {
            let mut delta = number - before;
            before = *number;
            while delta >= 128 {
                raw.push((delta as u8) | 128);
                delta >>= 7;
            }
            raw.push(delta as u8);
        }
    }
    let packed = zstd::bulk::compress(&raw, 3).expect("zstd");
    fig(prefix, "wordlist_build_ms", format!("{:.2}", start.elapsed().as_secs_f64() * 1e3));
    fig(prefix, "wordlist_words", of_word.len());
    fig(prefix, "wordlist_raw_bytes", raw.len());
    fig(prefix, "wordlist_zstd_bytes", packed.len());
    let start = Instant::now();
    let found: usize = queries.iter().filter_map(|query| of_word.get(query)).map(Vec::len).sum();
    fig(prefix, "wordlist_word_us", format!("{:.2}", start.elapsed().as_secs_f64() * 1e6 / queries.len() as f64));
    fig(prefix, "wordlist_found", found);
}

#[derive(Clone)]
struct Words;
struct WordStream {
    words: Vec<String>,
    next: usize,
    token: Token,
}
impl Tokenizer for Words {
    type TokenStream<'a> = WordStream;
    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        let mut list = Vec::new();
        words::each(text, &mut |word| list.push(word.to_owned()));
        WordStream { words: list, next: 0, token: Token::default() }
    }
}
impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.get_mut(self.next) else { return false };
        self.token.text = std::mem::take(word);
        self.token.position = self.next;
        self.next += 1;
        true
    }
    fn token(&self) -> &Token {
        &self.token
    }
    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn register(index: &Index) {
    index.tokenizers().register("words", Words);
}

fn schema(option: IndexRecordOption) -> (Schema, Field, Field, Field) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer("words").set_fieldnorms(false).set_index_option(option);
    let text = builder.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let id = builder.add_u64_field("id", FAST);
    let groups = builder.add_bytes_field("groups", FAST);
    (builder.build(), text, id, groups)
}

fn tantivy(prefix: &str, texts: &[&str], queries: &[String], groups: Option<usize>, option: IndexRecordOption) {
    let (schema, text_field, id_field, groups_field) = schema(option);
    let directory = RamDirectory::create();
    let before = crate::alloc::mark();
    let start = Instant::now();
    let made = {
        let tokenizers = TokenizerManager::default();
        tokenizers.register("words", Words);
        let mut writer = Index::builder()
            .schema(schema)
            .tokenizers(tokenizers)
            .single_segment_index_writer::<TantivyDocument>(directory.clone(), 64 << 20)
            .expect("a writer");
        for (i, text) in texts.iter().enumerate() {
            let mut document = TantivyDocument::default();
            document.add_text(text_field, text);
            if let Some(groups) = groups {
                document.add_u64(id_field, xxhash_rust::xxh3::xxh3_64(text.as_bytes()));
                document.add_bytes(groups_field, &group_set(i, groups));
            }
            writer.add_document(document).expect("add");
        }
        writer.finalize().expect("finalize")
    };
    fig(prefix, "build_ms", format!("{:.2}", start.elapsed().as_secs_f64() * 1e3));
    fig(prefix, "build_peak_bytes", crate::alloc::peak() - before);
    let mut bytes = Vec::new();
    for path in made.directory().list_managed_files() {
        bytes.extend_from_slice(&directory.open_read(&path).expect("file").read_bytes().expect("bytes"));
    }
    fig(prefix, "bytes", bytes.len());
    fig(prefix, "zstd_bytes", zstd::bulk::compress(&bytes, 3).expect("zstd").len());
    let open = median_ms(5, || {
        let index = Index::open(directory.clone()).expect("open");
        register(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().expect("reader");
        reader.searcher().num_docs() as usize
    });
    fig(prefix, "open_ms", format!("{open:.3}"));
    let index = Index::open(directory.clone()).expect("open");
    register(&index);
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().expect("reader");
    let searcher = reader.searcher();
    let term = |word: &str| tantivy::Term::from_field_text(text_field, word);
    let mut found = 0;
    let start = Instant::now();
    for query in queries {
        let query = TermQuery::new(term(query), IndexRecordOption::Basic);
        found += searcher.search(&query, &Count).expect("search");
    }
    fig(prefix, "word_us", format!("{:.1}", start.elapsed().as_secs_f64() * 1e6 / queries.len() as f64));
    fig(prefix, "found", found);
    if option == IndexRecordOption::WithFreqsAndPositions {
        let start = Instant::now();
        for pair in queries.windows(2) {
            let query = PhraseQuery::new(vec![term(&pair[0]), term(&pair[1])]);
            found += searcher.search(&query, &Count).expect("search");
        }
        fig(prefix, "phrase_us", format!("{:.1}", start.elapsed().as_secs_f64() * 1e6 / queries.len() as f64));
    }
    let start = Instant::now();
    for word in queries {
        let stem: String = word.chars().take(3).filter(|c| c.is_alphanumeric()).collect();
        let query = RegexQuery::from_pattern(&format!("{stem}.*"), text_field).expect("pattern");
        found += searcher.search(&query, &Count).expect("search");
    }
    fig(prefix, "prefix_us", format!("{:.1}", start.elapsed().as_secs_f64() * 1e6 / queries.len() as f64));
    assert!(found < usize::MAX);
}
