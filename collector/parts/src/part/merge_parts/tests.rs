use super::*;
use crate::part::tests::{SETTINGS, keeper, layout, lines, message_batch, message_layout, read_groups, streams};
use crate::part::write_part;
use crate::tests::{Sample, attribute, batch, sample, samples, text};
use model::{TimeRange, Value, ValueKind};
use proptest::prelude::*;
use testkit::faulty_disk::{Call, Fault, FaultyDisk};

const NEVER: &dyn Fn() -> bool = &|| false;

fn dir(number: usize) -> std::path::PathBuf {
    format!("/data/parts/{number}").into()
}

fn part_of(disk: &Arc<FaultyDisk>, number: usize, layout: &Arc<Layout>, batches: &[Arc<Batch>]) -> Part {
    let written = write_part(&**disk, &dir(number), layout, batches, TimeRange::ALL, &SETTINGS).unwrap().unwrap();
    Part::open(disk.clone(), dir(number), layout.clone(), written.files, keeper())
}

fn merged(disk: &Arc<FaultyDisk>, number: usize, layout: &Arc<Layout>, inputs: &[&Part]) -> Part {
    let settings = PartSettings { group_records: SETTINGS.group_records, ..PartSettings::MERGED };
    let written = merge_parts(&**disk, &dir(number), layout, inputs, &HiddenSequences::default(), &settings, NEVER)
        .unwrap()
        .written
        .unwrap();
    let part = Part::open(disk.clone(), dir(number), layout.clone(), written.files, keeper());
    part.verify().unwrap();
    part
}

/// Row groups follow each other in time, are as full as they need be, and hold each stream's records together and in order.
fn check_order(groups: &[Vec<Sample>]) {
    let times = |group: &[Sample]| {
        let times = || group.iter().map(|sample| sample.time);
        (times().min().unwrap(), times().max().unwrap())
    };
    assert!(groups.windows(2).all(|pair| times(&pair[0]).1 <= times(&pair[1]).0), "time goes on from group to group");
    assert!(
        groups.iter().rev().skip(1).all(|group| group.len() * WAITING_SHARE >= SETTINGS.group_records),
        "all but the last have a quarter of the records at least"
    );
    for group in groups {
        let mut seen: Vec<&str> = Vec::new();
        for pair in group.windows(2) {
            let (left, right) = (&pair[0], &pair[1]);
            if left.stream.scope_name == right.stream.scope_name {
                assert!((left.time, left.sequence) < (right.time, right.sequence));
            } else {
                seen.push(&left.stream.scope_name);
                assert!(!seen.contains(&&*right.stream.scope_name), "a stream's records are together");
            }
        }
    }
}

proptest! {
    #![proptest_config(testkit::random_cases::cases(64))]

    #[test]
    fn a_merged_part_holds_every_record_of_its_inputs_once_and_in_order(
        sets in proptest::collection::vec((samples(streams()), 0..9i64), 2..6), first_merged in 2..6usize,
    ) {
        let mut sequence = 0;
        let sets: Vec<Vec<Sample>> = sets
            .into_iter()
            .map(|(set, late)| {
                set.into_iter()
                    .map(|sample| { sequence += 1; Sample { sequence, time: sample.time + late, ..sample } })
                    .collect()
            })
            .collect();
        let disk = Arc::new(FaultyDisk::new(1));
        let parts: Vec<Part> = sets
            .iter()
            .enumerate()
            .map(|(number, set)| part_of(&disk, number, &layout(), &[Arc::new(batch(set))]))
            .collect();
        // A part that was merged is merged again.
        let (first, others) = parts.split_at(first_merged.min(parts.len()));
        let once = merged(&disk, 100, &layout(), &first.iter().collect::<Vec<_>>());
        let mut inputs: Vec<&Part> = others.iter().collect();
        inputs.push(&once);
        let twice = merged(&disk, 101, &layout(), &inputs);
        let groups = read_groups(&twice);
        check_order(&groups);
        prop_assert_eq!(lines(groups.into_iter().flatten()), lines(sets.into_iter().flatten()));
    }
}

/// Records of rising times, one a nanosecond.
fn rising(first: u64, count: u64) -> Vec<Sample> {
    (first..first + count).map(|sequence| sample(i64::try_from(sequence).unwrap(), sequence)).collect()
}

