//! One visual language: what has which colour, in light and in dark.

use std::collections::BTreeMap;

/// A colour as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// What a colour says; a [`Theme`] knows which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of the colours of parts, clients and series: a [`Palette`] gives them out.
    Slot(usize),
    /// Letters and what has to be seen.
    Ink,
    /// Letters that may be overlooked.
    Quiet,
    /// Lines that guide the eye.
    Grid,
    /// A bound: what must not be crossed.
    Bound,
    /// Got better.
    Better,
    /// Got worse.
    Worse,
    /// No difference shown.
    Neutral,
}

/// How many colours can be told apart.
pub const SLOTS: usize = 6;

/// The colours of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Light letters on dark ground.
    pub dark: bool,
}

impl Theme {
    /// Dark letters on white: paper and most slides.
    pub const LIGHT: Theme = Theme { dark: false };
    /// Light letters on dark ground.
    pub const DARK: Theme = Theme { dark: true };

    /// Returns the ground.
    pub fn ground(self) -> Rgb {
        if self.dark { Rgb(0x16, 0x1b, 0x22) } else { Rgb(0xff, 0xff, 0xff) }
    }

    /// Returns what a colour looks like.
    ///
    /// # Source
    /// Okabe, Ito, "Color Universal Design", 2008: told apart by people with any common colour blindness. Without its
    /// yellow, which cannot be seen on white, and with its blue and green lighter on dark ground.
    pub fn rgb(self, colour: Colour) -> Rgb {
        const LIGHT: [Rgb; SLOTS] = [
            Rgb(0x00, 0x72, 0xb2),
            Rgb(0xe6, 0x9f, 0x00),
            Rgb(0x00, 0x9e, 0x73),
            Rgb(0xcc, 0x79, 0xa7),
            Rgb(0x56, 0xb4, 0xe9),
            Rgb(0xd5, 0x5e, 0x00),
        ];
        const DARK: [Rgb; SLOTS] = [
            Rgb(0x3d, 0x9b, 0xe0),
            Rgb(0xf0, 0xb0, 0x2a),
            Rgb(0x1f, 0xc2, 0x93),
            Rgb(0xdd, 0x92, 0xbb),
            Rgb(0x8f, 0xd0, 0xf5),
            Rgb(0xf0, 0x7a, 0x28),
        ];
        let pick = |light: Rgb, dark: Rgb| if self.dark { dark } else { light };
        match colour {
            Colour::Slot(slot) => pick(LIGHT[slot % SLOTS], DARK[slot % SLOTS]),
            Colour::Ink => pick(Rgb(0x1c, 0x22, 0x2b), Rgb(0xe8, 0xec, 0xf1)),
            Colour::Quiet => pick(Rgb(0x59, 0x63, 0x70), Rgb(0xa3, 0xad, 0xb9)),
            Colour::Grid => pick(Rgb(0xe2, 0xe6, 0xea), Rgb(0x2e, 0x36, 0x40)),
            Colour::Bound => pick(Rgb(0xa4, 0x13, 0x3c), Rgb(0xff, 0x6b, 0x8a)),
            Colour::Better => self.rgb(Colour::Slot(0)),
            Colour::Worse => self.rgb(Colour::Slot(5)),
            Colour::Neutral => pick(Rgb(0x8a, 0x93, 0x9e), Rgb(0x86, 0x90, 0x9c)),
        }
    }

    /// Returns the colour of a place between the smallest (0) and the largest (1) of a heat map.
    ///
    /// # Source
    /// Nuñez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision deficiency", PLoS ONE
    /// 13(7), 2018 (cividis), by five of its colours and straight lines between them.
    pub fn heat(self, place: f64) -> Rgb {
        const CIVIDIS: [[f64; 3]; 5] = [
            [0.0, 32.0, 77.0],
            [65.0, 77.0, 107.0],
            [124.0, 123.0, 120.0],
            [188.0, 175.0, 111.0],
            [255.0, 234.0, 70.0],
        ];
        let at = place.clamp(0.0, 1.0) * 4.0;
        let from = (at.floor() as usize).min(3);
        let share = at - from as f64;
        let mixed =
            |i: usize| (CIVIDIS[from][i] + share * (CIVIDIS[from + 1][i] - CIVIDIS[from][i])).round() as u8;
        Rgb(mixed(0), mixed(1), mixed(2))
    }
}

