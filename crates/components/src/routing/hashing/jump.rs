//! Jump consistent hash.

/// Returns which of so many buckets a key belongs to; one bucket more moves as few keys as can be. O(log n).
///
/// # Source
/// Lamping, Veach, "A fast, minimal memory, consistent hash algorithm", arXiv:1406.2294, 2014.
///
/// # Panics
/// If there is no bucket.
pub fn jump(mut key: u64, buckets: u32) -> u32 {
    assert!(buckets > 0, "a choice among none");
    let (mut bucket, mut next) = (0_i64, 0_i64);
    while next < i64::from(buckets) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
    }
    bucket as u32
}
