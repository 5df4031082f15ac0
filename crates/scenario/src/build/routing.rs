//! Points of choice: policies, and what a balancer does beyond choosing.

use std::collections::BTreeSet;

use kneepoint_calls::{ComponentId, STATUSES};
use kneepoint_components::Edge;
use kneepoint_components::routing::policies::{
    ConsistentHash, EarliestDeadline, First, HaproxyRandom, HaproxyRing, HaproxyRoundRobin, HashModulo,
    IpHash, JoinIdleQueue, JumpHash, Ketama, LeastTime, Maglev, Modulo, Nearest, PeakEwma, ShuffleShard,
    SmoothWeighted, StaticRoundRobin, Sticky, Subset, WeightedRandom, ZoneAware,
};
use kneepoint_components::routing::{
    Active, Balancer, By, Discovery, KeepAlive, LeastConnections, Line, Loads, Member, Next, Outlier,
    Passive, Policy, PowerOfChoices, Random, RoundRobin, Routing, Seen, SlowStart, TRIES_MAX, Ties, hashing,
};
use kneepoint_engine::SimDuration;

use super::via::elsewhere;
use super::{Builder, Built, law, unbuilt, wrong};
use crate::diagnostic::Fault;
use crate::file::Place;
use crate::node::NodeId;
use crate::typed::{Args, Data};

/// Points on a ring, or entries of a table, at most.
///
/// # Source
/// Chosen: 80 MB, and at most half as much to find them by.
const POINTS_MAX: u64 = 10_000_000;

/// The largest weight.
///
/// # Source
/// HAProxy, `server … weight`.
const WEIGHT_MAX: u64 = 256;

/// One that can be chosen, as it is found when the file is built.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The way to it.
    pub edge: Edge,
    /// What people call it: `web/3`.
    pub name: String,
    /// Where it is named.
    pub place: Place,
    /// What it is: what connections to it end at.
    pub end: ComponentId,
    /// Whether it says how many calls are inside.
    pub reports: bool,
    /// Which of the balancer's targets it belongs to.
    pub target: usize,
    /// Whether it stands where the balancer does.
    pub near: bool,
    /// How far it is, there and back \[ns\]; nothing if nobody says.
    pub distance: Option<u64>,
}

/// How a choice is made.
struct Chosen {
    routing: Routing,
    by: By,
    /// Of the members, where the policy gives them any.
    weights: Option<Vec<u32>>,
}

fn other(policy: impl Policy, by: By, weights: Option<Vec<u32>>) -> Built<Chosen> {
    Ok(Chosen { routing: Routing::Other(Box::new(policy)), by, weights })
}

fn plain(routing: impl Into<Routing>) -> Built<Chosen> {
    Ok(Chosen { routing: routing.into(), by: By::Request, weights: None })
}

fn boxed(policy: impl Policy) -> Built<Chosen> {
    other(policy, By::Request, None)
}

fn span(args: &Args, field: &str) -> SimDuration {
    SimDuration::from_nanos(args.duration(field))
}

/// The weights of members: one for each of them, or for each of the targets.
fn weights(args: &Args, members: &[Candidate]) -> Built<Vec<u32>> {
    let mut weights = Vec::new();
    for value in args.list("weights") {
        let weight = value.number().unwrap_or(0.0);
        if weight > WEIGHT_MAX as f64 {
            return wrong(value.place, format!("a weight is at most {WEIGHT_MAX}; only their ratio counts"));
        }
        weights.push(weight as u32);
    }
    let targets = members.last().map_or(0, |member| member.target + 1);
    let place = args.place_of("weights");
    let all = match weights.len() {
        given if given == members.len() => weights,
        given if given == targets => members.iter().map(|member| weights[member.target]).collect(),
        given => {
            let fault = Fault::error(place, format!("{given} weights for {} members", members.len()));
            let help = if targets > 1 {
                format!("one for each instance ({}), or one for each of `to` ({targets})", members.len())
            } else {
                "one for each instance".to_string()
            };
            return Err(vec![fault.help(help)]);
        }
    };
    if all.iter().all(|weight| *weight == 0) {
        return wrong(place, "all weights are 0: nobody could be chosen");
    }
    Ok(all)
}

