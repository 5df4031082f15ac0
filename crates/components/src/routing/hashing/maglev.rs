//! Maglev's table.

use xxhash_rust::xxh64::xxh64;

/// A member that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its number.
    pub owner: u32,
    /// The slot it asks for first.
    pub offset: u64,
    /// How far on the next one is.
    pub skip: u64,
    /// Its weight.
    pub weight: u32,
}

/// Fills a table of a prime size: members take turns claiming the next free slot in their own order (offset, then steps
/// of skip). Those of less weight take part in fewer rounds. Returns the owner of each slot.
///
/// # Source
/// Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016, section 3.4; weights as in
/// Envoy `source/extensions/load_balancing_policies/maglev/maglev_lb.cc`.
pub fn fill(size: u32, members: &[Claim]) -> Vec<u32> {
    /// A slot that nobody owns yet.
    const FREE: u32 = u32::MAX;
    let mut table = vec![FREE; size as usize];
    let size = u64::from(size);
    let heaviest = members.iter().map(|member| member.weight).max().unwrap_or(0);
    if heaviest == 0 {
        return Vec::new();
    }
    let mut next: Vec<u64> = vec![0; members.len()];
    let mut target: Vec<u64> = vec![0; members.len()];
    let (mut round, mut filled) = (1_u64, 0);
    while filled < size {
        for (at, Claim { owner, offset, skip, weight }) in members.iter().enumerate() {
            // One of half the weight takes part every second round.
            if *weight == 0 || round * u64::from(*weight) < target[at] {
                continue;
            }
            target[at] += u64::from(heaviest);
            let slot = loop {
                let slot = ((offset + next[at] * skip) % size) as usize;
                next[at] += 1;
                if table[slot] == FREE {
                    break slot;
                }
            };
            table[slot] = *owner;
            filled += 1;
            if filled == size {
                break;
            }
        }
        round += 1;
    }
    table
}

/// Returns the offset and the skip of a member.
///
/// # Source
/// Envoy, as above: xxHash64 of the address with seeds 0 and 1.
pub fn order(address: &str, size: u32) -> (u64, u64) {
    let size = u64::from(size);
    (xxh64(address.as_bytes(), 0) % size, xxh64(address.as_bytes(), 1) % (size - 1) + 1)
}

/// Returns where a key lies.
pub fn hash(key: &[u8]) -> u64 {
    xxh64(key, 0)
}

/// Returns whether a table can have this size: a prime, so that every order comes to every slot.
pub fn is_prime(size: u32) -> bool {
    size >= 2 && (2..).take_while(|d| d * d <= u64::from(size)).all(|d| !u64::from(size).is_multiple_of(d))
}
