//! Capacities with known answers, and searches that have none.

use kneepoint_experiment::capacity::{
    Behaviour, CapacityOptions, CapacityResult, Finding, LoadError, Loads, Recovery, Verdict, capacity,
};
use kneepoint_scenario::value::Quantity;
use kneepoint_scenario::{Checked, Overrides, Registry, Scenario};
use kneepoint_statistics::Estimated;

fn scenario(clients: &str, desk: &str, edges: &str, slo: &str) -> Scenario {
    let text = format!(
        "(format: 1, title: \"a test\", run: (duration: \"200s\", warm_up: \"20s\", replications: 6),
          params: {{ \"load\": \"40/s\" }},
          parts: {{ \"callers\": {clients}, \"desk\": Service({desk}) }}, edges: {{ {edges} }}, slo: {{ {slo} }})"
    );
    Scenario::from_text("test", &text, None).unwrap_or_else(|faults| panic!("{faults}"))
}

fn checked(scenario: &Scenario) -> Checked {
    scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"))
}

const OPEN: &str = "OpenClient(to: \"desk\", rate: \"=load\")";
const ONE: &str = "concurrency: Servers(1), does: Compute(Exponential(\"10ms\"))";
const MEAN: &str = "\"fast\": \"mean(callers.latency) < 50ms\"";

fn of_clients(scenario: &Scenario) -> CapacityResult {
    capacity(&Loads::of_clients(&checked(scenario)), &CapacityOptions::default()).expect("it can be searched")
}

/// M/M/1: 1 / (mu - lambda) = 50 ms at lambda = 80/s. Within 2 %: over 100 seeds the interval is 0.74 % wide with
/// twice as much measured, and so 1.1 % here.
#[test]
fn the_capacity_of_one_server_is_that_of_the_closed_form() {
    let found = of_clients(&scenario(OPEN, ONE, "", MEAN));
    assert_eq!(found.finding, Finding::Found);
    let per_s = found.capacity_per_s.unwrap();
    assert!((per_s.value / 80.0 - 1.0).abs() < 0.02, "{per_s:?}");
    assert!(per_s.low < per_s.value && per_s.value < per_s.high && found.runs < 20, "{found:?}");
    assert_eq!(found.binding.as_ref().unwrap().name, "fast");
    // An unbounded queue without time-outs wastes nothing, and the peak of the goodput is the bottleneck's rate.
    let Behaviour::Plateau(of_peak) = &found.behaviour else { panic!("{:?}", found.behaviour) };
    assert!((of_peak.peak.value().unwrap() / 100.0 - 1.0).abs() < 0.02, "{of_peak:?}");
    assert!((found.parts[0].saturates_at_by_theory.unwrap() - 2.5).abs() < 1e-9);
    let measured = found.parts[0].saturates_at.as_ref().and_then(|at| at.known()).unwrap();
    assert!(measured.low * 0.98 < 2.5 && 2.5 < measured.high * 1.02, "{measured:?}");
}

#[test]
fn a_setting_is_searched_like_a_factor_and_threads_change_nothing() {
    let scenario = scenario(OPEN, ONE, "", MEAN);
    let search = |threads| {
        let overrides = Overrides::default();
        let loads = Loads::of_setting(&scenario, &Registry::core(), &overrides, "params.load", None).unwrap();
        let options =
            CapacityOptions { threads: Some(threads), without_knee: true, ..CapacityOptions::default() };
        capacity(&loads, &options).unwrap()
    };
    let found = search(1);
    assert!((found.capacity.unwrap().value / 80.0 - 1.0).abs() < 0.02, "{found:?}");
    assert_eq!(found, search(3));
}

#[test]
fn time_outs_whose_work_goes_on_collapse_and_a_short_queue_does_not() {
    let slo = "\"right\": \"errors(callers) < 1%\"";
    let timeout = "\"callers -> desk\": (via: [Timeout(\"500ms\")])";
    let lost = of_clients(&scenario(OPEN, ONE, timeout, slo));
    assert!(matches!(lost.behaviour, Behaviour::Collapse(_)), "{:?}", lost.behaviour);
    let short = "concurrency: Servers(1), queue: (max: 10), does: Compute(Exponential(\"10ms\"))";
    let kept = of_clients(&scenario(OPEN, short, timeout, slo));
    assert!(matches!(kept.behaviour, Behaviour::Plateau(_)), "{:?}", kept.behaviour);
}

#[test]
fn what_has_no_capacity_is_said_to_have_none() {
    let missed = of_clients(&scenario(OPEN, ONE, "", "\"fast\": \"mean(callers.latency) < 5ms\""));
    let Finding::MissedAtLowest { objectives, .. } = &missed.finding else { panic!("{:?}", missed.finding) };
    assert_eq!((objectives.as_slice(), missed.capacity), (&["fast".to_string()][..], None));
    // Nothing is beyond a knee that is not there, and nothing is a share of it.
    assert!(matches!(missed.behaviour, Behaviour::Unknown(_)), "{:?}", missed.behaviour);
    assert!(missed.knee.len() > 2 && missed.knee.iter().all(|row| row.of_capacity.is_none()));
    let nowhere = missed.nowhere.expect("no load meets it");
    let lowest = nowhere.lowest.missed.as_ref().unwrap();
    assert!(
        lowest.len() == 1
            && lowest[0].objective.name == "fast"
            && lowest[0].objective.value.value().unwrap() > 5e6
    );
    assert!(nowhere.lowest.load < nowhere.highest, "{nowhere:?}");
    assert_eq!(lowest[0].verdict, Verdict::Missed);
    // Saturation is told by a load near to it, and not by the lowest of all.
    let full = missed.parts[0].saturates_at.as_ref().and_then(|at| at.known()).expect("it is told");
    let from = missed.parts[0].saturates_from.expect("it is told");
    assert!(from > full.value / 3.0 && from > nowhere.lowest.load, "{full:?} from {from}");

    let calm = scenario(OPEN, ONE, "", MEAN);
    let (low, high) = (Quantity::parse("10/s").unwrap(), Quantity::parse("30/s").unwrap());
    let overrides = Overrides::default();
    let loads =
        Loads::of_setting(&calm, &Registry::core(), &overrides, "params.load", Some((low, high))).unwrap();
    let calm =
        capacity(&loads, &CapacityOptions { without_knee: true, ..CapacityOptions::default() }).unwrap();
    assert_eq!((calm.finding, calm.capacity), (Finding::NotReached { load: 30.0 }, None));

    let none = of_clients(&scenario(OPEN, ONE, "", ""));
    assert_eq!(none.finding, Finding::NoObjective);
    assert!((none.capacity_per_s.unwrap().value / 100.0 - 1.0).abs() < 0.03, "{none:?}");

    // A bound that a run of 200 s does not reach: only because it is short.
    let patient = of_clients(&scenario(OPEN, ONE, "", "\"slow\": \"mean(callers.latency) < 1h\""));
    assert!(matches!(patient.finding, Finding::Saturated { .. }), "{:?}", patient.finding);
    assert!((patient.capacity_per_s.unwrap().value / 100.0 - 1.0).abs() < 0.03, "{patient:?}");
}

/// A percentile that no run of such length knows was taken as held up to where the mean of what the replications gave
/// alone left its bound.
#[test]
fn an_objective_without_enough_data_is_no_capacity() {
    let never = "\"never\": \"p99.9999999(callers.latency) < 1s\"";
    let found = of_clients(&scenario(OPEN, ONE, "", &format!("{never}, {MEAN}")));
    let Finding::NotTold { objectives, .. } = &found.finding else { panic!("{:?}", found.finding) };
    assert!(objectives.len() == 1 && objectives[0].0 == "never", "{objectives:?}");
    assert!(found.capacity.is_none() && found.rough.is_none() && found.binding.is_none(), "{found:?}");
    // What is missed in every replication is missed, and what is told of the other objective stands.
    assert!(found.limits[0].holds_up_to.is_none() && found.limits[0].untold.is_some(), "{:?}", found.limits);
    assert!(
        found.limits[1].holds_up_to.is_some() && found.limits[1].missed_from.is_some(),
        "{:?}",
        found.limits
    );
    assert!(found.knee.iter().all(|row| row.seen.as_ref().unwrap().verdict != Some(Verdict::Held)));
    assert_eq!(found.knee.last().unwrap().seen.as_ref().unwrap().verdict, Some(Verdict::Missed));
}

/// At 60/s the throughput begins to be enough, at 80/s the mean is 50 ms: in between both hold.
#[test]
fn an_objective_that_asks_for_load_is_no_upper_border() {
    let found =
        of_clients(&scenario(OPEN, ONE, "", &format!("\"much\": \"goodput(callers) > 60/s\", {MEAN}")));
    assert!((found.capacity_per_s.unwrap().value / 80.0 - 1.0).abs() < 0.02, "{found:?}");
    assert_eq!(found.binding.unwrap().name, "fast");
    let much = &found.limits[0];
    assert!(much.missed_from.is_none() && much.missed_up_to.unwrap() * 40.0 < 60.0, "{much:?}");
    // What is too little at the low end of a range is enough from 60/s on.
    let calm = scenario(OPEN, ONE, "", "\"much\": \"goodput(callers) > 60/s\"");
    let options = CapacityOptions { without_knee: true, ..CapacityOptions::default() };
    let found =
        capacity(&of_setting(&calm, "params.load", Some(("10/s", "90/s"))).unwrap(), &options).unwrap();
    let Finding::HoldsFrom { misses, holds, up_to } = found.finding else { panic!("{:?}", found.finding) };
    assert!(
        misses.0 < 60.5 && 59.5 < holds && holds / misses.0 < 1.06 && up_to == 90.0,
        "{misses:?} {holds}"
    );
    // Nothing holds between 80/s and 90/s, nor beyond what the server can do.
    for (bound, both) in [("90/s", true), ("200/s", false)] {
        let slo = format!("\"much\": \"goodput(callers) > {bound}\"");
        let slo = if both { format!("{slo}, {MEAN}") } else { slo };
        let found = of_clients(&scenario(OPEN, ONE, "", &slo));
        let Finding::HoldsNowhere { between: Some([too_little, too_much]) } = &found.finding else {
            panic!("{:?}", found.finding)
        };
        assert!(too_little.1.contains(&"much".to_string()), "{too_little:?}");
        assert!(
            too_little.0 < too_much.0 && (!both || too_much.1.contains(&"fast".to_string())),
            "{too_much:?}"
        );
    }
}

/// Played 2.5 times as fast, a recording of 200 s is over after 80 s: what comes after that is no load.
#[test]
fn a_run_ends_with_its_recording() {
    let folder = std::env::temp_dir().join(format!("kneepoint-recording-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut rows = String::from("at\n");
    (0..8000).for_each(|i| rows += &format!("{}\n", f64::from(i) / 40.0));
    std::fs::write(folder.join("calls.csv"), rows).unwrap();
    let of = |repeat: bool| {
        let client = format!(
            "TraceClient(to: \"desk\", file: \"calls.csv\", columns: (time: \"at\"), repeat: {repeat})"
        );
        let text = format!(
            "(format: 1, title: \"a recording\", run: (duration: \"200s\", warm_up: \"20s\", replications: 6),
              parts: {{ \"callers\": {client}, \"desk\": Service({ONE}) }}, slo: {{ {MEAN} }})"
        );
        let path = folder.join("scenario.ron");
        std::fs::write(&path, text).unwrap();
        let scenario = Scenario::open(&path).unwrap_or_else(|faults| panic!("{faults}"));
        of_clients(&scenario)
    };
    let (once, again) = (of(false), of(true));
    std::fs::remove_dir_all(&folder).unwrap();
    // D/M/1 of 10 ms: the mean is 50 ms at 89.6/s, where the root of s = exp(-(1 - s) / rho) is 1 - 10 / 50.
    let exact = 1.0 / (-0.01 / 0.2 * 0.8f64.ln()) / 40.0;
    for found in [&once, &again] {
        let capacity = found.capacity.unwrap();
        assert!((capacity.value / exact - 1.0).abs() < 0.03, "{capacity:?} {exact}");
        assert!(matches!(found.behaviour, Behaviour::Plateau(_)), "{:?}", found.behaviour);
        // Utilisation follows the load to its end.
        let busy = found
            .knee
            .iter()
            .map(|row| row.seen.as_ref().unwrap().utilisation.as_ref().unwrap().value().unwrap());
        assert!(busy.collect::<Vec<f64>>().is_sorted(), "{:?}", found.knee);
    }
    assert!(once.warnings.iter().any(|w| w.contains("the recordings are over")), "{:?}", once.warnings);
    assert!(again.warnings.iter().all(|w| !w.contains("recording")), "{:?}", again.warnings);
    let highest = once.knee.last().unwrap().load;
    // A quarter of 180 s is left at 200 s / 65 s.
    assert!((2.5..=200.0 / 65.0).contains(&highest), "{highest}");
}

/// Theory knows what open clients offer. What closed ones do it does not, and says nothing of a part that both load.
#[test]
fn theory_says_nothing_of_parts_that_closed_clients_load() {
    let users = "ClosedClient(to: \"desk\", users: 20, think: \"1s\"), \"others\": OpenClient(to: \"desk\", rate: \"=load\")";
    let found = of_clients(&scenario(users, ONE, "", MEAN));
    let desk = &found.parts[0];
    assert!(desk.utilisation.known().is_some(), "{desk:?}");
    assert_eq!((desk.utilisation_by_theory, desk.saturates_at_by_theory), (None, None));
    assert_eq!(desk.saturates_at, None, "utilisation does not grow in proportion to the load");
}

fn of_setting(scenario: &Scenario, path: &str, range: Option<(&str, &str)>) -> Result<Loads, LoadError> {
    let quantity = |text: &str| Quantity::parse(text).expect("a quantity");
    let range = range.map(|(a, b)| (quantity(a), quantity(b)));
    Loads::of_setting(scenario, &Registry::core(), &Overrides::default(), path, range)
}

#[test]
fn nothing_is_said_or_run_outside_of_a_range() {
    let calm = scenario(OPEN, ONE, "", MEAN);
    let search = |low, high| {
        let loads = of_setting(&calm, "params.load", Some((low, high))).unwrap();
        capacity(&loads, &CapacityOptions::default()).unwrap()
    };
    let below = search("10/s", "30/s");
    assert_eq!(below.finding, Finding::NotReached { load: 30.0 });
    // What is written is 40/s, in the range or not.
    assert_eq!((below.load_written, below.range), (Some(40.0), Some((10.0, 30.0))));
    assert!(below.knee.iter().all(|row| (9.9..30.1).contains(&row.load)), "{:?}", below.knee);
    let above = search("90/s", "120/s");
    assert!(matches!(above.finding, Finding::MissedAtLowest { load: 90.0, .. }), "{:?}", above.finding);
    assert!(above.knee.iter().all(|row| (89.9..120.1).contains(&row.load)), "{:?}", above.knee);
    let inside = search("20/s", "85/s");
    assert!((inside.capacity.unwrap().value / 80.0 - 1.0).abs() < 0.02, "{inside:?}");
    assert!(inside.knee.iter().all(|row| (19.9..85.1).contains(&row.load)), "{:?}", inside.knee);
    // One server with 10 ms of work is full at 100/s, and no objective makes it a capacity within these.
    let loads = of_setting(&scenario(OPEN, ONE, "", ""), "params.load", Some(("10/s", "50/s"))).unwrap();
    let none = capacity(&loads, &CapacityOptions::default()).unwrap();
    assert_eq!((none.finding, none.capacity), (Finding::NoObjective, None));
}

#[test]
fn a_metric_that_hardly_grows_at_first_is_followed_in_growing_steps() {
    let far = "\"callers -> desk\": (round_trip: \"1s\")";
    let found = of_clients(&scenario(OPEN, ONE, far, "\"fast\": \"mean(callers.latency) < 1.05s\""));
    assert_eq!(found.finding, Finding::Found);
    assert!((found.capacity_per_s.unwrap().value / 80.0 - 1.0).abs() < 0.02, "{found:?}");
}

#[test]
fn where_calls_are_rejected_utilisation_does_not_tell_where_a_part_is_full() {
    let short = "concurrency: Servers(1), queue: (max: 2), does: Compute(Exponential(\"10ms\"))";
    let slo = "\"fast\": \"mean(callers.latency) < 1s\"";
    let loads = of_setting(&scenario(OPEN, short, "", slo), "params.load", Some(("200/s", "400/s"))).unwrap();
    let options = CapacityOptions { without_knee: true, ..CapacityOptions::default() };
    let found = capacity(&loads, &options).unwrap();
    assert_eq!(found.knee, []);
    let Some(Estimated::NotEnough { reason, .. }) = &found.parts[0].saturates_at else { panic!("{found:?}") };
    assert!(reason.starts_with("requests are lost"), "{reason}");
    assert_eq!(found.parts[0].saturates_at_by_theory, Some(100.0));
    // With lower loads to take it from it is known, and theory and measurement are of the same load.
    let found = of_clients(&scenario(OPEN, short, "", "\"right\": \"errors(callers) < 20%\""));
    let full = found.parts[0].saturates_at.as_ref().and_then(Estimated::known).unwrap();
    assert!(full.low * 0.98 * 40.0 < 100.0 && 100.0 < full.high * 1.02 * 40.0, "{full:?}");
    // Without an objective the search goes down until nothing is lost.
    let none = of_setting(&scenario(OPEN, short, "", ""), "params.load", None).unwrap();
    let none = capacity(&none, &options).unwrap();
    assert!((none.capacity.unwrap().value / 100.0 - 1.0).abs() < 0.05, "{none:?}");
}

#[test]
fn what_is_no_load_is_said_to_be_none() {
    let queue = "concurrency: Servers(1), queue: (max: 20), does: Compute(Exponential(\"10ms\"))";
    let loads = of_setting(&scenario(OPEN, queue, "", MEAN), "desk.queue.max", Some(("5", "50"))).unwrap();
    let found = capacity(&loads, &CapacityOptions::default()).unwrap();
    assert!(
        found.warnings.iter().any(|w| w.contains("it is a setting, and no load")),
        "{:?}",
        found.warnings
    );
    assert!(matches!(found.behaviour, Behaviour::Unknown(_)), "{:?}", found.behaviour);
}

#[test]
fn an_objective_that_cannot_be_measured_is_a_fault_before_anything_runs() {
    let slo = "\"fast\": \"p99(callers.latency, each 190s) < 50ms\"";
    let Err(LoadError::Faults(faults)) = of_setting(&scenario(OPEN, ONE, "", slo), "params.load", None)
    else {
        panic!("it can be searched")
    };
    assert!(faults.to_string().contains("cannot be measured"), "{faults}");
}

/// Pages hold a thread of the pool while they wait for a look, which takes a thread of the same pool: when all threads
/// are held by pages nothing goes on, and with the line that has formed they never get free again.
const POOL: &str = "(format: 1, title: \"a pool\", run: (duration: \"200s\", warm_up: \"20s\", replications: 5),
  params: { \"load\": \"40/s\" },
  parts: {
    \"callers\": OpenClient(to: \"web:page\", rate: \"=load\"),
    \"web\": Service(concurrency: Threads(8), machine: (cores: 8), operations: {
        \"page\": [Compute(Exponential(\"10ms\")), Call(\"helper\")], \"look\": Compute(Exponential(\"10ms\")) }),
    \"helper\": Service(concurrency: Threads(1000), does: [Compute(\"1ms\"), Call(\"web:look\")]),
  },
  edges: { \"callers -> web\": (via: [Timeout(\"1s\")]), \"helper -> web\": (via: [Timeout(\"1s\")]) },
  slo: { \"right\": \"errors(callers) < 1%\" })";

#[test]
fn a_pulse_leaves_one_system_stuck_and_another_not() {
    let search = |scenario: &Scenario| {
        let of_clients = Loads::of_clients(&checked(scenario)).with_pulses();
        let of_setting = of_setting(scenario, "params.load", Some(("10/s", "150/s"))).unwrap();
        let of_setting = of_setting.with_pulses();
        [of_clients, of_setting].map(|loads| capacity(&loads, &CapacityOptions::default()).unwrap())
    };
    let pool = Scenario::from_text("pool", POOL, None).unwrap_or_else(|faults| panic!("{faults}"));
    for stuck in search(&pool) {
        let Some(Recovery::Metastable(after)) = &stuck.recovery else { panic!("{:?}", stuck.recovery) };
        assert!(after.share.high < 0.1 && after.back < 0.9 * after.peak, "{after:?}");
    }
    // Time-outs whose work goes on waste all of it in overload, and what has piled up is worked off.
    let slo = "\"right\": \"errors(callers) < 1%\"";
    let timeout = "\"callers -> desk\": (via: [Timeout(\"500ms\")])";
    for comes_back in search(&scenario(OPEN, ONE, timeout, slo)) {
        assert!(matches!(comes_back.behaviour, Behaviour::Collapse(_)), "{:?}", comes_back.behaviour);
        assert!(matches!(comes_back.recovery, Some(Recovery::Recovers(_))), "{:?}", comes_back.recovery);
    }
    // What stays level is not asked.
    let [level, _] = search(&scenario(OPEN, ONE, "", MEAN));
    assert_eq!(level.recovery, None);
}

/// The rate is in a file beside the scenario: another one of that name, where the program was started, is another.
#[test]
fn a_pulse_reads_the_files_of_the_scenario() {
    let folder = std::env::temp_dir().join(format!("kneepoint-pulse-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let rate = "FromFile(file: \"kneepoint-rates.csv\", time: \"t\", value: \"rate\", time_unit: \"s\", unit: \"/s\")";
    std::fs::write(folder.join("kneepoint-rates.csv"), "t,rate\n0,40\n200,40\n")
        .expect("a file can be written");
    let text = POOL.replace("\"=load\"", rate);
    let scenario =
        Scenario::from_text("pool", &text, Some(&folder)).unwrap_or_else(|faults| panic!("{faults}"));
    let loads = Loads::of_clients(&checked(&scenario)).with_pulses();
    let found = capacity(&loads, &CapacityOptions::default()).unwrap();
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    assert!(matches!(found.recovery, Some(Recovery::Metastable(_))), "{:?}", found.recovery);
}

#[test]
fn a_pulse_is_of_the_clients_that_the_load_moves() {
    let slo = "\"right\": \"errors(callers) < 1%\"";
    let edges = "\"callers -> desk\": (via: [Timeout(\"500ms\")])";
    let recovery = |scenario: &Scenario, path: &str, range| {
        let loads = of_setting(scenario, path, Some(range)).unwrap().with_pulses();
        capacity(&loads, &CapacityOptions::default()).unwrap().recovery
    };
    // A rate itself, not a parameter it is made of.
    let one = scenario(OPEN, ONE, edges, slo);
    let found = recovery(&one, "callers.rate", ("20/s", "300/s"));
    assert!(matches!(found, Some(Recovery::Recovers(_))), "{found:?}");
    // Of two clients one is moved: back at 0.8 times its capacity the sum of both is what it was.
    let two =
        "OpenClient(to: \"desk\", rate: \"=load\"), \"others\": OpenClient(to: \"desk\", rate: \"40/s\")";
    let found = recovery(&scenario(two, ONE, edges, slo), "params.load", ("10/s", "300/s"));
    assert!(matches!(found, Some(Recovery::Recovers(_))), "{found:?}");
    // What moves more than load takes none.
    let slower = "concurrency: Servers(1), does: Compute(Exponential(\"=load / 100/s * 25ms\"))";
    let found = recovery(&scenario(OPEN, slower, edges, slo), "params.load", ("10/s", "300/s"));
    let Some(Recovery::Unknown(why)) = &found else { panic!("{found:?}") };
    assert_eq!(why, "params.load changes desk.does, which is no load");
    let offset = "OpenClient(to: \"desk\", rate: \"=load + 20/s\")";
    let found = recovery(&scenario(offset, ONE, edges, slo), "params.load", ("10/s", "300/s"));
    let Some(Recovery::Unknown(why)) = &found else { panic!("{found:?}") };
    assert_eq!(why, "callers.rate does not grow in proportion to params.load");
    let gaps = "OpenClient(to: \"desk\", arrivals: Renewal(gap: Exponential(\"25ms\")))";
    let loads = Loads::of_clients(&checked(&scenario(gaps, ONE, edges, slo))).with_pulses();
    let found = capacity(&loads, &CapacityOptions::default()).unwrap().recovery;
    let Some(Recovery::Unknown(why)) = &found else { panic!("{found:?}") };
    assert_eq!(why, "the clients take no pulse: callers has no rate that takes a pulse: its gaps say it");
}

#[test]
fn users_are_whole() {
    let closed = "ClosedClient(to: \"desk\", users: 10, think: Exponential(\"1s\"))";
    let found = of_clients(&scenario(closed, ONE, "", MEAN));
    assert_eq!(found.users_written, Some(10.0));
    for row in &found.knee {
        assert!((row.load * 10.0 - (row.load * 10.0).round()).abs() < 1e-9, "{}", row.load);
    }
    // By mean value analysis 100 users have 56.6 ms and 95 users 48.7 ms at 10 ms of work and 1 s of thinking.
    let users = found.capacity.unwrap().value * 10.0;
    let at = |users: f64| {
        let system = kneepoint_analytic::ClosedNetwork::terminals(1.0, 0.01, 1).unwrap();
        1e3 * system.solve(users as u32).unwrap().response_s_mean
    };
    assert!(at((users * 0.95).floor()) < 50.0 && at((users * 1.05).ceil()) > 50.0, "{users}");
}

#[test]
fn a_wrong_path_or_range_is_refused_in_words() {
    let scenario = scenario(OPEN, ONE, "", MEAN);
    let of = |path: &str, range: Option<(&str, &str)>| {
        of_setting(&scenario, path, range).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(of("params.lod", None), "there is no parameter \"lod\"; did you mean load?");
    assert!(of("params.x", None).contains("has: load"), "{}", of("params.x", None));
    for path in ["desk.does", "callers.to", "desk.concurrency"] {
        let expected =
            format!("{path} is no number and so no load; a load is one of callers.rate, params.load");
        assert_eq!(of(path, Some(("1", "2"))), expected);
    }
    assert!(of("desk.queue.max", None).ends_with("give a range, as in --load desk.queue.max=1..100"));
    assert!(of("callers.rat", None).contains("--load:1:1"), "{}", of("callers.rat", None));
    assert!(of("desk.name", None).contains("name"), "{}", of("desk.name", None));
    assert!(of("params.load", Some(("20/s", "10/s"))).contains("rise"));
    assert!(of("params.load", Some(("20/s", "10s"))).contains("two different things"));
    assert!(!of("params.load", Some(("20ms", "30ms"))).is_empty(), "a duration is no rate");
}

const SHORT: &str =
    "(format: 1, title: \"short\", run: (duration: \"20s\", warm_up: \"2s\", replications: 2),
  params: { \"slow\": \"30%\" },
  parts: {
    \"callers\": OpenClient(to: \"desk\", rate: \"40/s\"),
    \"desk\": Service(concurrency: Servers(1), queue: (max: 100000), does: WORK) },
  slo: { \"fast\": \"p99(callers.latency) < BOUND\" })";

/// The line through two points led below a load of 0, or beyond all of a share: from few replications intervals are so
/// wide that no load bounds them.
#[test]
fn ends_of_an_interval_lie_between_loads_that_were_run_or_are_open() {
    let of = |work: &str, bound: &str| {
        let text = SHORT.replace("WORK", work).replace("BOUND", bound);
        Scenario::from_text("short", &text, None).unwrap_or_else(|faults| panic!("{faults}"))
    };
    let options = CapacityOptions { without_knee: true, ..CapacityOptions::default() };
    let (mut closed, mut open, mut untold) = (0, 0, 0);
    let mut bounded = |found: &CapacityResult, lowest: f64, highest: f64| {
        // What `run` calls too few data says nothing of a capacity either.
        if let Finding::NotTold { objectives, .. } = &found.finding {
            assert!(objectives.iter().all(|(_, why)| !why.is_empty()) && found.rough.is_none(), "{found:?}");
            untold += 1;
            return;
        }
        assert_eq!(found.finding, Finding::Found, "{found:?}");
        assert!(found.runs <= 13, "{found:?}");
        match (&found.capacity, &found.rough) {
            (Some(e), None) => {
                assert!(
                    lowest <= e.low && e.low <= e.value && e.value <= e.high && e.high <= highest,
                    "{e:?}"
                );
                closed += 1;
            }
            (None, Some(rough)) => {
                assert!(rough.low.is_none_or(|low| lowest <= low && low <= rough.value), "{rough:?}");
                assert!(rough.high.is_none_or(|high| rough.value <= high && high <= highest), "{rough:?}");
                assert!(rough.low.is_none() || rough.high.is_none(), "{rough:?}");
                assert!(found.capacity_per_s.is_none() && !rough.reason.is_empty());
                open += 1;
            }
            both => panic!("{both:?}"),
        }
    };
    let plain = checked(&of("Compute(Exponential(\"10ms\"))", "120ms"));
    // With two replications an end lay below 0 with seeds 29, 35, 38, 52 and 55.
    let more = (1..=12).flat_map(|seed| [(seed, 3), (seed, 5)]);
    for (seed, replications) in [29, 35, 38, 52, 55].map(|seed| (seed, 2)).into_iter().chain(more) {
        let loads = Loads::of_clients(&plain).seeded(seed).with_replications(replications);
        let found = capacity(&loads, &options).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        bounded(&found, f64::MIN_POSITIVE, 1.25 * 2.5);
    }
    let shares = "[Compute(Exponential(\"10ms\")), \
                  Choice([(share: \"=slow\", does: Compute(Exponential(\"12ms\"))), \
                  (share: \"=1 - slow\", does: Compute(\"0ms\"))])]";
    let shares = of(shares, "160ms");
    // Here it lay above all of a share.
    for (seed, replications) in [(3, 2), (8, 2), (8, 4), (9, 2), (10, 2), (13, 3), (17, 4), (18, 3), (19, 3)]
    {
        let loads = of_setting(&shares, "params.slow", Some(("1%", "100%"))).unwrap();
        let loads = loads.seeded(seed).with_replications(replications);
        let found = capacity(&loads, &options).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        if found.finding == Finding::Found {
            bounded(&found, 0.01, 1.0);
        }
    }
    assert!(closed > 3 && open > 3 && untold > 3, "{closed} {open} {untold}");
}

/// A share of errors that must be 0 is on one side or the other, and says nothing of how far.
#[test]
fn two_loads_around_a_border_without_a_slope_are_no_interval() {
    let timeout = "\"callers -> desk\": (via: [Timeout(\"500ms\")])";
    let found = of_clients(&scenario(OPEN, ONE, timeout, "\"right\": \"errors(callers) <= 0%\""));
    assert_eq!((found.finding.clone(), found.capacity, found.capacity_per_s), (Finding::Found, None, None));
    let rough = found.rough.as_ref().unwrap();
    assert!(rough.holds < rough.value && rough.value < rough.misses, "{rough:?}");
    assert!(rough.low.is_none() && rough.high.is_none() && !found.knee.is_empty(), "{found:?}");
    assert!(found.warnings.iter().any(|w| w.contains("no baseline, and no law")), "{:?}", found.warnings);
}

/// Every load that was run let retries fill the server for good, and the highest was told to be too little.
#[test]
fn what_is_missed_at_every_load_is_not_told_as_too_little() {
    let edges = "\"callers -> desk\": (via: [Retry(3), Timeout(after: \"1s\", cancel: false)])";
    let slo = "\"back\": \"goodput(callers, from 150s to 200s) > 39/s\"";
    let text = format!(
        "(format: 1, title: \"a storm\", run: (duration: \"200s\", warm_up: \"20s\", replications: 3),
          parts: {{ \"callers\": OpenClient(to: \"desk\", rate: \"40/s\"),
                    \"desk\": Service(concurrency: Servers(5), does: Compute(\"100ms\")) }},
          edges: {{ {edges} }}, faults: {{ \"outage\": Hang(on: \"desk\", at: \"40s\", lasts: \"5s\") }}, slo: {{ {slo} }})"
    );
    let storm = Scenario::from_text("test", &text, None).unwrap_or_else(|faults| panic!("{faults}"));
    let found = of_clients(&storm);
    let Finding::HoldsNowhere { .. } = &found.finding else { panic!("{:?}", found.finding) };
    assert!(found.capacity.is_none() && found.rough.is_none());
    assert!(matches!(found.behaviour, Behaviour::Unknown(_)), "{:?}", found.behaviour);
    let nowhere = found.nowhere.expect("no load meets it");
    assert_eq!(nowhere.lowest.missed.unwrap()[0].objective.name, "back");
    // Loads around that of the file were run, and not only such as drown the server.
    assert!(nowhere.lowest.load < 1.0, "{}", nowhere.lowest.load);
    assert!(found.knee.iter().all(|row| row.of_capacity.is_none()));
}
