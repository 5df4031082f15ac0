//! `kneepoint plot`: figures of stored results.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kneepoint_plot::{Figure, Picture, RATIO_MOST, Results, SIDES, Theme, figures, pareto, read};

use crate::trouble::Trouble;
use crate::{End, ending, output};

/// Results larger than this are refused: a sweep of ten thousand points is a hundred megabytes.
const BYTES_MOST: u64 = 256 << 20;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("drawn").multiple(true).args(["output"]))]
pub struct PlotArguments {
    /// What run, sweep, capacity, compare and sensitivity wrote with --format json
    #[arg(required = true, value_name = "RESULTS")]
    pub results: Vec<PathBuf>,
    /// Only this figure; all if not given
    #[arg(long, value_name = "NAME", conflicts_with = "list")]
    pub figure: Option<String>,
    /// Set two numbers of a sweep against each other, and mark what no other point outdoes:
    /// web.instances,p99(users.latency); min: or max: before one says which way is better
    #[arg(long, value_name = "X,Y", conflicts_with = "figure")]
    pub pareto: Option<String>,
    /// List the figures there are of these results, and draw none
    #[arg(long)]
    pub list: bool,
    /// Its colours
    #[arg(long, value_enum, default_value_t = Colours::Light)]
    pub theme: Colours,
    /// Width and height in pixels, 1280x720; as the figure wants it if not given
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<(u32, u32)>,
    /// How pictures are written into a folder; a file says it by its ending
    #[arg(long, value_enum)]
    pub format: Option<Pictures>,
    /// Write to this file (.svg or .png), or all figures into this folder, which is made if it is not there
    #[arg(long, short, value_name = "FILE|FOLDER")]
    pub output: Option<PathBuf>,
    /// Overwrite what is written if it exists
    #[arg(long, requires = "drawn")]
    pub force: bool,
    /// Do not say what is written into a folder
    #[arg(long)]
    pub quiet: bool,
}

/// For paper, or for a dark slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colours {
    /// Dark on white
    Light,
    /// Light on dark
    Dark,
}

/// Kinds of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pictures {
    /// Lines and letters: sharp at any size
    Svg,
    /// Pixels
    Png,
}

impl Pictures {
    fn ending(self) -> &'static str {
        match self {
            Pictures::Svg => "svg",
            Pictures::Png => "png",
        }
    }
}

/// What the endings of files stand for.
pub const ENDINGS: [(&str, Pictures); 2] = [("svg", Pictures::Svg), ("png", Pictures::Png)];

fn size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once(['x', 'X', '×']).ok_or("a size is width x height: 1280x720")?;
    let side = |text: &str| -> Result<u32, String> {
        let side =
            text.trim().parse().map_err(|_| "a size is two whole numbers of pixels: 1280x720".to_string())?;
        if SIDES.contains(&side) {
            Ok(side)
        } else {
            Err(format!("a side has {} to {} pixels", SIDES.start(), SIDES.end()))
        }
    };
    let (width, height) = (side(width)?, side(height)?);
    if width.max(height) > width.min(height) * RATIO_MOST {
        return Err(format!("one side is at most {RATIO_MOST} times the other"));
    }
    Ok((width, height))
}

pub fn plot(arguments: &PlotArguments) -> End {
    crate::interrupt::end_at_once();
    match drawn(arguments) {
        Ok(end) => end,
        Err(trouble) => trouble.tell(),
    }
}

/// A figure, and what tells it from that of another file.
struct Wanted {
    name: String,
    figure: Figure,
}

fn drawn(arguments: &PlotArguments) -> Result<End, Trouble> {
    let all = found(&arguments.results, arguments.pareto.as_deref())?;
    if arguments.list {
        return listed(arguments, &all);
    }
    let chosen: Vec<&Wanted> = match &arguments.figure {
        None => all.iter().collect(),
        // By the name of the figure, of all results; or by the name with the result's before it.
        Some(name) => {
            all.iter().filter(|wanted| wanted.name == *name || wanted.figure.name == *name).collect()
        }
    };
    if chosen.is_empty() {
        let names: BTreeSet<&str> = all.iter().map(|wanted| wanted.figure.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let asked = arguments.figure.as_deref().unwrap_or_default();
        let over_time = asked.starts_with("over-time") || asked.starts_with("heat-");
        let hint = if over_time && !names.iter().any(|name| name.starts_with("over-time")) {
            "; results over time are kept by run --timeline"
        } else {
            ""
        };
        return Err(Trouble::usage(format!(
            "there is no figure {} of these results; there are {}{hint}",
            kneepoint_report::safe(asked),
            names.join(", ")
        )));
    }
    let theme = if arguments.theme == Colours::Dark { Theme::DARK } else { Theme::LIGHT };
    let picture = Picture { theme, size: arguments.size };
    let Some(path) = &arguments.output else { return printed(arguments, picture, &chosen) };
    let is_folder = path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::MAIN_SEPARATOR);
    if !is_folder && path.extension().is_some() {
        return into_file(arguments, picture, &chosen, path);
    }
    into_folder(arguments, picture, &chosen, path)
}

fn found(files: &[PathBuf], against: Option<&str>) -> Result<Vec<Wanted>, Trouble> {
    let mut all = Vec::new();
    let mut stems: Vec<String> = Vec::new();
    for path in files {
        let shown = output::shown(path);
        let results = read(&shown, &text(path)?).map_err(|error| Trouble::usage(error.to_string()))?;
        // Of several results each figure says in its name which one it is of.
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let mut before = if files.len() > 1 { format!("{}-", plain(&stem)) } else { String::new() };
        if stems.contains(&before) {
            before = format!("{before}{}-", stems.len() + 1);
        }
        stems.push(before.clone());
        let of_file = drawn_of(&shown, &results, against)?.into_iter();
        all.extend(of_file.map(|figure| Wanted { name: format!("{before}{}", figure.name), figure }));
    }
    Ok(all)
}

