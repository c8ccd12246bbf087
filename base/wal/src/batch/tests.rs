use super::{BatchPlace, EncodedBatch, Queued, batch_bytes};
use crate::NewEntry;
use bytes::Bytes;

fn queued(slices: Vec<Bytes>) -> Queued {
    let body = slices.concat();
    let (body_bytes, body_crc) = (u32::try_from(body.len()).unwrap(), crc32c::crc32c(&body));
    Queued { entry: NewEntry { kind: 1, slices }, body_bytes, body_crc, done: Box::new(|_| {}) }
}

const PLACE: BatchPlace = BatchPlace { segment_id: 1, salt: 2, first: 3, chain: 4 };

#[test]
fn a_batch_takes_whole_pages() {
    let check = |body_bytes: usize, want: u64| {
        let batch = [queued(vec![Bytes::from(vec![0; body_bytes])])];
        let mut encoded = EncodedBatch::default();
        encoded.encode(&batch, PLACE);
        assert_eq!((batch_bytes(&batch), encoded.padded_bytes()), (want, want), "{body_bytes} bytes of body");
    };
    check(0, 4096);
    check(4096 - 64, 4096);
    check(4096 - 63, 8192);
    assert_eq!(batch_bytes(&[]), 4096, "the mark of an orderly close");
}

#[test]
fn short_bodies_are_copied_and_long_ones_stay_where_they_are() {
    let long = Bytes::from(vec![1; 9 * 1024]);
    let batch = [queued(vec![Bytes::from_static(b"head"), long.clone(), Bytes::from_static(b"tail")]), queued(vec![])];
    let mut encoded = EncodedBatch::default();
    encoded.encode(&batch, PLACE);
    let slices = encoded.slices();
    assert_eq!(slices.len(), 4, "what is before, the long one, what is behind, padding");
    assert!(std::ptr::eq(slices[1].as_ptr(), long.as_ptr()));
    assert!(slices[0].ends_with(b"head") && slices[2].starts_with(b"tail"));
}

#[test]
fn a_batch_is_encoded_anew_as_if_nothing_had_been_before() {
    let batches = [vec![queued(vec![Bytes::from(vec![5; 20_000])])], vec![queued(vec![Bytes::from_static(b"x")])]];
    let bytes = |encoded: &EncodedBatch| encoded.slices().iter().flat_map(|slice| slice.to_vec()).collect::<Vec<u8>>();
    let mut reused = EncodedBatch::default();
    for batch in &batches {
        reused.encode(batch, PLACE);
        let mut fresh = EncodedBatch::default();
        fresh.encode(batch, PLACE);
        assert_eq!((bytes(&reused), reused.chain()), (bytes(&fresh), fresh.chain()));
        reused.clear();
    }
}