/// Which client, which part and which class of requests has which colour: the same in every figure of a result and on
/// its page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    slots: BTreeMap<String, usize>,
    /// What people call clients and parts, by name.
    labels: BTreeMap<String, String>,
}

impl Palette {
    /// Gives out the colours of a result. It takes the names of all it has, those too that a figure leaves out: what is
    /// not drawn must not change the colours of what is.
    ///
    /// A name takes the place its letters say, or the next one that is free: a part that is added leaves the colours of
    /// most others alone. As far as there are colours, no two parts have the same, and no two of clients and classes.
    /// The order of the names does not matter.
    pub fn new(clients: &[String], parts: &[String], classes: &[String]) -> Palette {
        let mut slots = BTreeMap::new();
        let mut all = [0_usize; SLOTS];
        let with_clients = give(clients, &mut slots, [0; SLOTS], &mut all);
        give(parts, &mut slots, [0; SLOTS], &mut all);
        // Classes are drawn beside their clients.
        give(classes, &mut slots, with_clients, &mut all);
        Palette { slots, labels: BTreeMap::new() }
    }

    /// Returns it with what people call clients and parts, by name.
    pub fn with_labels(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Palette {
        self.labels = labels.into_iter().filter(|(name, label)| !label.is_empty() && label != name).collect();
        self
    }

    /// Returns the label of a client, a part or an instance of one with its name, as tables have it: `Shop front (web)`;
    /// the name alone where there is no label.
    pub fn named(&self, name: &str) -> String {
        let root = name.split(['/', ':']).next().unwrap_or(name);
        self.labels.get(root).map_or_else(|| name.to_string(), |label| format!("{label} ({name})"))
    }

    /// Returns the colour of a client, a part or a class (`users:browse`), or of an instance of a part.
    pub fn of(&self, name: &str) -> Option<usize> {
        let whole = || name.split(['/', ':']).next();
        self.slots.get(name).or_else(|| self.slots.get(whole()?)).copied()
    }

    pub(crate) fn colour(&self, name: &str) -> Colour {
        self.of(name).map_or(Colour::Ink, Colour::Slot)
    }
}

/// Gives names that are drawn together their colours; returns how often each of them has which.
fn give(
    names: &[String],
    slots: &mut BTreeMap<String, usize>,
    mut together: [usize; SLOTS],
    all: &mut [usize; SLOTS],
) -> [usize; SLOTS] {
    let mut order: Vec<&String> = names.iter().collect();
    order.sort_unstable();
    for name in order {
        if slots.contains_key(name) {
            continue;
        }
        let wanted = fnv(name) as usize % SLOTS;
        let cost = |slot: &usize| (together[*slot], all[*slot], (slot + SLOTS - wanted) % SLOTS);
        let slot = (0..SLOTS).min_by_key(cost).unwrap_or(wanted);
        together[slot] += 1;
        all[slot] += 1;
        slots.insert(name.clone(), slot);
    }
    together
}

/// Returns the colour of a way in which requests end, and which dashes it is drawn with: there are more ways than
/// colours.
pub fn status_slot(status: &str) -> (usize, usize) {
    let at = STATUSES.iter().position(|(name, ..)| *name == status);
    at.map_or((0, 2), |at| (STATUSES[at].1, STATUSES[at].2))
}

/// The ways in which requests end, each with colour and dashes of its own.
const STATUSES: [(&str, usize, usize); 12] = [
    ("ok", 2, 0),
    ("stale", 4, 0),
    ("degraded", 3, 0),
    ("timeout", 5, 0),
    ("rejected", 1, 0),
    ("shed", 0, 0),
    ("limited", 2, 1),
    ("refused", 4, 1),
    ("unavailable", 3, 1),
    ("failed", 5, 1),
    ("lost", 1, 1),
    ("cancelled", 0, 1),
];

/// Returns the colour of a kind of fault, as events call it: `crash`, `hang`. The same wherever a fault is drawn.
pub fn fault_slot(kind: &str) -> usize {
    FAULTS.iter().find(|(name, _)| *name == kind).map_or(5, |(_, slot)| *slot)
}

/// What breaks, with its colour: the kinds that the language has, so that no colour is kept for what nobody can write. A
/// kind that is not here, of results of a later version, has that of a crash.
const FAULTS: [(&str, usize); 4] = [("crash", 5), ("hang", 1), ("slow", 4), ("stop", 0)];

/// Returns the colour of a state of a circuit breaker: `open`, `half-open`.
pub fn breaker_slot(state: &str) -> usize {
    if state == "half-open" { 1 } else { 5 }
}

/// The percentiles that are drawn over time, in figures and in the charts of a page: one set, so that what is read in one
/// is found in the other.
pub const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// Returns the colour of a percentile, where lines are told apart by it: `p99` for 0.99.
pub fn percentile_slot(share: f64) -> Option<usize> {
    let known = [(0.5, 0), (0.9, 4), (0.95, 1), (0.99, 5), (0.999, 3)];
    known.into_iter().find(|(at, _)| (at - share).abs() < 1e-9).map(|(_, slot)| slot)
}

/// FNV-1a: small, and the same on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|n| n.to_string()).collect()
    }

    #[test]
    fn a_name_has_its_colour_wherever_it_stands() {
        let there = Palette::new(&names(&["users"]), &names(&["lb", "web", "database"]), &[]);
        let elsewhere = Palette::new(&names(&["users"]), &names(&["database", "lb", "web"]), &[]);
        assert_eq!(there, elsewhere);
        assert_eq!(there.of("web/2"), there.of("web"));
        assert_eq!((there.of("nobody"), there.colour("nobody")), (None, Colour::Ink));
    }

    #[test]
    fn what_is_drawn_together_has_colours_of_its_own_while_there_are_some() {
        let parts = names(&["a", "b", "c", "d", "e", "f"]);
        let classes = names(&["users:x", "users:y", "batch:x", "batch:y"]);
        let palette = Palette::new(&names(&["users", "batch"]), &parts, &classes);
        let slots = |of: &[&String]| {
            let mut all: Vec<usize> = of.iter().map(|name| palette.of(name).unwrap()).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(slots(&parts.iter().collect::<Vec<_>>()), [0, 1, 2, 3, 4, 5]);
        let clients = names(&["users", "batch"]);
        assert_eq!(slots(&clients.iter().chain(&classes).collect::<Vec<_>>()), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn every_way_to_end_looks_different() {
        let ways: std::collections::BTreeSet<(usize, usize)> =
            kneepoint_calls::Status::ALL.into_iter().map(|status| status_slot(status.name())).collect();
        assert_eq!(ways.len(), kneepoint_calls::Status::ALL.len());
        assert!(!ways.contains(&status_slot("anything else")));
    }

    #[test]
    fn the_kinds_of_faults_that_have_a_colour_are_those_of_the_language() {
        let registry = kneepoint_scenario::Registry::core();
        let all = registry.kinds("fault").iter().chain(registry.kinds("action"));
        let built = all.filter(|kind| kind.status == kneepoint_scenario::Status::Built);
        let written: std::collections::BTreeSet<String> =
            built.map(|kind| kind.name.to_lowercase()).collect();
        let coloured: std::collections::BTreeSet<String> =
            FAULTS.iter().map(|(kind, _)| kind.to_string()).collect();
        assert_eq!(coloured, written);
    }

    #[test]
    fn every_kind_of_fault_has_one_colour_of_its_own() {
        let slots: std::collections::BTreeSet<usize> =
            FAULTS.iter().map(|(kind, _)| fault_slot(kind)).collect();
        assert_eq!(slots.len(), FAULTS.len());
        assert_eq!(fault_slot("what will be"), fault_slot("crash"));
        assert_ne!(breaker_slot("open"), breaker_slot("half-open"));
    }

    #[test]
    fn percentiles_that_are_reported_do_not_look_alike() {
        let slots: std::collections::BTreeSet<usize> =
            [0.5, 0.9, 0.95, 0.99, 0.999].into_iter().filter_map(percentile_slot).collect();
        assert_eq!(slots.len(), 5);
    }
}
