//! From names to 64-bit keys.

/// The increment of SplitMix64: 2^64 divided by the golden ratio.
pub(crate) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Where every key starts: the fractional bits of the square root of 2, a number with nothing up its sleeve.
const START: u64 = 0x6A09_E667_F3BC_C908;

/// Returns the key of the stream that belongs to these names.
///
/// The names are taken in as 64-bit words, one after the other, by `h = mix((h ^ word) + GOLDEN)`: the seed, the
/// replication, then each text as its length in bytes and its bytes in little-endian groups of eight, the last one
/// filled with zeros. Lengths come first, so `("a", "bc")` and `("ab", "c")` give different words. Each step is a
/// bijection of `h` for a given word: two names collide only by chance, once in 2^64.
///
/// # Source
/// `mix` is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014, with the constants of Stafford's variant 13). Chosen: this way to chain it; it is short enough to be
/// written down and repeated in any language.
pub fn stream_key(seed: u64, replication: u64, path: &str, purpose: &str) -> u64 {
    let mut key = absorb(START, seed);
    key = absorb(key, replication);
    key = absorb_text(key, path);
    absorb_text(key, purpose)
}

/// Takes one word into a key.
#[inline]
pub(crate) fn absorb(key: u64, word: u64) -> u64 {
    mix((key ^ word).wrapping_add(GOLDEN))
}

fn absorb_text(key: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut key = absorb(key, bytes.len() as u64);
    for group in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..group.len()].copy_from_slice(group);
        key = absorb(key, u64::from_le_bytes(word));
    }
    key
}

/// Spreads every bit of `word` over all bits of the result; a bijection.
#[inline]
pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn different_names_have_different_keys() {
        let texts =
            ["", "a", "b", "ab", "ba", "a\0", "aaaaaaaa", "aaaaaaaaa", "web", "web:read", "db", "arrivals"];
        let mut keys = BTreeSet::new();
        let mut made = 0;
        for seed in 0..10 {
            for replication in 0..10 {
                for path in texts {
                    for purpose in texts {
                        keys.insert(stream_key(seed, replication, path, purpose));
                        made += 1;
                    }
                }
            }
        }
        assert_eq!(keys.len(), made);
    }

    #[test]
    fn the_border_between_two_texts_is_part_of_the_name() {
        assert_ne!(stream_key(1, 0, "ab", "c"), stream_key(1, 0, "a", "bc"));
        assert_ne!(stream_key(1, 0, "", "a"), stream_key(1, 0, "a", ""));
    }

    /// Each flipped bit must flip 32 of 64 on average; over n = 12 800 pairs the standard error of that mean is
    /// 4 / sqrt(12 800) = 0.035, and 5 of them are allowed.
    #[test]
    fn one_flipped_bit_of_the_seed_flips_half_of_the_key() {
        let mut flipped = 0;
        for seed in 0..200_u64 {
            for bit in 0..64 {
                let one = stream_key(seed, 3, "web", "service");
                let other = stream_key(seed ^ (1 << bit), 3, "web", "service");
                flipped += (one ^ other).count_ones();
            }
        }
        let mean = f64::from(flipped) / 12_800.0;
        assert!((mean - 32.0).abs() < 0.18, "{mean}");
    }
}
