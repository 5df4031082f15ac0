//! HAProxy's hashes.

/// Scrambles 32 bits, so that near numbers come to lie far from each other on a ring.
///
/// # Source
/// HAProxy `include/haproxy/tools.h`, `full_hash`: Bob Jenkins' full avalanche and a multiplication that spreads.
pub fn full_hash(a: u32) -> u32 {
    let a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    let a = (a ^ 0xc761_c23c) ^ (a >> 19);
    let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    let a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

/// Hashes a text: what `hash-type … sdbm` does, the default.
///
/// # Source
/// HAProxy `src/hash.c`, `hash_sdbm`.
pub fn sdbm(text: &[u8]) -> u32 {
    text.iter().fold(0, |hash: u32, byte| {
        u32::from(*byte).wrapping_add(hash << 6).wrapping_add(hash << 16).wrapping_sub(hash)
    })
}

/// Returns the n-th point of a server on the ring; servers are numbered from 1, and have 16 for each unit of weight.
///
/// # Source
/// HAProxy `src/lb_chash.c`, `chash_init_server_tree`.
pub fn point(server: u32, n: u32) -> u32 {
    full_hash(server.wrapping_mul(4096).wrapping_add(n))
}