fn weights_if(args: &Args, members: &[Candidate]) -> Built<Option<Vec<u32>>> {
    if args.get("weights").is_some() { weights(args, members).map(Some) } else { Ok(None) }
}

/// Holds that a ring of so many points for each unit of weight can be kept.
fn ring(args: &Args, field: &str, points: u64, members: &[Candidate], weights: Option<&[u32]>) -> Built<()> {
    let units: u64 = match weights {
        Some(weights) => weights.iter().map(|weight| u64::from(*weight)).sum(),
        None => members.len() as u64,
    };
    let all = points.saturating_mul(units);
    if all > POINTS_MAX {
        let message = format!("{points} points for each of {units} units of weight are {all}");
        let fault = Fault::error(args.place_of(field), message);
        return Err(vec![fault.help(format!("a ring holds at most {POINTS_MAX}"))]);
    }
    Ok(())
}

impl Builder<'_> {
    /// The key a policy goes by.
    fn by_key(&mut self, args: &Args, site: NodeId) -> Built<By> {
        let name = args.text("key").unwrap_or_default();
        let (key, _) = self.keys.key(self.checked, name, site, args.place_of("key"))?;
        Ok(By::Key(key))
    }

    fn policy(&mut self, policy: &Args, members: &[Candidate], site: NodeId) -> Built<Chosen> {
        match policy.kind() {
            "RoundRobin" => plain(RoundRobin::new()),
            "Random" => plain(Random::new()),
            "LeastConnections" | "WeightedLeastConnections" => {
                let ties = match policy.word("ties") {
                    "LongestUnchanged" => Ties::LongestUnchanged,
                    "Rotation" => Ties::Rotation,
                    "FirstInList" => Ties::First,
                    _ => Ties::Random,
                };
                let weights = match policy.kind() {
                    "LeastConnections" => None,
                    _ => Some(weights(policy, members)?),
                };
                Ok(Chosen { weights, ..plain(LeastConnections::new(ties))? })
            }
            "PowerOfChoices" => plain(PowerOfChoices::new(policy.count("choices") as usize)),
            "LeastTime" => boxed(LeastTime::new()),
            "Nearest" => {
                if let Some(unknown) = members.iter().find(|member| member.distance.is_none()) {
                    let message = format!("nothing says how far {} is", unknown.name);
                    let help = "give `places` to both ends and a `network`, or a round_trip to the edge";
                    return Err(vec![Fault::error(policy.head, message).help(help)]);
                }
                boxed(Nearest::new())
            }
            "First" => boxed(First),
            "JoinIdleQueue" => boxed(JoinIdleQueue::new()),
            "PeakEwma" => boxed(PeakEwma::new(span(policy, "decay"))),
            "IpHash" => other(IpHash::new(), By::Address, weights_if(policy, members)?),
            "WeightedRandom" => other(WeightedRandom::new(), By::Request, Some(weights(policy, members)?)),
            "WeightedRoundRobin" => {
                let weights = Some(weights(policy, members)?);
                match policy.word("order") {
                    "Nginx" => other(SmoothWeighted::new(), By::Request, weights),
                    "Haproxy" => other(HaproxyRoundRobin::new(), By::Request, weights),
                    _ => other(EarliestDeadline::new(), By::Request, weights),
                }
            }
            "StaticRoundRobin" => {
                other(StaticRoundRobin::new(), By::Request, Some(weights(policy, members)?))
            }
            "HaproxyRandom" => {
                let draws = u32::try_from(policy.count("draws")).unwrap_or(u32::MAX);
                other(HaproxyRandom::new(draws), By::Request, weights_if(policy, members)?)
            }
            "HaproxyRing" => {
                let weights = weights_if(policy, members)?;
                ring(policy, "key", 16, members, weights.as_deref())?;
                let plain = HaproxyRing::new();
                let bounded = match policy.get("bound") {
                    None => plain,
                    Some(_) => plain.bounded((policy.number("bound") * 100.0).round() as u32),
                };
                other(bounded, self.by_key(policy, site)?, weights)
            }
            "KeyHash" => {
                let modulo = if policy.word("modulo") == "Haproxy" { Modulo::Haproxy } else { Modulo::Nginx };
                other(HashModulo::new(modulo), self.by_key(policy, site)?, weights_if(policy, members)?)
            }
            "Ketama" => {
                let weights = weights_if(policy, members)?;
                ring(policy, "points", policy.count("points"), members, weights.as_deref())?;
                let points = policy.count("points") as u32;
                other(Ketama::new(points), self.by_key(policy, site)?, weights)
            }
            "ConsistentHash" => {
                let weights = weights_if(policy, members)?;
                let points = policy.count("virtual_nodes");
                ring(policy, "virtual_nodes", points, members, weights.as_deref())?;
                let plain = ConsistentHash::new(points as u32);
                let bounded = match policy.get("bound") {
                    None => plain,
                    Some(_) => plain.bounded(policy.number("bound")),
                };
                other(bounded, self.by_key(policy, site)?, weights)
            }
            "JumpHash" => other(JumpHash, self.by_key(policy, site)?, None),
            "Maglev" => {
                let size = policy.count("table");
                let place = policy.place_of("table");
                let Some(size) = u32::try_from(size).ok().filter(|size| u64::from(*size) <= POINTS_MAX)
                else {
                    return wrong(place, format!("a table has at most {POINTS_MAX} slots"));
                };
                if !hashing::maglev::is_prime(size) {
                    let fault = Fault::error(
                        place,
                        format!("{size} is no prime: some slots would never be asked for"),
                    );
                    return Err(vec![fault.help("251, 65537 and 655373 are primes")]);
                }
                if (size as usize) < members.len() {
                    return wrong(place, format!("{size} slots are too few for {} members", members.len()));
                }
                other(Maglev::new(size), self.by_key(policy, site)?, weights_if(policy, members)?)
            }
            "Sticky" => {
                let Chosen { routing, by, weights } = self.inner(policy, members, site)?;
                if !matches!(by, By::Request) {
                    return wrong(
                        policy.place_of("of"),
                        "who is new is given to somebody: not by a key or address",
                    );
                }
                let lifetime = policy.duration_if("lifetime").map(SimDuration::from_nanos);
                let by = if policy.word("by") == "Ip" { By::Address } else { By::User };
                other(Sticky::new(routing, lifetime), by, weights)
            }
            "Subset" => {
                let Chosen { routing, by, weights } = self.inner(policy, members, site)?;
                other(Subset::new(policy.count("size") as usize, routing), by, weights)
            }
            "ShuffleShard" => {
                let size = policy.count("size") as usize;
                let by = match policy.text("key") {
                    Some(_) => self.by_key(policy, site)?,
                    None => By::User,
                };
                other(ShuffleShard::new(size), by, None)
            }
            "ZoneAware" => {
                let Chosen { routing, by, weights } = self.inner(policy, members, site)?;
                other(ZoneAware::new(routing, policy.number("enough")), by, weights)
            }
            kind => unbuilt(policy.head, &format!("`{kind}`")),
        }
    }

    fn inner(&mut self, policy: &Args, members: &[Candidate], site: NodeId) -> Built<Chosen> {
        match policy.args("of") {
            Some(of) => self.policy(of, members, site),
            None => plain(RoundRobin::new()),
        }
    }

    /// Builds the balancer of a `Balance` or `Balancer`.
    pub(super) fn choice(
        &mut self,
        args: &Args,
        members: Vec<Candidate>,
        backups: Vec<Candidate>,
        site: NodeId,
    ) -> Built<Balancer> {
        each_once(&members, &backups)?;
        let policy = args.args("policy");
        let make = |builder: &mut Self, members: &[Candidate]| match policy {
            Some(policy) => builder.policy(policy, members, site),
            None => plain(RoundRobin::new()),
        };
        let Chosen { mut routing, by, weights } = make(self, &members)?;
        if let Some(passive) = passive(args)
            && policy.is_some_and(|policy| {
                policy.kind() == "WeightedRoundRobin" && policy.word("order") == "Nginx"
            })
        {
            let failures = u32::try_from(passive.count("failures")).unwrap_or(u32::MAX);
            routing = Routing::Other(Box::new(SmoothWeighted::new().with_max_fails(failures)));
        }
        let all = || members.iter().chain(&backups);
        let silent = all().find(|member| !member.reports).map(|member| member.name.clone());
        let described = described(&members, weights.as_deref());
        let whom: Vec<ComponentId> = members.iter().map(|member| member.end).collect();
        let edges = members.into_iter().map(|member| member.edge).collect();
        let mut balancer = Balancer::among(edges, described, routing).by(by);
        if !backups.is_empty() {
            // Weights are those of the members in front: behind them all are alike.
            let described = described_alike(&backups);
            let edges = backups.into_iter().map(|member| member.edge).collect();
            balancer = balancer.with_backups(edges, described, RoundRobin::new());
        }
        if let Some(silent) = silent
            && args.kind.field("view").is_some()
            && let Some(view) = args.args("view")
        {
            return unbuilt(view.head, &format!("a `view` of {silent}, which does not report its load,"));
        }
        let balancer = self.care(args, balancer)?;
        match args.kind.field("discovery").and_then(|_| args.args("discovery")) {
            Some(discovery) => Ok(balancer.with_discovery(self.discovery(discovery, whom)?)),
            None => Ok(balancer),
        }
    }

    fn discovery(&self, args: &Args, whom: Vec<ComponentId>) -> Built<Discovery> {
        let delay = law::distribution(self.checked, args.distribution("delay"), args.place_of("delay"))?;
        let slots = args.count_if("slots").map_or(usize::MAX, |slots| slots as usize);
        Ok(Discovery::new(whom, span(args, "ttl"), delay, slots))
    }

    /// The parts that a `Balance` calls while nobody else is up, each chosen as a whole.
    pub(super) fn backups(&mut self, balance: &Args, owner: (usize, usize)) -> Built<Vec<Candidate>> {
        let mut backups = Vec::new();
        let mut named = BTreeSet::new();
        for (target, value) in balance.list("backups").iter().enumerate() {
            let Data::Path(path) = &value.data else { return wrong(value.place, "a call goes to a part") };
            if !named.insert(path.to_string()) {
                return twice(value.place, &format!("\"{path}\" is in reserve twice"));
            }
            let (calls, asks_for, among) = elsewhere(self, balance, path, value.place, owner)?;
            let edge = self.edge_asking(&calls, owner.1, among, &asks_for)?;
            backups.push(Candidate {
                edge,
                name: self.checked.parts()[calls[0].callee].name.to_string(),
                place: value.place,
                end: edge.to.id(),
                reports: false,
                target,
                near: true,
                distance: None,
            });
        }
        Ok(backups)
    }

    /// What a balancer does beyond choosing.
    fn care(&mut self, args: &Args, mut balancer: Balancer) -> Built<Balancer> {
        for health in args.args_list("health") {
            balancer = match health.kind() {
                "Active" => balancer.with_checks(active(health)),
                "Outlier" => balancer.with_outliers(outlier(health)?),
                _ => balancer.with_ejection(ejection(health)),
            };
        }
        if args.kind() == "Dns" {
            // A name server chooses and looks after its records; calls do not pass it.
            return Ok(balancer);
        }
        if let Some(next) = args.args("next") {
            balancer = balancer.with_next(another(next)?);
        }
        if let Some(view) = args.args("view") {
            let delay = law::distribution(self.checked, view.distribution("delay"), view.place_of("delay"))?;
            let Some(delay) = delay.is_constant() else {
                return wrong(view.place_of("delay"), "the delay of a balancer's view is a constant");
            };
            let loads = Loads::Reported;
            let seen =
                Seen { loads, every: span(view, "every"), delay: SimDuration::from_nanos(delay as u64) };
            balancer = balancer.with_view(seen);
        }
        if let Some(lasts) = args.duration_if("slow_start") {
            balancer = balancer.with_slow_start(SlowStart { lasts: SimDuration::from_nanos(lasts) });
        }
        let most = |field: &str| args.count_if(field).map(|most| u32::try_from(most).unwrap_or(u32::MAX));
        if let Some(most) = most("max_per_member") {
            balancer = balancer.with_member_connections(most);
        }
        if args.kind.field("keep_alive").is_some() {
            balancer = self.keep_alive(args, balancer)?;
        }
        if args.kind.field("max_connections").is_some()
            && let Some(most) = most("max_connections")
        {
            balancer = balancer.with_connections(most);
        }
        if let Some(queue) = args.args("queue") {
            let bounded = args.get("max_per_member").is_some()
                || args.kind.field("max_connections").is_some() && args.get("max_connections").is_some();
            if !bounded {
                let fault = Fault::error(args.place_of("queue"), "nobody ever waits in this `queue`");
                return Err(vec![fault.help("give `max_per_member` or `max_connections`")]);
            }
            balancer = balancer.with_line(self.line(queue)?);
        }
        Ok(balancer)
    }

    /// Connections to the members: without a word of them they cost nothing.
    fn keep_alive(&self, args: &Args, balancer: Balancer) -> Built<Balancer> {
        let kept = args.count("keep_alive");
        let Some(handshake) = args.distribution_if("handshake") else {
            return match kept {
                0 => Ok(balancer),
                _ => {
                    let message = "kept connections spare a `handshake`, of which nothing is said";
                    let fault = Fault::error(args.place_of("keep_alive"), message);
                    Err(vec![fault.help("write handshake: \"1ms\", or leave both out")])
                }
            };
        };
        let handshake = law::distribution(self.checked, handshake, args.place_of("handshake"))?;
        Ok(balancer.with_keep_alive(KeepAlive::new(kept as usize, handshake)))
    }

    fn line(&mut self, queue: &Args) -> Built<Line> {
        if let Some(kind) = queue.args("discipline").filter(|kind| kind.kind() != "Fifo") {
            return wrong(kind.head, "the line before a balancer is first come first served");
        }
        let patience = match queue.distribution_if("patience") {
            Some(patience) => Some(law::distribution(self.checked, patience, queue.place_of("patience"))?),
            None => None,
        };
        Ok(Line { max: queue.count_if("max").map(|max| max as usize), patience })
    }

    /// Whether an instance stands in the zone of another part's instance; true where nothing is said.
    pub(super) fn is_near(&self, from: (usize, usize), to: (usize, usize)) -> bool {
        match (self.spot(from.0, from.1), self.spot(to.0, to.1)) {
            (Some(from), Some(to)) => from == to,
            _ => true,
        }
    }
}

