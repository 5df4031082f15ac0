//! One visual language: what has which colour, in light and in dark.

/// A colour as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// What a colour says; a [`Theme`] knows which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of the colours of parts, clients and series: [`slots`] gives them out.
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

/// Gives every name a colour: the same for the same name, as long as fewer than [`SLOTS`] are asked for together.
///
/// A name takes the place its letters say, or the next one that is free: a part that is added leaves the colours of
/// most others alone. In the order of the names, not of the file.
pub fn slots(names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| names[*a].cmp(&names[*b]));
    let mut slots = vec![0; names.len()];
    let mut used = [0_usize; SLOTS];
    for at in order {
        let wanted = fnv(&names[at]) as usize % SLOTS;
        let least = used.iter().min().copied().unwrap_or(0);
        let free = (0..SLOTS).map(|step| (wanted + step) % SLOTS).find(|slot| used[*slot] == least);
        slots[at] = free.unwrap_or(wanted);
        used[slots[at]] += 1;
    }
    slots
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

    #[test]
    fn a_name_has_its_colour_wherever_it_stands() {
        let names = |all: &[&str]| all.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        let there = slots(&names(&["lb", "web", "database"]));
        let elsewhere = slots(&names(&["database", "lb", "web"]));
        assert_eq!([there[2], there[0], there[1]], [elsewhere[0], elsewhere[1], elsewhere[2]]);
        let mut all = slots(&names(&["a", "b", "c", "d", "e", "f"]));
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
    }
}
