//! Policies by themselves: by hand, against published tables, and against recordings of the products.

use kneepoint_calls::Attributes;
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

use super::*;
use crate::routing::hashing::{jump::jump, maglev as table};
use crate::routing::{Choice, Member, Members, Policy};

/// A policy and its members, as a balancer keeps them.
struct Bench {
    policy: Box<dyn Policy>,
    members: Members,
}

fn weighted(weights: &[u32]) -> Members {
    let member =
        |(at, weight): (usize, &u32)| Member::at(&format!("127.0.0.1:{}", 18101 + at)).weight(*weight);
    Members::new(weights.iter().enumerate().map(member).collect())
}

fn bench(policy: impl Policy, members: Members) -> Bench {
    let mut policy: Box<dyn Policy> = Box::new(policy);
    policy.start(&members, Stream::from_key(7));
    Bench { policy, members }
}

impl Bench {
    fn choose(&mut self, key: u64, tried: &[u16]) -> Option<usize> {
        let attributes = Attributes::of(key);
        let choice =
            Choice { attributes: &attributes, key, now: SimTime::ZERO, members: &self.members, tried };
        self.policy.choose(&choice)
    }

    fn load(&mut self, member: usize, load: u32) {
        self.members.set_load(member, load);
        self.policy.loaded(member, &self.members);
    }

    fn up(&mut self, member: usize, up: bool) {
        self.members.set_up(member, up);
        self.policy.changed(member, &self.members);
    }

    /// The next so many choices, as letters.
    fn letters(&mut self, count: usize) -> String {
        (0..count).map(|_| self.choose(0, &[]).map_or('-', |at| (b'A' + at as u8) as char)).collect()
    }
}

#[test]
fn weighted_round_robins_of_products_differ_in_order_and_agree_in_shares() {
    // recordings nginx-wrr-5-1-1, haproxy-wrr-5-1-1, haproxy-static-rr-5-1-1; Envoy by its published algorithm
    let of = |policy: Box<dyn Policy>, weights: &[u32], count| {
        let mut policy = policy;
        let members = weighted(weights);
        policy.start(&members, Stream::from_key(7));
        Bench { policy, members }.letters(count)
    };
    let weights = [5, 1, 1];
    assert_eq!(of(Box::new(SmoothWeighted::new()), &weights, 14), "AABACAAAABACAA");
    assert_eq!(of(Box::new(HaproxyRoundRobin::new()), &weights, 14), "AAABAACAAABAAC");
    assert_eq!(of(Box::new(StaticRoundRobin::new()), &weights, 14), "AAABAACAAABAAC");
    assert_eq!(of(Box::new(EarliestDeadline::new()), &weights, 14), "AAAABCAAAAABCA");
    // nginx-wrr-3-2-1-1-backup, haproxy-wrr-3-2-1-backup
    assert_eq!(of(Box::new(SmoothWeighted::new()), &[3, 2, 1], 12), "ABACBAABACBA");
    assert_eq!(of(Box::new(HaproxyRoundRobin::new()), &[3, 2, 1], 12), "ABACABABACAB");
    for policy in [
        Box::new(SmoothWeighted::new()) as Box<dyn Policy>,
        Box::new(HaproxyRoundRobin::new()),
        Box::new(StaticRoundRobin::new()),
        Box::new(EarliestDeadline::new()),
    ] {
        let letters = of(policy, &[5, 3, 2], 1000);
        let count = |letter| letters.chars().filter(|c| *c == letter).count();
        assert_eq!((count('A'), count('B'), count('C')), (500, 300, 200));
    }
}

#[test]
fn a_member_that_is_down_or_tried_is_passed_over_and_comes_back() {
    let policies: Vec<Box<dyn Policy>> = vec![
        Box::new(RoundRobin::new()),
        Box::new(SmoothWeighted::new()),
        Box::new(HaproxyRoundRobin::new()),
        Box::new(StaticRoundRobin::new()),
        Box::new(EarliestDeadline::new()),
        Box::new(Random::new()),
        Box::new(WeightedRandom::new()),
        Box::new(First),
        Box::new(JoinIdleQueue::new()),
        Box::new(LeastTime::new()),
        Box::new(PeakEwma::new(SimDuration::from_secs(10))),
        Box::new(PowerOfChoices::new(2)),
        Box::new(LeastConnections::new(Ties::LongestUnchanged)),
        Box::new(LeastConnections::new(Ties::Rotation)),
        Box::new(LeastConnections::new(Ties::Random)),
        Box::new(IpHash::new()),
        Box::new(HashModulo::new(Modulo::Nginx)),
        Box::new(HashModulo::new(Modulo::Haproxy)),
        Box::new(Ketama::default()),
        Box::new(HaproxyRing::new()),
        Box::new(HaproxyRing::new().bounded(150)),
        Box::new(HaproxyRandom::new(2)),
        Box::new(JumpHash),
        Box::new(Maglev::new(251)),
        Box::new(ConsistentHash::new(150)),
        Box::new(ConsistentHash::new(150).bounded(1.25)),
        Box::new(Sticky::new(RoundRobin::new(), None)),
        Box::new(Subset::new(4, RoundRobin::new())),
        Box::new(ShuffleShard::new(4)),
        Box::new(ZoneAware::new(RoundRobin::new(), 0.5)),
    ];
    for (number, mut policy) in policies.into_iter().enumerate() {
        let members = weighted(&[2, 1, 3, 1]);
        policy.start(&members, Stream::from_key(7));
        let mut bench = Bench { policy, members };
        let keys = 0..60_u64 << 8;
        let seen = |bench: &mut Bench, tried: &[u16]| {
            let mut seen = [0; 4];
            for key in keys.clone().step_by(97) {
                let Some(at) = bench.choose(key, tried) else { continue };
                seen[at] += 1;
            }
            seen
        };
        let all = seen(&mut bench, &[]);
        assert!(all.iter().sum::<i32>() > 0, "{number}");
        bench.up(2, false);
        let without = seen(&mut bench, &[]);
        assert!(
            without[2] == 0 && without.iter().sum::<i32>() == all.iter().sum::<i32>(),
            "{number} {without:?}"
        );
        bench.up(2, true);
        let tried = seen(&mut bench, &[0, 3]);
        assert!(tried[0] == 0 && tried[3] == 0, "{number} {tried:?}");
        assert_eq!(bench.choose(5, &[0, 1, 2, 3]), None, "{number}");
        (0..4).for_each(|member| bench.up(member, false));
        assert_eq!(bench.choose(5, &[]), None, "{number}");
        (0..4).for_each(|member| bench.up(member, true));
        assert!(bench.choose(5, &[]).is_some(), "{number}");
    }
}

