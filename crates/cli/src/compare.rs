//! `kneepoint compare`: is B better than A, and has it become worse than it was?

use std::path::Path;

use kneepoint_experiment::compare::{
    CompareOptions, Comparison, Design, Gate, GateResult, Outcome, Record, compare_records,
    compare_with_results, gates,
};
use kneepoint_experiment::result::{RunResult, Subject};
use kneepoint_experiment::{Options, Progress};
use kneepoint_report::{
    Command, JudgedDesign, baseline, comparison_csv, comparison_json, comparison_text, json, junit,
};
use kneepoint_scenario::plan::{Plan, Watch};
use kneepoint_scenario::value::Metric;
use kneepoint_scenario::{Checked, Faults, Overrides, Registry, Scenario, plan};
use kneepoint_statistics::Pairing;

use crate::End;
use crate::arguments::{CompareArguments, Format};
use crate::output;
use crate::run::end_of;
use crate::trouble::Trouble;

/// Largest file that is read as baseline.
///
/// # Source
/// Chosen: a result of ten thousand parts and a hundred replications is a tenth of it.
const BASELINE_MAX: u64 = 1 << 30;

/// What was compared.
struct Compared {
    comparison: Comparison,
    gates: Vec<GateResult>,
    /// The designs that were run, by name.
    results: Vec<(String, RunResult)>,
}

pub fn compare(registry: &Registry, arguments: &CompareArguments) -> End {
    crate::interrupt::end_at_once();
    match answer(registry, arguments) {
        Ok(compared) => finish(arguments, &compared),
        Err(trouble) => trouble.tell(),
    }
}

fn answer(registry: &Registry, arguments: &CompareArguments) -> Result<Compared, Trouble> {
    let files = written(arguments);
    output::all_can_be_written(&files, arguments.answer.to.force).map_err(Trouble::usage)?;
    if let Some(baseline) = &arguments.baseline {
        output::spares(&files, std::slice::from_ref(baseline)).map_err(Trouble::usage)?;
    }
    match &arguments.baseline {
        Some(file) => against_baseline(registry, arguments, file),
        None => side_by_side(registry, arguments),
    }
}

/// The files that are written.
fn written(arguments: &CompareArguments) -> [Option<&Path>; 2] {
    [arguments.answer.to.output.as_deref(), arguments.junit.as_deref()]
}

fn side_by_side(registry: &Registry, arguments: &CompareArguments) -> Result<Compared, Trouble> {
    let mut designs = designs(registry, arguments)?;
    if designs.len() < 2 {
        return Err(Trouble::usage(
            "a comparison takes two designs: a second file, a file with `variants`, --set PATH=VALUE, --seed-b N, \
             or --baseline RESULTS"
                .to_string(),
        ));
    }
    let wanted = wanted_gates(arguments)?;
    for (at, design) in designs.iter_mut().enumerate() {
        if let Some(seed) = arguments.repeated.seed {
            design.plan.run.seed = seed;
        }
        if let (true, Some(seed)) = (at > 0, arguments.seed_b) {
            design.plan.run.seed = seed;
        }
        change(&mut design.plan, arguments);
        watch(&mut design.plan, &wanted);
    }
    let metrics = metrics(arguments)?;
    let planned = designs.iter().map(|d| d.plan.run.replications_min).max().unwrap_or(1);
    let asked = arguments.precise.precision.or(designs[0].plan.run.precision).is_some();
    arguments.precise.check(asked, planned).map_err(Trouble::usage)?;
    let bar = crate::progress::Progress::new(planned, arguments.repeated.quiet);
    let tell = |progress: Progress| bar.at(progress.done, progress.planned);
    let options = CompareOptions {
        run: Options {
            threads: Some(arguments.repeated.threads.count()),
            progress: Some(&tell),
            ..Options::default()
        },
        metrics,
        precision: arguments.precise.precision,
        replications_max: arguments.precise.max_replications,
    };
    let found = compare_with_results(&designs, &options);
    drop(bar);
    let (comparison, results) = found?;
    let held = gates(&wanted, &comparison.designs, comparison.pairing, comparison.confidence)?;
    let names = designs.into_iter().map(|d| d.name);
    Ok(Compared { comparison, gates: held, results: names.zip(results).collect() })
}