/// Merges parts of these records, but for the hidden ones. How many row groups were taken over, and how many there are.
#[track_caller]
fn spliced(sets: &[Vec<Sample>], hidden: &[u64]) -> (u64, u64) {
    let disk = Arc::new(FaultyDisk::new(1));
    let parts: Vec<Part> =
        (0..).zip(sets).map(|(number, set)| part_of(&disk, number, &layout(), &[Arc::new(batch(set))])).collect();
    let inputs: Vec<&Part> = parts.iter().collect();
    let sequences = HiddenSequences::new(hidden.to_vec(), crate::manifest::TombstoneId(1));
    let made = merge_parts(&*disk, &dir(99), &layout(), &inputs, &sequences, &SETTINGS, NEVER).unwrap();
    assert_eq!(made.left_out, hidden.len() as u64);
    let written = made.written.unwrap();
    let merged = Part::open(disk.clone(), dir(99), layout(), written.files, keeper());
    merged.verify().unwrap();
    let groups = read_groups(&merged);
    check_order(&groups);
    let stays = sets.iter().flatten().filter(|sample| !hidden.contains(&sample.sequence)).cloned();
    assert_eq!(lines(groups.into_iter().flatten()), lines(stays));
    (made.spliced, u64::from(written.groups))
}

#[test]
fn row_groups_of_parts_whose_times_do_not_meet_are_taken_over() {
    assert_eq!(spliced(&[rising(0, 21), rising(100, 21), rising(50, 21)], &[]), (9, 9));
}

#[test]
fn a_row_group_with_a_deleted_record_is_packed_anew_and_no_other() {
    assert_eq!(spliced(&[rising(0, 21), rising(100, 21)], &[9]), (5, 6));
    assert_eq!(spliced(&[rising(0, 21), rising(100, 21)], &[0, 120]), (4, 6));
}

#[test]
fn what_overlaps_is_packed_anew_and_what_follows_is_taken_over() {
    // One record between those of the eighth row group.
    let late = vec![sample(50, 1_000)];
    assert_eq!(spliced(&[rising(0, 70), late], &[]), (9, 11));
    // The last row group of one part and the first of the other, for different numbers of records.
    for count in 14..28 {
        let before = rising(100, count);
        let first = 100 + count - 2;
        let after: Vec<Sample> =
            (first..first + 35).map(|time| sample(i64::try_from(time).unwrap(), 1_000 + time)).collect();
        let (spliced, groups) = spliced(&[before, after], &[]);
        assert!(groups - spliced <= 3 && spliced >= 5, "{spliced} of {groups} row groups were taken over for {count}");
    }
}

#[test]
fn records_of_one_moment_do_not_pile_up_and_none_is_lost() {
    let disk = Arc::new(FaultyDisk::new(1));
    let set = |first: u64| -> Vec<Sample> { (first..first + 100).map(|sequence| sample(7, sequence)).collect() };
    let parts: Vec<Part> = [0, 100, 200]
        .iter()
        .map(|first| {
            let number = usize::try_from(*first).unwrap();
            part_of(&disk, number, &layout(), &[Arc::new(batch(&set(*first)))])
        })
        .collect();
    let merged = merged(&disk, 300, &layout(), &parts.iter().collect::<Vec<_>>());
    assert_eq!(lines(read_groups(&merged).into_iter().flatten()), lines((0..300).map(|sequence| sample(7, sequence))));
}

#[test]
fn a_key_that_is_frequent_in_all_of_them_together_gets_a_column() {
    let disk = Arc::new(FaultyDisk::new(1));
    let with = |key: &str, first: u64, every: u64| -> Vec<Sample> {
        (first..first + 200)
            .map(|sequence| {
                let mut sample = sample(1, sequence);
                if sequence % every == 0 {
                    sample.attributes = vec![attribute(key, text("a")), attribute(key, Value::Int(1))];
                }
                sample
            })
            .collect()
    };
    let sets = [with("often", 0, 1), with("rare", 200, 100), with("seldom", 400, 10)];
    let parts: Vec<Part> = sets
        .iter()
        .enumerate()
        .map(|(number, set)| part_of(&disk, number, &layout(), &[Arc::new(batch(set))]))
        .collect();
    let merged = merged(&disk, 9, &layout(), &parts.iter().collect::<Vec<_>>());
    let typed = merged.contents().unwrap().typed.clone();
    let typed: Vec<(&str, ValueKind)> = typed.iter().map(|typed| (&*typed.key, typed.kind)).collect();
    // 600 records: ten are enough. The integer of each record stands behind its string in the list.
    assert_eq!(
        typed,
        [("often", ValueKind::Str), ("often", ValueKind::Int), ("seldom", ValueKind::Str), ("seldom", ValueKind::Int)]
    );
    assert_eq!(lines(read_groups(&merged).into_iter().flatten()), lines(sets.into_iter().flatten()));
}