fn described(members: &[Candidate], weights: Option<&[u32]>) -> Vec<Member> {
    let member = |(at, member): (usize, &Candidate)| Member {
        weight: weights.map_or(1, |weights| weights[at]),
        zone: u16::from(!member.near),
        distance: member.distance.unwrap_or(0),
        ..Member::at(&member.name).ends_at(member.end)
    };
    members.iter().enumerate().map(member).collect()
}

fn described_alike(members: &[Candidate]) -> Vec<Member> {
    described(members, None)
}

/// Holds that nobody is chosen in two places.
fn each_once(members: &[Candidate], backups: &[Candidate]) -> Built<()> {
    let mut known = BTreeSet::new();
    for one in members.iter().chain(backups) {
        if !known.insert(one.end) {
            let in_reserve = backups.iter().any(|backup| backup.place == one.place);
            let what = if in_reserve {
                format!("{} is in reserve and one of the others, or in reserve twice", one.name)
            } else {
                format!("{} is named twice", one.name)
            };
            return twice(one.place, &what);
        }
    }
    Ok(())
}

fn twice<T>(place: Place, what: &str) -> Built<T> {
    let fault = Fault::error(place, what);
    Err(vec![fault.help("name each once; a policy with `weights` gives one more calls than another")])
}

fn passive(args: &Args) -> Option<&Args> {
    args.args_list("health").find(|health| health.kind() == "Passive")
}

