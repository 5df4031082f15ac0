//! What a decision costs, by policy and number of members: `cargo bench -p kneepoint-components --bench policies`.
//!
//! One iteration is one call: it is given to a member, which has one call more, and the oldest call under way ends.
//! As many calls are under way as there are members, so that loads are many and change with each decision, as in a run.
//!
//! The time should hardly depend on the number of members: what it grows by is the logarithm of whatever keeps the
//! order, and the caches of the machine.

use std::collections::VecDeque;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use kneepoint_calls::Attributes;
use kneepoint_components::routing::policies::{
    ConsistentHash, EarliestDeadline, First, HaproxyRandom, HaproxyRing, HaproxyRoundRobin, HashModulo,
    IpHash, JoinIdleQueue, JumpHash, Ketama, LeastTime, Maglev, Modulo, PeakEwma, ShuffleShard,
    SmoothWeighted, StaticRoundRobin, Sticky, Subset, WeightedRandom, ZoneAware,
};
use kneepoint_components::routing::{
    Choice, End, LeastConnections, Member, Members, Policy, PowerOfChoices, Random, RoundRobin, Ties,
};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

const MEMBERS: [usize; 3] = [10, 1_000, 10_000];

/// Keys that are asked for.
const KEYS: u64 = 100_000;

/// Who is aware of zones has this many members in its own: every third.
const ZONES: usize = 3;

/// A slot for each member ten times over, and a prime.
const TABLE: u32 = 100_003;

fn policies() -> Vec<(&'static str, Box<dyn Policy>)> {
    let ten_seconds = SimDuration::from_secs(10);
    vec![
        ("round_robin", Box::new(RoundRobin::new())),
        ("random", Box::new(Random::new())),
        ("first", Box::new(First)),
        ("join_idle_queue", Box::new(JoinIdleQueue::new())),
        ("least_connections_longest_unchanged", Box::new(LeastConnections::new(Ties::LongestUnchanged))),
        ("least_connections_rotation", Box::new(LeastConnections::new(Ties::Rotation))),
        ("least_connections_first", Box::new(LeastConnections::new(Ties::First))),
        ("least_connections_random", Box::new(LeastConnections::new(Ties::Random))),
        ("least_time", Box::new(LeastTime::new())),
        ("peak_ewma", Box::new(PeakEwma::new(ten_seconds))),
        ("power_of_choices", Box::new(PowerOfChoices::new(2))),
        ("weighted_random", Box::new(WeightedRandom::new())),
        ("weighted_nginx", Box::new(SmoothWeighted::new())),
        ("weighted_nginx_max_fails", Box::new(SmoothWeighted::new().with_max_fails(3))),
        ("weighted_haproxy", Box::new(HaproxyRoundRobin::new())),
        ("weighted_envoy", Box::new(EarliestDeadline::new())),
        ("static_round_robin", Box::new(StaticRoundRobin::new())),
        ("haproxy_random", Box::new(HaproxyRandom::new(2))),
        ("key_hash_nginx", Box::new(HashModulo::new(Modulo::Nginx))),
        ("key_hash_haproxy", Box::new(HashModulo::new(Modulo::Haproxy))),
        ("ip_hash", Box::new(IpHash::new())),
        ("jump_hash", Box::new(JumpHash)),
        ("ketama", Box::new(Ketama::default())),
        ("maglev", Box::new(Maglev::new(TABLE))),
        ("consistent_hash", Box::new(ConsistentHash::new(150))),
        ("consistent_hash_bounded", Box::new(ConsistentHash::new(150).bounded(1.25))),
        ("haproxy_ring", Box::new(HaproxyRing::new())),
        ("haproxy_ring_bounded", Box::new(HaproxyRing::new().bounded(150))),
        ("sticky", Box::new(Sticky::new(RoundRobin::new(), Some(ten_seconds)))),
        ("subset", Box::new(Subset::new(10, RoundRobin::new()))),
        ("shuffle_shard", Box::new(ShuffleShard::new(4))),
        ("zone_aware", Box::new(ZoneAware::new(RoundRobin::new(), 0.7))),
    ]
}

/// A policy and its members, as a balancer keeps them, with calls under way.
struct Turns {
    policy: Box<dyn Policy>,
    members: Members,
    under_way: VecDeque<usize>,
    now: SimTime,
    keys: Stream,
}

impl Turns {
    fn new(mut policy: Box<dyn Policy>, members: Members) -> Turns {
        policy.start(&members, Stream::from_key(7));
        let calls = members.count();
        let under_way = VecDeque::with_capacity(calls + 1);
        let mut turns = Turns { policy, members, under_way, now: SimTime::ZERO, keys: Stream::from_key(8) };
        (0..calls).for_each(|_| turns.begin());
        turns
    }

    fn load(&mut self, member: usize, load: u32) {
        self.members.set_load(member, load);
        if self.policy.watches() {
            self.policy.loaded(member, &self.members);
        }
    }

    fn begin(&mut self) {
        self.now += SimDuration::from_micros(10);
        // Addresses differ in the octets that count.
        let key = self.keys.below(KEYS) << 8;
        let attributes = Attributes::of(key);
        let choice =
            Choice { attributes: &attributes, key, now: self.now, members: &self.members, tried: &[] };
        let member = self.policy.choose(&choice).expect("all are up");
        self.load(member, self.members.load(member) + 1);
        self.under_way.push_back(member);
    }

    fn turn(&mut self) {
        self.begin();
        let member = self.under_way.pop_front().expect("calls are under way");
        self.load(member, self.members.load(member) - 1);
        if self.policy.watches() {
            let took = Some(SimDuration::from_micros(1_000 + self.keys.below(1_000)));
            self.policy.ended(member, End { now: self.now, took, failed: false }, &self.members);
        }
    }
}

/// Members of weights 1 to 4 in turn, a third of them near.
fn members(count: usize) -> Members {
    let member = |at: usize| Member {
        zone: u16::from(!at.is_multiple_of(ZONES)),
        ..Member::at(&format!("10.0.{}.{}:80", at / 256, at % 256)).weight(1 + at as u32 % 4)
    };
    Members::new((0..count).map(member).collect())
}

fn decisions(criterion: &mut Criterion) {
    for (name, policy) in policies() {
        let mut group = criterion.benchmark_group(name);
        for count in MEMBERS {
            // Made once: some fill a table with all members at their start.
            let mut turns = Turns::new(policy.boxed(), members(count));
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher.iter(|| black_box(&mut turns).turn());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, decisions);
criterion_main!(benches);