fn drawn_of(file: &str, results: &Results, against: Option<&str>) -> Result<Vec<Figure>, Trouble> {
    let Some(asked) = against else { return Ok(figures(results)) };
    let one = pareto(results, asked).map_err(|error| Trouble::usage(format!("{file}: --pareto: {error}")))?;
    Ok(vec![one])
}

/// Returns what of a name can be in the name of any file.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .take(80)
        .collect()
}

/// Reads a file of results, as far as it is one.
pub fn text(path: &Path) -> Result<String, Trouble> {
    let shown = output::shown(path);
    let no = |error: std::io::Error| {
        if error.kind() == ErrorKind::InvalidData {
            Trouble::usage(format!("{shown} is no text; results are what was written with --format json"))
        } else {
            Trouble::usage(format!("{shown} cannot be read: {error}"))
        }
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(no)?;
    let read = file.take(BYTES_MOST + 1).read_to_string(&mut text).map_err(no)?;
    if read as u64 > BYTES_MOST {
        return Err(Trouble::usage(format!("{shown} is larger than {} MiB", BYTES_MOST >> 20)));
    }
    Ok(text)
}

fn listed(arguments: &PlotArguments, all: &[Wanted]) -> Result<End, Trouble> {
    if arguments.output.is_some() {
        return Err(Trouble::usage("--list writes to standard output: leave out -o"));
    }
    let wide = all.iter().map(|wanted| wanted.name.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        all.iter().map(|wanted| format!("{:wide$}  {}\n", wanted.name, wanted.figure.title)).collect();
    Ok(output::print(&lines.concat()))
}

fn one<'w>(arguments: &PlotArguments, chosen: &[&'w Wanted], there: &str) -> Result<&'w Wanted, Trouble> {
    match chosen {
        [one] => Ok(one),
        more => {
            let names: Vec<&str> = more.iter().map(|wanted| wanted.name.as_str()).collect();
            let ask =
                if arguments.figure.is_none() { "say which with --figure" } else { "say of which result" };
            Err(Trouble::usage(format!(
                "there are {} figures and {there}: {ask} ({}), or name a folder with -o",
                more.len(),
                names.join(", ")
            )))
        }
    }
}

fn printed(arguments: &PlotArguments, picture: Picture, chosen: &[&Wanted]) -> Result<End, Trouble> {
    let wanted = one(arguments, chosen, "one fits standard output")?;
    if arguments.format == Some(Pictures::Png) {
        return Err(Trouble::usage("pixels are not for standard output: name a file with -o"));
    }
    Ok(output::print(&picture.svg(&wanted.figure)))
}

fn into_file(
    arguments: &PlotArguments,
    picture: Picture,
    chosen: &[&Wanted],
    path: &Path,
) -> Result<End, Trouble> {
    let kind = ending::of_name(path, &ENDINGS).map_err(Trouble::usage)?;
    if arguments.format.is_some_and(|asked| asked != kind) {
        return Err(Trouble::usage(format!(
            "--format {} and {} contradict each other",
            arguments.format.map_or("", Pictures::ending),
            output::shown(path)
        )));
    }
    let wanted = one(arguments, chosen, "one fits a file")?;
    output::can_be_written(path, arguments.force).map_err(Trouble::usage)?;
    // Results can have any ending, .svg too.
    output::spares(&[Some(path)], &arguments.results).map_err(Trouble::usage)?;
    output::write_bytes(path, &bytes(picture, &wanted.figure, kind), arguments.force)
        .map_err(Trouble::failed)?;
    Ok(End::Fine)
}

fn into_folder(
    arguments: &PlotArguments,
    picture: Picture,
    chosen: &[&Wanted],
    folder: &Path,
) -> Result<End, Trouble> {
    let kind = arguments.format.unwrap_or(Pictures::Svg);
    let shown = output::shown(folder);
    if !folder.exists() {
        std::fs::create_dir(folder).map_err(|error| {
            Trouble::usage(format!("{shown} cannot be made: {error}; the folder it is in has to be there"))
        })?;
    } else if !folder.is_dir() {
        return Err(Trouble::usage(format!(
            "{shown} is a file without an ending; name a folder, or a file that ends in .svg or .png"
        )));
    }
    let path = |wanted: &Wanted| folder.join(format!("{}.{}", wanted.name, kind.ending()));
    // None is written if one cannot be.
    for wanted in chosen {
        output::can_be_written(&path(wanted), arguments.force).map_err(Trouble::usage)?;
        output::spares(&[Some(&path(wanted))], &arguments.results).map_err(Trouble::usage)?;
    }
    for wanted in chosen {
        let path = path(wanted);
        output::write_bytes(&path, &bytes(picture, &wanted.figure, kind), arguments.force)
            .map_err(Trouble::failed)?;
        if !arguments.quiet {
            output::say(&format!("{}: {}", output::shown(&path), wanted.figure.title));
        }
    }
    Ok(End::Fine)
}

fn bytes(picture: Picture, figure: &Figure, kind: Pictures) -> Vec<u8> {
    match kind {
        Pictures::Svg => picture.svg(figure).into_bytes(),
        Pictures::Png => picture.png(figure),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_two_sides_that_make_a_picture() {
        assert_eq!(size("1280x720"), Ok((1280, 720)));
        for wrong in ["1280", "axb", "10x10", "100000x720", "4000x300", "-1x5"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