fn active(args: &Args) -> Active {
    let every = span(args, "every");
    let or_every = |field: &str| args.duration_if(field).map_or(every, SimDuration::from_nanos);
    let count = |field: &str| u32::try_from(args.count(field)).unwrap_or(u32::MAX);
    Active {
        first: [].into(),
        every,
        timeout: or_every("timeout"),
        fall: count("fall"),
        rise: count("rise"),
        fast_every: or_every("fast_every"),
        down_every: or_every("down_every"),
    }
}

fn ejection(args: &Args) -> Passive {
    let on = if args.get("on").is_some() { flags(args, "on") } else { Passive::default_failures() };
    Passive {
        failures: u32::try_from(args.count("failures")).unwrap_or(u32::MAX),
        window: span(args, "window"),
        out_for: span(args, "out_for"),
        at_most: args.number("at_most"),
        on,
        whole_seconds: args.flag("whole_seconds").then_some(SimDuration::ZERO),
    }
}

fn outlier(args: &Args) -> Built<Outlier> {
    let count = |field: &str| u32::try_from(args.count(field)).unwrap_or(u32::MAX);
    let out_for = span(args, "out_for");
    let cap = match args.duration_if("cap").map(SimDuration::from_nanos) {
        Some(cap) if cap < out_for => {
            return wrong(args.place_of("cap"), "`cap` is shorter than the first time, `out_for`");
        }
        Some(cap) => cap,
        None => Outlier::default().cap.max(out_for),
    };
    Ok(Outlier {
        failures: Some(count("failures")),
        every: span(args, "every"),
        out_for,
        cap,
        at_most: args.number("at_most"),
        always_one: args.flag("always_one"),
        deviations: args.flag("compare").then(|| args.number("deviations")),
        members: count("members"),
        calls: count("calls"),
        failure_share: args.number_if("failure_share"),
        failure_calls: count("failure_calls"),
        on: flags(args, "on"),
    })
}

fn another(args: &Args) -> Built<Next> {
    let count = |field: &str| u32::try_from(args.count(field)).unwrap_or(u32::MAX);
    let (tries, same) = (count("tries"), count("same"));
    if tries as usize > TRIES_MAX {
        return wrong(args.place_of("tries"), format!("a call is tried at most {TRIES_MAX} times more"));
    }
    if same > tries {
        return wrong(args.place_of("same"), format!("`same` ({same}) are some of the `tries` ({tries})"));
    }
    let on = if args.get("on").is_some() { flags(args, "on") } else { Passive::default_failures() };
    Ok(Next { tries, same, wait: span(args, "wait"), on })
}

fn flags(args: &Args, field: &str) -> [bool; STATUSES] {
    let mut on = [false; STATUSES];
    for status in args.args_list(field).filter_map(|kind| super::status(kind.kind())) {
        on[status as usize] = true;
    }
    on
}