fn against_baseline(
    registry: &Registry,
    arguments: &CompareArguments,
    file: &Path,
) -> Result<Compared, Trouble> {
    let [scenario] = arguments.files.as_slice() else {
        return Err(Trouble::usage("a baseline is compared with one scenario".to_string()));
    };
    let precise = arguments.precise.precision.is_some() || arguments.precise.max_replications.is_some();
    if arguments.variants.is_some() || arguments.seed_b.is_some() || precise {
        return Err(Trouble::usage(
            "--variants, --seed-b, --precision and --max-replications compare designs that are run now; with --baseline take --variant, \
             --seed or --replications"
                .to_string(),
        ));
    }
    let shown = output::shown(file);
    let text = read(file).map_err(|reason| Trouble::usage(format!("{shown}: {reason}")))?;
    let before =
        baseline("baseline", &text).map_err(|reason| Trouble::usage(format!("{shown}: {reason}")))?;
    let wanted = wanted_gates(arguments)?;
    let scenario = Scenario::open(scenario)?;
    let checked = scenario.check(registry, &arguments.changes.overrides())?;
    let mut now = plan(&checked)?;
    kneepoint_experiment::check(&checked, &now)?;
    output::spares_sources(&written(arguments), &scenario)?;
    now.run.seed = arguments.repeated.seed.unwrap_or(before.seed);
    let replications = arguments.repeated.replications.unwrap_or(before.replications);
    if replications < 2 {
        return Err(Trouble::usage(
            "--replications 1: a baseline is compared by replications, and one has no interval: 2 are the least",
        ));
    }
    (now.run.replications_min, now.run.replications_max) = (replications, replications);
    now.run.precision = None;
    watch(&mut now, &wanted);
    let metrics = metrics(arguments)?;
    for metric in &metrics {
        now.watches.push(Watch { name: metric.to_string(), metric: metric.clone() });
    }
    same_scenario(&before, &now).map_err(|reason| Trouble::usage(format!("{shown}: {reason}")))?;
    let bar = crate::progress::Progress::new(replications, arguments.repeated.quiet);
    let tell = |progress: Progress| bar.at(progress.done, progress.planned);
    let options = Options {
        threads: Some(arguments.repeated.threads.count()),
        progress: Some(&tell),
        ..Options::default()
    };
    let result = kneepoint_experiment::run(&now, &options);
    drop(bar);
    let result = result?;
    // By way of the file, so that both are rounded alike and what is equal stays equal.
    let after = baseline("now", &json(&result)).map_err(Trouble::usage)?;
    // Replication `i` of both began with the same random numbers, however long they are.
    let same = before.seed == after.seed && before.replications == after.replications;
    let pairing = if same { Pairing::Paired } else { Pairing::Independent };
    let title = (before.title != after.title)
        .then(|| format!("the baseline is titled \"{}\", this scenario \"{}\"", before.title, after.title));
    let unpaired = (!same).then(|| {
        let differs = |what: &str, before: u64, now: u64| {
            (before != now).then(|| format!("the baseline has {before} {what} and this run {now}"))
        };
        let seeds = (before.seed != after.seed).then(|| {
            format!("the seed of the baseline is {} and that of this run {}", before.seed, after.seed)
        });
        let all: Vec<String> = [seeds, differs("replications", before.replications, after.replications)]
            .into_iter()
            .flatten()
            .collect();
        format!("{}: no pairs on common random numbers, and so wider intervals", all.join("; "))
    });
    let confidence = after.confidence;
    let only: Vec<String> = metrics.iter().map(ToString::to_string).collect();
    let mut comparison = compare_records(vec![before, after], pairing, confidence, &only);
    comparison.warnings.extend(title);
    comparison.warnings.extend(unpaired);
    let held = gates(&wanted, &comparison.designs, pairing, confidence)?;
    Ok(Compared { comparison, gates: held, results: vec![("now".to_string(), result)] })
}

fn read(file: &Path) -> Result<String, String> {
    let about = std::fs::metadata(file).map_err(|e| format!("it cannot be read: {e}"))?;
    if !about.is_file() {
        return Err("it is not a file".to_string());
    }
    if about.len() > BASELINE_MAX {
        return Err(format!("it has {} bytes; at most {BASELINE_MAX} are read", about.len()));
    }
    let bytes = std::fs::read(file).map_err(|e| format!("it cannot be read: {e}"))?;
    String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_string())
}

/// Refuses the results of something else.
fn same_scenario(before: &Record, now: &Plan) -> Result<(), String> {
    let clients = |of: &Record| -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in of.measures.iter().filter_map(|m| match &m.subject {
            Subject::Client(name) => Some(name),
            _ => None,
        }) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    };
    let theirs = clients(before);
    let ours: Vec<String> = now
        .parts
        .iter()
        .filter(|p| matches!(p.role, kneepoint_scenario::plan::PartRole::Client { .. }))
        .map(|p| p.name.clone())
        .collect();
    if theirs.iter().any(|name| ours.contains(name)) {
        return Ok(());
    }
    Err(format!(
        "it is of another scenario: \"{}\" with the clients {}; this one is \"{}\" with {}",
        before.title,
        theirs.join(", "),
        now.title,
        ours.join(", ")
    ))
}

