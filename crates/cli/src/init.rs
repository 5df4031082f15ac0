//! `kneepoint init`: a scenario to begin with.

use clap::ValueEnum;

use crate::End;
use crate::arguments::InitArguments;
use crate::output;

/// What to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// Clients, a balancer, a service, a database
    Shop,
    /// One queue
    Station,
}

impl Template {
    /// The text of the scenario.
    pub fn text(self) -> &'static str {
        match self {
            Template::Shop => include_str!("templates/shop.ron"),
            Template::Station => include_str!("templates/station.ron"),
        }
    }
}

pub fn init(arguments: &InitArguments) -> End {
    let path = &arguments.file;
    match output::write_file(path, arguments.template.text(), false) {
        Ok(()) => {
            let shown = output::shown(path);
            output::say(&format!("{shown} written; now: kneepoint run {shown}"));
            End::Fine
        }
        Err(message) => output::bad(&message.replace("; --force overwrites it", "; init never overwrites")),
    }
}
