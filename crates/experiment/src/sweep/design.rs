//! Which points of the axes are run.

use kneepoint_random::{Stream, stream_key};

use super::{Axis, SweepError};

/// Most points a Sobol sequence has here.
///
/// # Source
/// Burley, "Practical hash-based Owen scrambling", JCGT 9(4), 2020: 16 bits of each index are scrambled.
const SOBOL_POINTS_MAX: u64 = 65_536;

/// How points are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Every combination; the last axis runs fastest.
    Grid,
    /// So many points: each axis is cut into as many equal slices, and each slice is met once.
    ///
    /// # Source
    /// McKay, Beckman and Conover, "A comparison of three methods for selecting values of input variables",
    /// Technometrics 21(2), 1979.
    LatinHypercube(u64),
    /// So many points of a scrambled Sobol sequence: they fill the space evenly; powers of two are best.
    ///
    /// # Source
    /// Sobol 1967 with the directions of Joe and Kuo 2008, Owen-scrambled: Burley, JCGT 9(4), 2020.
    Sobol(u64),
}

impl Design {
    /// Returns its name, as it stands after `--design`.
    pub fn name(self) -> &'static str {
        match self {
            Design::Grid => "grid",
            Design::LatinHypercube(_) => "latin-hypercube",
            Design::Sobol(_) => "sobol",
        }
    }

    /// Returns the number of points over these axes, without making them.
    ///
    /// # Errors
    /// If an axis has no grid.
    pub fn count(self, axes: &[Axis]) -> Result<u64, SweepError> {
        match self {
            Design::Grid => axes.iter().try_fold(1_u64, |all, axis| {
                let values = axis.grid()?.len() as u64;
                Ok(all.saturating_mul(values))
            }),
            Design::LatinHypercube(points) | Design::Sobol(points) => Ok(points),
        }
    }

    /// Returns the points: for each a value per axis. A function of the axes and the seed alone.
    ///
    /// # Errors
    /// If an axis has no grid, or the design has no so many points.
    pub fn points(self, axes: &[Axis], seed: u64) -> Result<Vec<Vec<String>>, SweepError> {
        match self {
            Design::Grid => {
                let mut points = vec![Vec::new()];
                for axis in axes {
                    let values = axis.grid()?;
                    let with = |point: &Vec<String>| {
                        let point = point.clone();
                        values
                            .iter()
                            .map(move |value| {
                                let mut point = point.clone();
                                point.push(value.clone());
                                point
                            })
                            .collect::<Vec<_>>()
                    };
                    points = points.iter().flat_map(with).collect();
                }
                Ok(points)
            }
            Design::LatinHypercube(count) => {
                let columns: Vec<Vec<f64>> =
                    axes.iter().map(|axis| slices(count, seed, &axis.path)).collect();
                Ok((0..count as usize)
                    .map(|i| axes.iter().zip(&columns).map(|(axis, column)| axis.at(column[i])).collect())
                    .collect())
            }
            Design::Sobol(count) if count > SOBOL_POINTS_MAX => Err(SweepError::Design(format!(
                "a Sobol design has at most {SOBOL_POINTS_MAX} points, not {count}"
            ))),
            Design::Sobol(count) => {
                let seed = stream_key(seed, 0, "sweep", "sobol") as u32;
                let at = |i: u64, dimension: usize| {
                    f64::from(sobol_burley::sample(i as u32, dimension as u32, seed))
                };
                // Dimensions by name: the order in which axes were written changes no point.
                let rank = |axis: &Axis| axes.iter().filter(|other| other.path < axis.path).count();
                let ranks: Vec<usize> = axes.iter().map(rank).collect();
                Ok((0..count)
                    .map(|i| axes.iter().zip(&ranks).map(|(axis, d)| axis.at(at(i, *d))).collect())
                    .collect())
            }
        }
    }
}

/// Returns one place in each of `count` equal slices of 0 to 1, in a drawn order.
fn slices(count: u64, seed: u64, path: &str) -> Vec<f64> {
    // Its own stream per axis: another axis leaves this one's places alone.
    let mut stream = Stream::named(seed, 0, path, "latin hypercube");
    let mut order: Vec<u64> = (0..count).collect();
    // Fisher and Yates, from the end.
    for i in (1..order.len()).rev() {
        order.swap(i, stream.below(i as u64 + 1) as usize);
    }
    order.into_iter().map(|slice| (slice as f64 + stream.uniform()) / count as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(texts: &[&str]) -> Vec<Axis> {
        texts.iter().map(|text| Axis::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_grid_runs_the_last_axis_fastest() {
        let axes = axes(&["a.x=1..2", "b.y=p,q,r"]);
        let points = Design::Grid.points(&axes, 1).unwrap();
        let flat: Vec<String> = points.iter().map(|p| p.join(" ")).collect();
        assert_eq!(flat, ["1 p", "1 q", "1 r", "2 p", "2 q", "2 r"]);
        assert_eq!(Design::Grid.count(&axes).unwrap(), 6);
    }

    #[test]
    fn a_latin_hypercube_meets_every_slice_of_every_axis_once() {
        let axes = axes(&["a.x=0..1:2", "b.y=0..1:2", "c.z=u,v,w,x,y"]);
        let points = Design::LatinHypercube(20).points(&axes, 1).unwrap();
        for axis in 0..2 {
            let mut slices: Vec<usize> =
                points.iter().map(|p| (p[axis].parse::<f64>().unwrap() * 20.0) as usize).collect();
            slices.sort_unstable();
            assert_eq!(slices, (0..20).collect::<Vec<_>>());
        }
        assert_eq!(points.iter().filter(|p| p[2] == "w").count(), 4);
        assert_eq!(points, Design::LatinHypercube(20).points(&axes, 1).unwrap());
        assert_ne!(points, Design::LatinHypercube(20).points(&axes, 2).unwrap());
    }

    #[test]
    fn an_axis_more_leaves_the_others_alone() {
        let two = Design::LatinHypercube(9).points(&axes(&["a.x=0..1:2", "b.y=0..1:2"]), 1).unwrap();
        let one = Design::LatinHypercube(9).points(&axes(&["b.y=0..1:2"]), 1).unwrap();
        assert!(two.iter().zip(&one).all(|(two, one)| two[1] == one[0]));
    }

    #[test]
    fn a_sobol_design_fills_quarters_evenly() {
        let points = Design::Sobol(64).points(&axes(&["a.x=0..1:2", "b.y=0..1:2"]), 1).unwrap();
        let mut counts = [[0; 4]; 4];
        for point in &points {
            let place = |at: usize| (point[at].parse::<f64>().unwrap() * 4.0) as usize;
            counts[place(0)][place(1)] += 1;
        }
        assert_eq!(counts, [[4; 4]; 4], "each sixteenth of the square holds four of 64 points");
        assert!(Design::Sobol(70_000).points(&axes(&["a.x=0..1:2"]), 1).is_err());
    }
}
