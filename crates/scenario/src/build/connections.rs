//! Connections of users: who has them, how long they last, and who is chosen for them.

use kneepoint_components::routing::{Lasting, Pins};

use super::{Builder, Built, law, traffic, unbuilt, wrong};
use crate::diagnostic::Fault;
use crate::scenario::Checked;
use crate::topology::{Call, Part};
use crate::typed::Args;

/// The number of the first user of each part: those of each client are in a row, and no two clients share one.
pub(super) fn first_users(checked: &Checked, faults: &mut Vec<Fault>) -> Vec<u32> {
    let mut next = 0_u32;
    let first = |part: &Part| {
        let first = next;
        // The last number is nobody's: checks of health come from it.
        match next.checked_add(users(part)).filter(|next| *next < u32::MAX) {
            Some(then) => next = then,
            None => {
                let message = format!("all clients together have more than {} users", u32::MAX - 1);
                let fault = Fault::error(part.args.head, message);
                let most = traffic::USERS_MAX;
                faults.push(
                    fault.help(format!("clients of sessions and closed clients count as {most:.0} each")),
                );
            }
        }
        first
    };
    checked.parts().iter().map(first).collect()
}

/// How many numbers a client's users and addresses take.
fn users(part: &Part) -> u32 {
    let args = &part.args;
    match args.kind() {
        "OpenClient" => {
            let users = args.count("users");
            users.max(args.count_if("addresses").unwrap_or(users)) as u32
        }
        "ClosedClient" | "SessionClient" => traffic::USERS_MAX as u32,
        "TraceClient" => 1,
        _ => 0,
    }
}

/// What a part says of its connections.
fn written(part: &Part) -> Option<&Args> {
    part.args.kind.field("connection")?;
    part.args.args("connection")
}

impl Builder<'_> {
    /// The numbers of a client's users.
    pub(super) fn users(&self, at: usize) -> std::ops::Range<u32> {
        let first = self.first_user[at];
        first..first.saturating_add(users(&self.checked.parts()[at]))
    }

    fn lasting(&self, connection: &Args) -> Built<Lasting> {
        let drawn = |field: &str| {
            law::distribution(self.checked, connection.distribution(field), connection.place_of(field))
        };
        Ok(Lasting { lifetime: drawn("lifetime")?, opening: drawn("handshake")? })
    }

    /// The connections of a client that end at the instances it calls; a balancer of layer 4 looks after its own.
    pub(super) fn connections_from(&self, call: &Call) -> Built<Option<Pins>> {
        let parts = self.checked.parts();
        let (caller, callee) = (&parts[call.caller], &parts[call.callee]);
        let Some(connection) = written(caller).filter(|_| caller.is_client) else { return Ok(None) };
        if is_layer_4(callee) {
            if callee.instances() > 1 {
                let message = format!(
                    "a connection passes one balancer of layer 4, and {} has {} instances",
                    callee.name,
                    callee.instances()
                );
                let fault = Fault::error(connection.head, message);
                return Err(vec![fault.help("put a Dns before them, which gives each user one")]);
            }
            return Ok(None);
        }
        if callee.args.kind() == "Dns" {
            // Through it they come to balancers that look after them, or the file is at fault.
            for behind in self.checked.topology().calls.iter().filter(|behind| behind.caller == call.callee) {
                if !is_layer_4(&parts[behind.callee]) {
                    let what = "a `connection` through a Dns to what is no Balancer of `layer: L4`";
                    return unbuilt(connection.head, what);
                }
            }
            return Ok(None);
        }
        Ok(Some(Pins::connections(vec![(u32::MAX, self.lasting(connection)?)])))
    }

    /// Holds that what a caller keeps for all its calls to a callee, its connections or a name, is not kept once for each
    /// of several edges: this is `another` one between the same two.
    pub(super) fn keeps_together(&self, call: &Call, another: bool, has_connections: bool) -> Built<()> {
        let parts = self.checked.parts();
        let (caller, callee) = (&parts[call.caller], &parts[call.callee]);
        let what = match callee.args.kind() {
            _ if !another => return Ok(()),
            "Dns" => "the name it knows",
            _ if has_connections => "its connections",
            _ => return Ok(()),
        };
        let message = format!(
            "{} has edges to {} that differ by operation, and {what} would be kept for each of them",
            caller.name, callee.name
        );
        let place = written(caller).map_or(caller.args.head, |connection| connection.head);
        Err(vec![Fault::error(place, message).help("give all operations the same edge")])
    }

    /// The connections that a balancer of layer 4 has chosen for: those of the clients before it.
    pub(super) fn connections_at(&self, at: usize, part: &Part) -> Built<Option<Pins>> {
        if !is_layer_4(part) {
            return Ok(None);
        }
        sees_no_more(&part.args)?;
        let mut of: Vec<(u32, Lasting)> = Vec::new();
        for client in self.clients_before(at, part)? {
            let caller = &self.checked.parts()[client];
            let Some(connection) = written(caller) else {
                let message = format!("layer 4 balances connections, and {} has none", caller.name);
                let fault = Fault::error(part.args.place_of("layer"), message);
                let help = "give an OpenClient a `connection: (lifetime: \"5min\")` and `users`, each of whom has one; or write `layer: L7`";
                return Err(vec![fault.help(help)]);
            };
            of.push((self.users(client).end, self.lasting(connection)?));
        }
        of.sort_by_key(|(below, _)| *below);
        of.dedup_by_key(|(below, _)| *below);
        Ok((!of.is_empty()).then(|| Pins::connections(of)))
    }

    /// The clients whose connections end here, in the order of the file.
    fn clients_before(&self, at: usize, balancer: &Part) -> Built<Vec<usize>> {
        let parts = self.checked.parts();
        let calls = &self.checked.topology().calls;
        let callers = |of: usize| calls.iter().filter(move |call| call.callee == of).map(|call| call.caller);
        let mut clients = Vec::new();
        for caller in callers(at) {
            match parts[caller].args.kind() {
                _ if parts[caller].is_client => clients.push(caller),
                "Dns" => clients.extend(callers(caller)),
                _ => {
                    let what = format!("a Balancer of `layer: L4` behind {}", parts[caller].name);
                    return unbuilt(balancer.args.place_of("layer"), &what);
                }
            }
        }
        if let Some(other) = clients.iter().find(|client| !parts[**client].is_client) {
            let what = format!("a Balancer of `layer: L4` behind {}", parts[*other].name);
            return unbuilt(balancer.args.place_of("layer"), &what);
        }
        clients.sort_unstable();
        clients.dedup();
        Ok(clients)
    }
}

