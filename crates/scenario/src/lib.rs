//! Scenario files: from text to a checked topology to a simulation.
mod bind;
mod build;
mod check;
mod data;
mod diagnostic;
mod expand;
mod file;
mod include;
mod kind_line;
mod lint;
mod lint_busy;
mod lint_middle;
mod lint_pools;
mod lint_slow;
mod lint_still;
mod node;
mod params;
pub mod plan;
mod preset;
mod reader;
mod reference;
mod registry;
mod rule;
mod rule_middle;
mod scenario;
mod setting;
mod spec;
mod steering;
mod topology;
mod typed;
pub mod value;

pub use build::{Berth, MakePart, PartMaker, Pulse, plan, plan_at, plan_with_pulse};
pub use data::DataFile;
pub use diagnostic::{Fault, FaultRow, Faults, Severity};
pub use file::{FILE_SIZE_MAX, FileId, Files, Place, SourceFile};
pub use node::{NodeId, Origin};
pub use params::Uncertain;
pub use registry::{
    Bound, Field, FieldDefault, Key, Kind, Range, Registry, RegistryError, Role, Status, Type,
};
pub use scenario::{Assumption, Checked, OverValues, Overrides, Scenario, Section, SweepSection, Takes};
pub use spec::{CallSpec, DistributionSpec, ProfileSpec, Step, StepSpec, Wait};
pub use steering::is_steering;
pub use topology::{Call, Part, Topology};
pub use typed::{Args, Data, Item, Value};