fn change(plan: &mut Plan, arguments: &CompareArguments) {
    if let Some(replications) = arguments.repeated.replications {
        plan.run.replicate(replications);
    }
}

/// Has the metrics measured that conditions need.
fn watch(plan: &mut Plan, wanted: &[Gate]) {
    for metric in wanted.iter().filter_map(Gate::metric) {
        plan.watches.push(Watch { name: metric.to_string(), metric });
    }
}

fn wanted_gates(arguments: &CompareArguments) -> Result<Vec<Gate>, Trouble> {
    arguments.fail_if.iter().map(|text| Gate::parse(text).map_err(Trouble::from)).collect()
}

fn metrics(arguments: &CompareArguments) -> Result<Vec<Metric>, Trouble> {
    let parse = |text: &String| {
        Metric::parse(text).map_err(|e| Trouble::usage(format!("--metric {}: {e}", text.escape_debug())))
    };
    arguments.metric.iter().map(parse).collect()
}

/// What is compared: files, variants of one, or one with and without settings.
fn designs(registry: &Registry, arguments: &CompareArguments) -> Result<Vec<Design>, Trouble> {
    let scenarios: Vec<Scenario> =
        arguments.files.iter().map(|file| Scenario::open(file)).collect::<Result<_, _>>()?;
    let designs = designs_of(&scenarios, registry, arguments)?;
    for scenario in &scenarios {
        output::spares_sources(&written(arguments), scenario)?;
    }
    Ok(designs)
}

fn designs_of(
    scenarios: &[Scenario],
    registry: &Registry,
    arguments: &CompareArguments,
) -> Result<Vec<Design>, Trouble> {
    let changes = &arguments.changes;
    match scenarios {
        [scenario] => {
            let check = |overrides: &Overrides| scenario.check(registry, overrides);
            if arguments.variants.is_some() {
                return variants(&check, arguments);
            }
            let as_is = Overrides { variant: changes.variant.clone(), set: Vec::new() };
            let base = check(&as_is)?;
            let name = changes.variant.clone().unwrap_or_else(|| "base".to_string());
            if !changes.set.is_empty() {
                let settings: Vec<String> =
                    changes.set.iter().map(|(path, value)| format!("{path}={value}")).collect();
                let with = check(&changes.overrides())?;
                if changes.variant.is_none() && base.variants().next().is_some() {
                    output::say(
                        "note: with --set the file as it is is compared with itself changed, and its variants are left out: \
                         --variants NAMES compares them, each with the settings",
                    );
                }
                return Ok(vec![design(name, &base)?, design(settings.join(", "), &with)?]);
            }
            if let Some(seed) = arguments.seed_b {
                let first = design(name, &base)?;
                let second = Design { name: format!("seed {seed}"), ..first.clone() };
                return Ok(vec![first, second]);
            }
            if changes.variant.is_some() {
                return Ok(vec![design(name, &base)?]);
            }
            variants(&check, arguments)
        }
        scenarios => {
            let files = &arguments.files;
            if arguments.variants.is_some() {
                return Err(Trouble::usage("--variants takes one file".to_string()));
            }
            let stems: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
            let short: Vec<String> = files
                .iter()
                .map(|f| f.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned()))
                .collect();
            let unique = short.iter().all(|s| short.iter().filter(|t| *t == s).count() == 1);
            let names = if unique { short } else { stems };
            let load = |(scenario, name): (&Scenario, String)| -> Result<Design, Trouble> {
                design(name, &scenario.check(registry, &changes.overrides())?)
            };
            scenarios.iter().zip(names).map(load).collect()
        }
    }
}

fn design(name: String, checked: &Checked) -> Result<Design, Trouble> {
    let plan = plan(checked)?;
    kneepoint_experiment::check(checked, &plan)?;
    Ok(Design { name, plan })
}

