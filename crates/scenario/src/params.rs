//! The section `params`: values that formulas use.

use std::collections::BTreeMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::check::{Checker, FAULTS_MAX, Slot, text_fault};
use crate::diagnostic::{Fault, SUGGESTED_FROM};
use crate::file::{Files, Place};
use crate::node::{Arena, Entry, NodeId, Shape};
use crate::registry::Registry;
use crate::spec::DistributionSpec;
use crate::typed::Value;
use crate::value::{Dimension, Formula, Quantity, TextError, shown};

/// A parameter that is drawn once per replication.
///
/// A replication is built from the scenario with the drawn value set, as `--set params.NAME=VALUE` would.
#[derive(Debug, Clone)]
pub struct Uncertain {
    /// Its name in `params`.
    pub name: String,
    /// What it is drawn from, in the base unit of its dimension.
    pub distribution: DistributionSpec,
    /// What it measures.
    pub dimension: Dimension,
    /// Where it is written.
    pub place: Place,
}

/// The values of all parameters; a faulty one has none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, Option<Quantity>>,
    pub(crate) uncertain: Vec<Uncertain>,
}

impl Params {
    pub(crate) fn none() -> Params {
        Params::default()
    }

    /// Returns the parameters that have a value, for reports.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, Quantity)> {
        self.values.iter().filter_map(|(name, value)| Some((name.as_str(), (*value)?)))
    }

    /// Computes all parameters, each after those it is made of. What was drawn stands for what is uncertain.
    pub(crate) fn read(
        registry: &Registry,
        files: &Files,
        arena: &Arena,
        root: NodeId,
        drawn: &[(String, Quantity)],
        faults: &mut Vec<Fault>,
    ) -> Params {
        let mut params = Params::none();
        let Some(section) = arena.field(root, "params") else { return params };
        let mut formulas: BTreeMap<String, (NodeId, Formula)> = BTreeMap::new();
        for entry in arena.entries(section.value) {
            if faults.len() >= FAULTS_MAX {
                break;
            }
            let name = entry.key.text.to_string();
            match constant(arena, entry) {
                Constant::Formula(text) => match Formula::parse(text) {
                    Ok(formula) => drop(formulas.insert(name.clone(), (entry.value, formula))),
                    Err(error) => faults.push(text_fault(arena, entry.value, error)),
                },
                Constant::Value(Ok(quantity)) => {
                    params.values.insert(name, Some(quantity));
                    continue;
                }
                Constant::Value(Err(fault)) => faults.push(fault),
                Constant::Uncertain => {
                    let nominal = params.uncertain(registry, files, arena, root, entry, faults);
                    let drawn = drawn.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
                    params.values.insert(name, drawn.or(nominal));
                    continue;
                }
            }
            params.values.insert(name, None);
        }
        params.formulas(arena, &formulas, faults);
        params
    }

    /// Reads `Uncertain(…)`; its mean stands for it until it is drawn.
    fn uncertain(
        &mut self,
        registry: &Registry,
        files: &Files,
        arena: &Arena,
        root: NodeId,
        entry: &Entry,
        faults: &mut Vec<Fault>,
    ) -> Option<Quantity> {
        let none = Params::none();
        let mut checker = Checker::new(registry, files, arena, root, &none);
        let place = arena.place(entry.value);
        let dimension = checker.leaf_dimension(entry.value, 0).unwrap_or(Dimension::Number);
        let value = checker.drawn_once(entry.value, dimension, Slot::named("parameter"));
        faults.append(&mut checker.faults);
        let drawn = value.as_ref().and_then(Value::as_args).and_then(|args| args.get("of").cloned())?;
        let distribution = match DistributionSpec::of(&drawn) {
            Ok(distribution) => distribution,
            Err(mut found) => {
                faults.append(&mut found);
                return None;
            }
        };
        let Some(mean) = distribution.mean().filter(|mean| mean.is_finite()) else {
            let fault = Fault::error(place, "an uncertain parameter needs a distribution with a mean");
            faults.push(fault.help("for example Normal, Triangular or Uniform"));
            return None;
        };
        let name = entry.key.text.to_string();
        self.uncertain.push(Uncertain { name, distribution, dimension, place });
        Some(Quantity::new(mean, dimension))
    }

    /// Computes the formulas in the order in which they build on one another.
    fn formulas(
        &mut self,
        arena: &Arena,
        formulas: &BTreeMap<String, (NodeId, Formula)>,
        faults: &mut Vec<Fault>,
    ) {
        let mut graph: DiGraph<&str, ()> = DiGraph::new();
        let nodes: BTreeMap<&str, NodeIndex> =
            formulas.keys().map(|name| (name.as_str(), graph.add_node(name.as_str()))).collect();
        for (name, (_, formula)) in formulas {
            for (used, _) in formula.names() {
                if let Some(used) = nodes.get(used) {
                    graph.add_edge(nodes[name.as_str()], *used, ());
                }
            }
        }
        // Kosaraju's components come with what is used before what uses it.
        for component in kosaraju_scc(&graph) {
            if faults.len() >= FAULTS_MAX {
                return;
            }
            let first = component[0];
            let (node, formula) = &formulas[graph[first]];
            if component.len() > 1 || graph.contains_edge(first, first) {
                let mut names: Vec<&str> = component.iter().map(|node| graph[*node]).collect();
                names.sort_unstable();
                let (node, _) = &formulas[names[0]];
                let fault = Fault::error(arena.place(*node), format!("`{}` is defined by itself", names[0]));
                let by_way = format!(
                    "by way of {}",
                    names[1..].iter().take(8).copied().collect::<Vec<_>>().join(", ")
                );
                faults.push(if names.len() > 1 { fault.help(by_way) } else { fault });
                continue;
            }
            match self.compute(formula, None) {
                Ok(quantity) => drop(self.values.insert(graph[first].to_string(), Some(quantity))),
                Err(Some(error)) => faults.push(text_fault(arena, *node, error)),
                Err(None) => {}
            }
        }
    }

    /// Computes a formula that stands somewhere; `Err(None)` if what is wrong has been said where it is defined.
    pub(crate) fn evaluate(
        &self,
        text: &str,
        needed: Option<Dimension>,
    ) -> Result<Quantity, Option<TextError>> {
        self.compute(&Formula::parse(text)?, needed)
    }

    fn compute(&self, formula: &Formula, needed: Option<Dimension>) -> Result<Quantity, Option<TextError>> {
        // Looking for what was meant takes time in proportion to all names, so only if one is unknown.
        if formula.names().any(|(name, _)| !self.values.contains_key(name)) {
            let known = self.values.keys().map(String::as_str);
            if self.values.len() > SUGGESTED_FROM {
                let unknown = formula.names().find(|(name, _)| !self.values.contains_key(*name));
                return Err(unknown
                    .map(|(name, span)| TextError::new(span, format!("no parameter \"{}\"", shown(name)))));
            }
            return Err(formula.unknown_names(known).into_iter().next());
        }
        if formula.names().any(|(name, _)| self.values.get(name).is_some_and(Option::is_none)) {
            return Err(None);
        }
        let lookup = |name: &str| self.values.get(name).copied().flatten();
        Ok(match needed {
            Some(needed) => formula.evaluate_as(needed, &lookup)?,
            None => formula.evaluate(&lookup)?,
        })
    }
}