fn is_layer_4(part: &Part) -> bool {
    part.args.kind() == "Balancer" && part.args.word("layer") == "L4"
}

/// Holds that a balancer of layer 4 does nothing for which it would have to read what passes.
fn sees_no_more(args: &Args) -> Built<()> {
    if let Some(policy) = args.args("policy").filter(|policy| sees_more(policy)) {
        let message = format!("layer 4 sees addresses; `{}` goes by what a request says", policy.kind());
        return wrong(policy.head, message);
    }
    if args.count("keep_alive") > 0 || args.get("handshake").is_some() {
        let field = if args.count("keep_alive") > 0 { "keep_alive" } else { "handshake" };
        let message = format!("`{field}` is for connections that several senders use, which layer 4 has not");
        let fault = Fault::error(args.place_of(field), message);
        let help = "say how long it takes to open one at the client: connection: (lifetime: …, handshake: …)";
        return Err(vec![fault.help(help)]);
    }
    if args.get("max_connections").is_some() {
        let what = "`max_connections` at `layer: L4`, where it bounds connections and not calls";
        return unbuilt(args.place_of("max_connections"), what);
    }
    if let Some(policy) = args.args("policy").and_then(by_answers) {
        let message =
            format!("layer 4 sees connections; `{}` goes by when a request is answered", policy.kind());
        let fault = Fault::error(policy.head, message);
        return Err(vec![
            fault.help("LeastConnections and PowerOfChoices go by the connections that are open"),
        ]);
    }
    if args.get("max_per_member").is_some() {
        let what = "`max_per_member` at `layer: L4`, where it bounds connections and not calls";
        return unbuilt(args.place_of("max_per_member"), what);
    }
    for health in args.args_list("health").filter(|health| health.kind() != "Active") {
        let reads = |kind: &Args| !matches!(kind.kind(), "Unavailable" | "Lost");
        if health.get("on").is_none() || health.args_list("on").any(reads) {
            let message =
                format!("layer 4 sees whether a connection opens, by which `{}` can go", health.kind());
            return Err(vec![Fault::error(health.head, message).help("write on: [Unavailable, Lost]")]);
        }
    }
    if let Some(next) = args.args("next") {
        let can = |kind: &&Args| !matches!(kind.kind(), "Unavailable" | "Lost");
        let given = next.get("on").is_some();
        if let Some(other) = next.args_list("on").find(can) {
            let message = format!(
                "layer 4 sees whether a connection opens, and not that a call ended `{}`",
                other.kind()
            );
            return Err(vec![Fault::error(other.head, message).help("write on: [Unavailable, Lost]")]);
        }
        if !given {
            let fault = Fault::error(next.head, "layer 4 tries another only if a connection does not open");
            return Err(vec![fault.help("write on: [Unavailable, Lost]")]);
        }
    }
    Ok(())
}

/// The policy, or the one within it, that goes by the answers of members.
fn by_answers(policy: &Args) -> Option<&Args> {
    if ["LeastTime", "PeakEwma", "JoinIdleQueue"].contains(&policy.kind()) {
        return Some(policy);
    }
    policy.kind.field("of").and_then(|_| policy.args("of")).and_then(by_answers)
}

/// Whether a policy goes by something that is known only when a request has been read.
fn sees_more(policy: &Args) -> bool {
    let by_user = match policy.kind() {
        "Sticky" => policy.word("by") != "Ip",
        "ShuffleShard" => true,
        _ => policy.kind.field("key").is_some(),
    };
    let inner = policy.kind.field("of").is_some() && policy.args("of").is_some_and(sees_more);
    by_user || inner
}