/// The variants that are named, or all of them and the file as it is written.
fn variants(
    check: &dyn Fn(&Overrides) -> Result<Checked, Faults>,
    arguments: &CompareArguments,
) -> Result<Vec<Design>, Trouble> {
    let base = check(&Overrides { variant: None, set: arguments.changes.set.clone() })?;
    let known: Vec<String> = base.variants().map(str::to_string).collect();
    let names = match &arguments.variants {
        Some(names) => names.clone(),
        None => known.clone(),
    };
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(Trouble::usage(format!("the variant \"{}\" is named twice", twice.1)));
    }
    let take = |name: &String| -> Result<(String, Checked), Trouble> {
        let variant = (name != "base" || known.contains(name)).then(|| name.clone());
        Ok((name.clone(), check(&Overrides { variant, set: arguments.changes.set.clone() })?))
    };
    let mut all: Vec<(String, Checked)> = names.iter().map(take).collect::<Result<_, _>>()?;
    if arguments.variants.is_none() && !all.is_empty() {
        // The file as it is comes first, under the name of the variant that changes nothing if there is one.
        match all.iter().position(|(_, variant)| variant.hash() == base.hash()) {
            Some(at) => all[..=at].rotate_right(1),
            None => all.insert(0, ("base".to_string(), base)),
        }
    }
    all.into_iter().map(|(name, checked)| design(name, &checked)).collect()
}

/// Returns what makes the same again.
fn command(arguments: &CompareArguments, comparison: &Comparison) -> String {
    let changes = &arguments.changes;
    let precise = &arguments.precise;
    let now = comparison.designs.last();
    // Files may each have a seed of their own, and then none was given.
    let seed = comparison.designs.first().map(|design| design.seed);
    let one = comparison.designs.iter().all(|design| Some(design.seed) == seed);
    let seed = arguments.repeated.seed.or(seed.filter(|_| one || arguments.seed_b.is_some()));
    // With a precision it is the least, and their number is found again.
    let made = now.map(|design| design.replications).filter(|_| comparison.precision.is_none());
    let files = arguments.files.iter().map(|file| file.display().to_string());
    files
        .fold(Command::new("compare"), |command, file| command.word(&file))
        .option("--variants", arguments.variants.as_ref().map(|names| names.join(",")))
        .changes(changes.variant.as_deref(), &changes.set)
        .option("--baseline", arguments.baseline.as_ref().map(|file| file.display()))
        .options("--metric", &arguments.metric)
        .options("--fail-if", &arguments.fail_if)
        .flag("--fail-on-undecided", arguments.fail_on_undecided)
        .option("--seed", seed)
        .option("--seed-b", arguments.seed_b)
        .option("--replications", made.or(arguments.repeated.replications))
        .option("--precision", precise.precision)
        .option("--max-replications", precise.max_replications)
        .text()
}

fn finish(arguments: &CompareArguments, compared: &Compared) -> End {
    let Compared { comparison, gates, results } = compared;
    // Who states conditions states what fails. Otherwise objectives decide; a first design that misses its own is what
    // the others are to mend.
    let judged = usize::from(arguments.baseline.is_none());
    if let Some(path) = &arguments.junit {
        let decides = |at: usize| gates.is_empty() && at >= judged;
        let designs: Vec<JudgedDesign> = results
            .iter()
            .enumerate()
            .map(|(at, (name, result))| JudgedDesign { name, result, decides: decides(at) })
            .collect();
        let title = results.last().map_or("", |(_, r)| r.title.as_str());
        let text = junit(title, &designs, gates, arguments.fail_on_undecided);
        if let Err(message) = output::write_file(path, &text, arguments.answer.to.force) {
            output::say(&format!("error: {message}"));
            return End::Failed;
        }
    }
    let written = match arguments.answer.format() {
        Format::Text => {
            comparison_text(comparison, gates, output::look(arguments.answer.to.output.is_some()))
        }
        Format::Json => comparison_json(comparison, gates, Some(&command(arguments, comparison))),
        Format::Csv => comparison_csv(comparison, gates),
    };
    let written = output::deliver(&written, arguments.answer.to.output.as_deref(), arguments.answer.to.force);
    let fails = |gate: &GateResult| gate.fails(arguments.fail_on_undecided);
    if arguments.answer.format() != Format::Text || arguments.answer.to.output.is_some() {
        for gate in gates.iter().filter(|gate| gate.outcome != Outcome::RuledOut) {
            output::say(&kneepoint_report::safe(&kneepoint_report::gate_sentence(gate)));
        }
    }
    if written != End::Fine {
        return written;
    }
    let ends: Vec<End> =
        results.iter().map(|(_, result)| end_of(result.verdict, result.probability.as_ref())).collect();
    if ends.contains(&End::Failed) {
        return End::Failed;
    }
    let missed =
        if gates.is_empty() { ends[judged..].contains(&End::Missed) } else { gates.iter().any(fails) };
    if missed { End::Missed } else { End::Fine }
}