enum Constant<'a> {
    Value(Result<Quantity, Fault>),
    Formula(&'a str),
    Uncertain,
}

fn constant<'a>(arena: &'a Arena, entry: &Entry) -> Constant<'a> {
    let place = arena.place(entry.value);
    Constant::Value(match &arena.get(entry.value).shape {
        Shape::Text(text) if Formula::is_formula(text) => return Constant::Formula(text),
        Shape::Text(text) => Quantity::parse(text).map_err(|error| text_fault(arena, entry.value, error)),
        Shape::Number(number) => {
            let number = number.strip_prefix('+').unwrap_or(number);
            Quantity::parse(number).map_err(|error| match number.trim_start_matches('-') {
                "inf" | "NaN" => Fault::error(place, "a number must be finite"),
                _ => Fault::error(place, error.message),
            })
        }
        Shape::Kind(word, _) if &*word.text == "Uncertain" => return Constant::Uncertain,
        Shape::Kind(word, _) => {
            let fault = Fault::error(word.place, format!("a parameter is one value, not a `{}`", word.text));
            Err(fault.help(format!("Uncertain({}(…)) is drawn once per replication", word.text)))
        }
        _ => Err(Fault::error(place, "a parameter is a number, a quantity, a formula or Uncertain(…)")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Origin;
    use crate::reader::read;

    fn params(text: &str) -> (Params, Vec<String>) {
        let mut files = Files::default();
        let text = format!("(params: {text})");
        let file = files.add("t.ron", None, text.clone());
        let (mut arena, mut faults) = (Arena::default(), Vec::new());
        let root = read(&text, file, Origin::File, &mut arena, &mut faults).unwrap();
        let params = Params::read(&Registry::core(), &files, &arena, root, &[], &mut faults);
        (params, faults.into_iter().map(|fault| fault.message).collect())
    }

    fn value(params: &Params, formula: &str) -> f64 {
        params.evaluate(formula, None).unwrap().value
    }

    #[test]
    fn parameters_build_on_one_another_in_any_order() {
        let (params, faults) =
            params(r#"{ "peak": "=daily / 1d * 4", "daily": "=users * 10", "users": 86_400 }"#);
        assert_eq!(faults, [] as [&str; 0]);
        assert_eq!(value(&params, "=peak"), 40.0);
        assert_eq!(params.evaluate("=peak", None).unwrap().dimension, Dimension::Rate);
    }

    #[test]
    fn a_chain_of_thousands_is_no_problem_and_a_loop_is_found() {
        let links: Vec<String> = (0..5000).map(|n| format!("\"p{n}\": \"=p{} + 1\"", n + 1)).collect();
        let (params, faults) = self::params(&format!("{{ {}, \"p5000\": 1 }}", links.join(", ")));
        assert_eq!((value(&params, "=p0"), faults.len()), (5001.0, 0));
        let (_, faults) = self::params(r#"{ "a": "=b", "b": "=c", "c": "=a + 1", "d": "=a" }"#);
        assert_eq!(faults, ["`a` is defined by itself"]);
    }

    #[test]
    fn an_uncertain_parameter_stands_for_its_mean() {
        let (params, faults) =
            params(r#"{ "g": Uncertain(Triangular(min: "15ms", mode: "20ms", max: "40ms")) }"#);
        assert_eq!(faults, [] as [&str; 0]);
        assert_eq!(value(&params, "=g"), 25e6);
        assert_eq!(
            (params.uncertain[0].name.as_str(), params.uncertain[0].dimension),
            ("g", Dimension::Duration)
        );
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        let message = |text: &str| params(text).1.join("; ");
        assert!(message(r#"{ "a": Normal(mean: 1, sd: 1) }"#).contains("not a `Normal`"));
        assert!(message(r#"{ "a": [1] }"#).contains("a parameter is"));
        assert!(message(r#"{ "a": inf }"#).contains("finite"));
        assert!(message(r#"{ "a": "=1 / 0" }"#).contains("divides by zero"));
        assert!(message(r#"{ "a": "=b" }"#).contains("no parameter \"b\""));
    }
}