#[test]
fn least_connections_of_the_catalogue() {
    for (loads, picked) in [([12, 8, 15], 1), ([10, 5, 8], 1)] {
        for ties in [Ties::LongestUnchanged, Ties::Rotation, Ties::First, Ties::Random] {
            let mut bench = bench(LeastConnections::new(ties), weighted(&[1, 1, 1]));
            loads.iter().enumerate().for_each(|(at, load)| bench.load(at, *load));
            assert_eq!(bench.choose(0, &[]), Some(picked), "{ties:?}");
        }
    }
}

#[test]
fn jump_hash_is_that_of_its_authors() {
    // golden values of Guava's implementation
    let buckets: Vec<u32> = (0..20).map(|key| jump(key, 100)).collect();
    assert_eq!(buckets, [0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83]);
    assert_eq!((jump(10_863_919_174_838_991, 11), jump(2, 100_001)), (6, 80_343));
}

#[test]
fn maglev_tables_are_those_of_the_paper_and_of_envoy() {
    let claim = |(owner, (offset, skip)): (usize, (u64, u64))| table::Claim {
        owner: owner as u32,
        offset,
        skip,
        weight: 1,
    };
    let fill = |orders: &[(u64, u64)]| {
        let claims: Vec<_> = orders.iter().copied().enumerate().map(claim).collect();
        table::fill(7, &claims)
    };
    assert_eq!(fill(&[(3, 4), (0, 2), (3, 1)]), [1, 0, 1, 0, 2, 2, 0]);
    let order = |name: &str| table::order(name, 7);
    let orders: Vec<_> = (90..96).map(|port| order(&format!("127.0.0.1:{port}"))).collect();
    assert_eq!(orders, [(2, 4), (3, 6), (0, 2), (3, 3), (1, 3), (1, 5)]);
    assert_eq!(fill(&orders), [2, 4, 0, 1, 5, 0, 3]);
}

#[test]
fn a_bound_is_never_passed() {
    let mut bench = bench(ConsistentHash::new(150).bounded(1.25), weighted(&[1; 10]));
    let mut loads = [0_u32; 10];
    for key in 0..1000_u64 {
        let at = bench.choose(key % 3, &[]).unwrap();
        loads[at] += 1;
        bench.load(at, loads[at]);
        let most = bounded(1.25, key + 1, 1, 10);
        assert!(loads.iter().all(|load| u64::from(*load) <= most), "{loads:?} after {key}");
    }
}

#[test]
fn shards_of_two_of_eight_meet_fully_once_in_twenty_eight() {
    let shard = |key| ShuffleShard::shard(2, key, 8);
    let poisoned = shard(0);
    let others = 28_000;
    let met = (1..=others).filter(|key| shard(*key) == poisoned).count() as f64;
    // binomial: 1000 expected, with a standard deviation of 31
    assert!((met - 1000.0).abs() < 4.0 * 31.1, "{met}");
}

#[test]
fn a_slow_member_loses_by_time_and_an_unknown_one_is_tried() {
    for policy in
        [Box::new(LeastTime::new()) as Box<dyn Policy>, Box::new(PeakEwma::new(SimDuration::from_secs(10)))]
    {
        let mut policy = policy;
        let members = weighted(&[1, 1]);
        policy.start(&members, Stream::from_key(1));
        let end = |millis| crate::routing::End {
            now: SimTime::from_millis(1),
            took: Some(SimDuration::from_millis(millis)),
            failed: false,
        };
        policy.ended(0, end(100), &members);
        policy.ended(1, end(10), &members);
        let mut bench = Bench { policy, members };
        let attributes = Attributes::of(1);
        let choice = Choice {
            attributes: &attributes,
            key: 1,
            now: SimTime::from_millis(2),
            members: &bench.members,
            tried: &[],
        };
        assert_eq!(bench.policy.choose(&choice), Some(1));
    }
}

#[test]
fn the_tournament_is_the_slow_twin() {
    let mut stream = Stream::from_key(3);
    for n in [1, 2, 3, 5, 8, 100] {
        let mut slow = vec![(0_u64, 0_u64); n];
        let mut fast = super::tournament::Tournament::new(slow.iter().copied().map(Some));
        for _ in 0..500 {
            let position = stream.below(n as u64) as usize;
            let value = (stream.below(4), stream.below(2));
            slow[position] = value;
            fast.set(position, Some(value));
            let least = slow.iter().min().unwrap();
            let tied: Vec<usize> = (0..n).filter(|i| slow[*i] == *least).collect();
            assert_eq!(fast.tied() as usize, tied.len());
            for (i, position) in tied.iter().enumerate() {
                assert_eq!(fast.least(i as u32), *position);
            }
            assert_eq!(fast.get(position), Some(value));
        }
    }
}
