//! A split block bloom filter over word hashes, of any number of 32-byte blocks (parquet's own only comes in powers of two).

const SALT: [u32; 8] = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31];

pub struct Bloom {
    blocks: Vec<[u32; 8]>,
}

impl Bloom {
    pub fn build(words: impl ExactSizeIterator<Item = u64>, bits_per_word: f64) -> Bloom {
        let count = ((words.len() as f64 * bits_per_word / 256.0).ceil() as usize).max(1);
        let mut bloom = Bloom { blocks: vec![[0; 8]; count] };
        for word in words {
            let (block, mask) = bloom.place(word);
            for (bits, one) in bloom.blocks[block].iter_mut().zip(mask) {
                *bits |= one;
            }
        }
        bloom
    }

    pub fn may_hold(&self, word: u64) -> bool {
        let (block, mask) = self.place(word);
        self.blocks[block].iter().zip(mask).all(|(bits, one)| bits & one != 0)
    }

    pub fn bytes(&self) -> usize {
        self.blocks.len() * 32
    }

    fn place(&self, word: u64) -> (usize, [u32; 8]) {
        let block = ((u128::from(word >> 32) * self.blocks.len() as u128) >> 32) as usize;
        (block, SALT.map(|salt| 1 << ((word as u32).wrapping_mul(salt) >> 27)))
    }
}