fn messages(layout: &Layout, first: i64, texts: &[&str]) -> Arc<Batch> {
    messages_of(layout, first, texts, ValueKind::Str)
}

fn messages_of(layout: &Layout, first: i64, texts: &[&str], kind: ValueKind) -> Arc<Batch> {
    let said: Vec<(String, ValueKind)> = texts.iter().map(|text| ((*text).to_owned(), kind)).collect();
    message_batch(layout, first, &said)
}

/// The shape of each record, and all shapes.
fn shapes_of(part: &Part) -> (Vec<Option<u32>>, Vec<String>) {
    let mut shapes = Vec::new();
    part.for_each_shape(&mut |shape| shapes.push(shape.to_owned())).unwrap();
    let groups = part.groups().unwrap();
    let numbers = groups.iter().flat_map(|group| group.shapes().unwrap().iter().collect::<Vec<_>>()).collect();
    (numbers, shapes)
}

fn keys(word: &str) -> Vec<u64> {
    let mut keys = Vec::new();
    text_index::for_each_word_key(word, &mut |key| keys.push(key));
    keys
}

#[test]
fn a_part_with_a_message_that_is_no_string_may_hold_any_word() {
    let disk = Arc::new(FaultyDisk::new(1));
    let layout = message_layout();
    let texts = part_of(&disk, 0, &layout, &[messages(&layout, 0, &["user 5 left"])]);
    let map = messages_of(&layout, 10, &[r#"{"id":"b17"}"#], ValueKind::Map);
    let values = part_of(&disk, 1, &layout, &[map]);
    let merged = merged(&disk, 2, &layout, &[&texts, &values]);
    let holds = |part: &Part| part.may_hold_words(&keys("b17")).unwrap();
    assert_eq!([holds(&texts), holds(&values), holds(&merged)], [false, true, true]);
    assert_eq!(shapes_of(&merged).0, [Some(0), None]);
}

#[test]
fn a_merged_part_has_the_shapes_of_all_and_finds_their_words() {
    let disk = Arc::new(FaultyDisk::new(1));
    let layout = message_layout();
    let first = part_of(&disk, 0, &layout, &[messages(&layout, 0, &["user 5 left", "disk full"])]);
    let second = part_of(&disk, 1, &layout, &[messages(&layout, 10, &["a b17", "user 17 left"])]);
    let merged = merged(&disk, 2, &layout, &[&first, &second]);
    let (numbers, shapes) = shapes_of(&merged);
    assert_eq!(shapes, ["a \u{1a}", "disk full", "user \u{1a} left"]);
    assert_eq!(numbers, [Some(2), Some(1), Some(2), Some(0)], "the id stands behind");
    assert!(["17", "b17", "5"].into_iter().all(|word| merged.may_hold_words(&keys(word)).unwrap()));
    let group = merged.groups().unwrap().remove(0);
    assert!(["17", "b17", "5"].into_iter().all(|word| group.may_hold_message_words(&keys(word)).unwrap()));
}

#[test]
fn shapes_beyond_the_limit_are_none() {
    let disk = Arc::new(FaultyDisk::new(1));
    let layout = message_layout();
    let first = part_of(&disk, 0, &layout, &[messages(&layout, 0, &["one", "two"])]);
    let second = part_of(&disk, 1, &layout, &[messages(&layout, 10, &["three", "one"])]);
    let shapes = text_index::limits::ShapeLimits { count_max: 2, text_bytes_max: 100 };
    let settings = PartSettings { shapes, ..SETTINGS };
    let written =
        merge_parts(&*disk, &dir(2), &layout, &[&first, &second], &HiddenSequences::default(), &settings, NEVER)
            .unwrap()
            .written
            .unwrap();
    let merged = Part::open(disk, dir(2), layout, written.files, keeper());
    let (numbers, shapes) = shapes_of(&merged);
    assert_eq!(
        (numbers, shapes.len()),
        (vec![Some(0), Some(1), Some(0), None], 2),
        "without a shape behind the others"
    );
    assert!(merged.groups().unwrap()[0].has_unshaped());
}

#[test]
fn a_column_that_the_disk_does_not_give_ends_the_merge() {
    let disk = Arc::new(FaultyDisk::new(1));
    let written: Vec<_> = [0, 1]
        .map(|number| {
            let set: Vec<Sample> = (number * 20..number * 20 + 20).map(|sequence| sample(7, sequence)).collect();
            let dir = dir(usize::try_from(number).unwrap());
            let written = write_part(&*disk, &dir, &layout(), &[Arc::new(batch(&set))], TimeRange::ALL, &SETTINGS);
            (dir, written.unwrap().unwrap().files)
        })
        .into();
    let merge_into = |number: usize| {
        // Opened anew, so that everything is read.
        let open =
            |(dir, files): &(std::path::PathBuf, _)| Part::open(disk.clone(), dir.clone(), layout(), *files, keeper());
        let parts: Vec<Part> = written.iter().map(open).collect();
        merge_parts(
            &*disk,
            &dir(number),
            &layout(),
            &parts.iter().collect::<Vec<_>>(),
            &HiddenSequences::default(),
            &SETTINGS,
            NEVER,
        )
    };
    let first = disk.call_count();
    assert_eq!(merge_into(50).unwrap().written.unwrap().records, 40);
    let calls = disk.calls();
    let reads: Vec<usize> = (first..calls.len()).filter(|call| calls[*call] == Call::Read).collect();
    assert!(reads.len() > 50);
    for read in reads {
        disk.fail_at(disk.call_count() + read - first, Fault::Eio);
        let result = merge_into(100 + read);
        disk.fail_no_more();
        let is_told = matches!(result, Err(MergeFailure::Input { class: ErrorClass::Unavailable, .. }));
        assert!(is_told, "read {read}: {result:?}");
    }
}

/// Bytes that a merge of two parts takes, each of so many row groups, whose times overlap throughout or follow each other.
fn peak_bytes(groups: u64, is_overlapping: bool) -> u64 {
    const GROUP: u64 = 100;
    let settings = PartSettings { group_records: 100, ..SETTINGS };
    let shared: Arc<dyn Disk> = Arc::new(FaultyDisk::new(1));
    let parts: Vec<Part> = [0, 1]
        .into_iter()
        .map(|number| {
            let sample = |index: u64| {
                let sequence = index * 2 + number;
                let time = if is_overlapping { index } else { index + number * groups * GROUP };
                let text = format!("{sequence} {}", "packs well ".repeat(400));
                Sample { text, ..sample(i64::try_from(time).unwrap(), sequence) }
            };
            let set: Vec<Sample> = (0..groups * GROUP).map(sample).collect();
            let dir = dir(usize::try_from(number).unwrap());
            let written = write_part(&*shared, &dir, &layout(), &[Arc::new(batch(&set))], TimeRange::ALL, &settings);
            Part::open(shared.clone(), dir, layout(), written.unwrap().unwrap().files, keeper())
        })
        .collect();
    let inputs: Vec<&Part> = parts.iter().collect();
    let merge = || {
        merge_parts(&*shared, &dir(9), &layout(), &inputs, &HiddenSequences::default(), &settings, NEVER)
            .unwrap()
            .written
            .unwrap()
    };
    let (written, taken) = testkit::allocation::measure(merge);
    assert_eq!(u64::from(written.groups), groups * 2);
    taken.peak_bytes
}

#[test]
fn a_merge_takes_no_more_memory_for_long_parts() {
    for is_overlapping in [true, false] {
        let (short, long) = (peak_bytes(4, is_overlapping), peak_bytes(40, is_overlapping));
        // The disk of a test is memory too, and holds what was written, packed.
        let texts_of_the_rest = 36 * 2 * 100 * 4_400;
        assert!(
            long < short + texts_of_the_rest / 8,
            "{long} bytes where {short} were enough for a tenth, overlapping: {is_overlapping}"
        );
    }
}

#[test]
fn nothing_of_a_hidden_record_stays_not_even_its_shape_its_words_or_its_keys() {
    let disk = Arc::new(FaultyDisk::new(1));
    let hidden = HiddenSequences::new(vec![0, 11], crate::manifest::TombstoneId(1));
    let layout_with_message = message_layout();
    let first =
        part_of(&disk, 0, &layout_with_message, &[messages(&layout_with_message, 0, &["anna b17", "disk full"])]);
    let second =
        part_of(&disk, 1, &layout_with_message, &[messages(&layout_with_message, 10, &["user 5", "anna c18"])]);
    let inputs = [&first, &second];
    let made = merge_parts(&*disk, &dir(2), &layout_with_message, &inputs, &hidden, &SETTINGS, NEVER).unwrap();
    assert_eq!(made.left_out, 2);
    let merged = Part::open(disk.clone(), dir(2), layout_with_message, made.written.unwrap().files, keeper());
    assert_eq!(shapes_of(&merged).1, ["disk full", "user \u{1a}"]);
    assert_eq!(["b17", "c18", "5"].map(|word| merged.may_hold_words(&keys(word)).unwrap()), [false, false, true]);

    let with = |key: &str, sequence| Sample { attributes: vec![attribute(key, text("x"))], ..sample(1, sequence) };
    let part = part_of(&disk, 3, &layout(), &[Arc::new(batch(&[with("secret", 0), with("plain", 1)]))]);
    let made = merge_parts(&*disk, &dir(4), &layout(), &[&part], &hidden, &SETTINGS, NEVER).unwrap();
    let merged = Part::open(disk.clone(), dir(4), layout(), made.written.unwrap().files, keeper());
    let group = merged.groups().unwrap().remove(0);
    let keys: Vec<String> = group.typed_keys().iter().map(|typed| typed.key.to_string()).collect();
    assert_eq!((keys, group.records()), (vec!["plain".to_owned()], 1));

    let all = HiddenSequences::new(vec![0, 1], crate::manifest::TombstoneId(1));
    let made = merge_parts(&*disk, &dir(5), &layout(), &[&part], &all, &SETTINGS, NEVER).unwrap();
    assert_eq!(made, Merged { written: None, left_out: 2, spliced: 0 });
    assert!(!disk.paths().iter().any(|path| path.starts_with(dir(5))), "a part of which nothing stays is not written");
}

/// The texts of all messages in the order in which they stand.
fn texts_of(part: &Part) -> Vec<String> {
    let groups = part.groups().unwrap();
    let texts = groups.into_iter().flat_map(|group| {
        let batch = group.open();
        (0..batch.len()).map(|row| batch.messages(0, row..row + 1).texts.value(row).to_owned()).collect::<Vec<_>>()
    });
    texts.collect()
}

/// For each shape how its variables begin, how they end, and which of these characters they hold between.
fn forms_of(part: &Part, characters: &str) -> Vec<Option<Vec<String>>> {
    let (_, shapes) = shapes_of(part);
    let forms = part.forms().unwrap();
    let forms = forms.as_ref().as_ref().unwrap();
    let told = |form: &text_index::VariableForm| {
        let held = characters.bytes().filter(|byte| form.between().has_byte(*byte)).map(char::from);
        let ends = [form.head(), form.tail()].map(|end| String::from_utf8_lossy(end).into_owned());
        format!("{}[{}]{}", ends[0], held.collect::<String>(), ends[1])
    };
    let of_shape = |shape: usize| Some(forms.of(u32::try_from(shape).unwrap())?.iter().map(told).collect());
    (0..shapes.len()).map(of_shape).collect()
}

#[test]
fn what_variables_have_in_common_is_that_of_all_inputs() {
    let disk = Arc::new(FaultyDisk::new(1));
    let layout = message_layout();
    let first = part_of(&disk, 0, &layout, &[messages(&layout, 0, &["took 17ms", "took 5ms", "id 0xa1b2", "done"])]);
    let second = part_of(&disk, 1, &layout, &[messages(&layout, 10, &["took 93ms", "id 0xc3", "node 7"])]);
    // The lines that are merged below lie in row groups of their own, which are taken over as they are.
    let merged = merged(&disk, 2, &layout, &[&first, &second]);
    assert_eq!(shapes_of(&merged).1, ["done", "id \u{1a}", "node \u{1a}", "took \u{1a}"]);
    let expected = [vec![], vec!["0x[123abc]"], vec!["7[]"], vec!["[13579]ms"]];
    let expected = expected.map(|forms| Some(forms.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(forms_of(&merged, "123456789abcdef"), expected);
    assert_eq!(
        texts_of(&merged),
        ["took 17ms", "took 5ms", "done", "id 0xa1b2", "took 93ms", "node 7", "id 0xc3"],
        "messages with ids stand behind the others"
    );
}

#[test]
fn of_a_shape_that_only_deleted_records_had_no_form_stays() {
    let disk = Arc::new(FaultyDisk::new(1));
    let layout = message_layout();
    let first = part_of(&disk, 0, &layout, &[messages(&layout, 0, &["anna b17", "user 5"])]);
    let second = part_of(&disk, 1, &layout, &[messages(&layout, 10, &["anna c18", "user 6"])]);
    let hidden = HiddenSequences::new(vec![0], crate::manifest::TombstoneId(1));
    let made = merge_parts(&*disk, &dir(2), &layout, &[&first, &second], &hidden, &SETTINGS, NEVER).unwrap();
    let merged = Part::open(disk.clone(), dir(2), layout.clone(), made.written.unwrap().files, keeper());
    let told = |forms: &[&str]| Some(forms.iter().map(|form| (*form).to_owned()).collect::<Vec<_>>());
    assert_eq!(forms_of(&merged, "5678bc"), [told(&["c18[]"]), told(&["[56]"])]);
    // Another record has the shape as well, and nobody remembers what belonged to whom.
    let hidden = HiddenSequences::new(vec![10], crate::manifest::TombstoneId(1));
    let both = part_of(&disk, 3, &layout, &[messages(&layout, 10, &["anna c18", "anna d19", "user 7"])]);
    let made = merge_parts(&*disk, &dir(4), &layout, &[&both], &hidden, &SETTINGS, NEVER).unwrap();
    let merged = Part::open(disk.clone(), dir(4), layout, made.written.unwrap().files, keeper());
    assert_eq!(forms_of(&merged, "5678bc"), [None, told(&["7[]"])]);
}

/// Of typed columns as they are numbered in the new part, also where a row group is taken over as it is packed.
#[test]
fn characters_of_columns_go_with_their_columns() {
    let disk = Arc::new(FaultyDisk::new(1));
    let settings = PartSettings { group_records: 64, ..SETTINGS };
    let with = |key: &'static str, value: &str, sequence: u64| {
        let attributes = vec![attribute(key, text(value))];
        Sample { attributes, ..sample(i64::try_from(sequence).unwrap(), sequence) }
    };
    let part = |number: usize, set: &[Sample]| {
        let batches = [Arc::new(batch(set))];
        let written =
            write_part(&*disk, &dir(number), &layout(), &batches, TimeRange::ALL, &settings).unwrap().unwrap();
        Part::open(disk.clone(), dir(number), layout(), written.files, keeper())
    };
    let first: Vec<Sample> = (0..64).map(|at| with("zone", "eu", at)).collect();
    let second: Vec<Sample> = (64..192).map(|at| with("host", "n7", at)).collect();
    let (first, second) = (part(0, &first), part(1, &second));
    let inputs = [&first, &second];
    let made = merge_parts(&*disk, &dir(2), &layout(), &inputs, &HiddenSequences::default(), &settings, NEVER).unwrap();
    assert!(made.spliced >= 2, "{made:?}");
    let merged = Part::open(disk.clone(), dir(2), layout(), made.written.unwrap().files, keeper());
    let set = |text: &str| text_index::CharacterSet::of(text.as_bytes());
    for group in merged.groups().unwrap() {
        let batch = group.clone().open();
        for (number, key) in group.typed_keys().iter().enumerate() {
            let held = ["eu", "n7", "x"].map(|text| group.may_hold_characters(Some(number), set(text)));
            let is_present = batch.typed_count(number) > 0;
            let expected = [&*key.key == "zone" && is_present, &*key.key == "host" && is_present, false];
            assert_eq!(held, expected, "{} in a row group at {:?}", key.key, group.time_range());
        }
        let columns = ["eu", "n7", "x", ""].map(|text| batch.string_columns_with(set(text)).count());
        assert!(columns[0] + columns[1] == 1 && columns[2] == 0 && columns[3] == 2, "{columns:?}");
        assert!(!batch.may_rest_have(set("e")) && batch.may_rest_have(set("")));
    }
}
