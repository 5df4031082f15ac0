//! nginx's hashes.

use crc32fast::Hasher;

/// Points on the ring for each unit of weight.
pub const POINTS: u32 = 160;

/// Returns the points of a server on the ring, in no order.
///
/// # Source
/// nginx `src/http/modules/ngx_http_upstream_hash_module.c`, `ngx_http_upstream_init_chash`: a chain of CRC-32 over host,
/// a zero byte, port and the point before.
pub fn points(address: &str, count: u32) -> impl Iterator<Item = u32> {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let mut base = Hasher::new();
    base.update(host.as_bytes());
    base.update(&[0]);
    base.update(port.as_bytes());
    let mut before = 0_u32;
    (0..count).map(move |_| {
        let mut hash = base.clone();
        hash.update(&before.to_le_bytes());
        before = hash.finalize();
        before
    })
}

/// Returns where a key lies on the ring.
pub fn on_the_ring(key: &[u8]) -> u32 {
    crc32fast::hash(key)
}

/// Returns what is added to the hash of a key at its n-th try, from 0: `hash` without `consistent`.
///
/// # Source
/// nginx `ngx_http_upstream_get_hash_peer`, as in Perl's Cache::Memcached.
pub fn try_of(key: &[u8], n: u32) -> u32 {
    let mut hash = Hasher::new();
    if n > 0 {
        hash.update(super::digits(u64::from(n), &mut [0; 20]));
    }
    hash.update(key);
    (hash.finalize() >> 16) & 0x7fff
}

/// Continues the hash of an address by its octets: `ip_hash`, which takes the first three of IPv4.
///
/// # Source
/// nginx `src/http/modules/ngx_http_upstream_ip_hash_module.c`.
pub fn of_address(hash: u32, octets: &[u8]) -> u32 {
    octets.iter().fold(hash, |hash, octet| (hash * 113 + u32::from(*octet)) % 6271)
}

/// What the hash of an address begins with.
pub const ADDRESS_SEED: u32 = 89;
