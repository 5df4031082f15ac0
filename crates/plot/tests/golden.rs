//! Pictures that are kept: a change of them is looked at before it is taken.
//!
//! The results beside them are what the verbs wrote of shipped models, shortened to what figures read; `morris` and
//! `scaling` are made up, and a point of the sweep failed on purpose.
//!
//! `KNEEPOINT_GOLDEN=write cargo test -p kneepoint-plot` writes them anew.

use std::path::Path;

use kneepoint_plot::{Picture, Theme, figures, pareto, read};

#[test]
fn pictures_are_as_they_were() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let write = std::env::var_os("KNEEPOINT_GOLDEN").is_some_and(|value| value == "write");
    for (result, figure, theme) in [
        ("run", "percentiles", Theme::LIGHT),
        ("run", "time", Theme::LIGHT),
        ("run", "parts", Theme::DARK),
        ("capacity", "knee", Theme::LIGHT),
        ("capacity", "saturation", Theme::LIGHT),
        ("scaling", "scaling", Theme::DARK),
        ("compare", "differences", Theme::LIGHT),
        ("sensitivity", "tornado", Theme::LIGHT),
        ("morris", "effects", Theme::DARK),
        ("failover", "over-time-users", Theme::LIGHT),
        ("failover", "heat-users", Theme::DARK),
        ("failover", "topology", Theme::LIGHT),
        ("sweep", "pareto-params-load-fast", Theme::LIGHT),
        ("sweep", "lines-fast", Theme::LIGHT),
        ("sweep", "heat-map-fast", Theme::DARK),
    ] {
        let text = std::fs::read_to_string(here.join(format!("results/{result}.json"))).unwrap();
        let results = read(result, &text).unwrap();
        let mut all = figures(&results);
        if result == "sweep" {
            all.push(pareto(&results, "max:params.load,fast").unwrap());
        }
        let found =
            all.iter().find(|f| f.name == figure).unwrap_or_else(|| panic!("{result} has no {figure}"));
        let picture = Picture { theme, size: None };
        let svg = picture.svg(found);
        assert_eq!(svg, picture.svg(found), "the same results give the same bytes");
        let path = here.join(format!("golden/{result}-{figure}.svg"));
        if write {
            std::fs::write(&path, &svg).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == svg, "{} is not as it was; KNEEPOINT_GOLDEN=write writes it anew", path.display());
    }
}

#[cfg(feature = "png")]
#[test]
fn pixels_are_as_many_as_asked_for_and_the_same_every_time() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results/run.json");
    let all = figures(&read("run", &std::fs::read_to_string(here).unwrap()).unwrap());
    let picture = Picture { theme: Theme::DARK, size: Some((640, 400)) };
    let png = picture.png(&all[0]);
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(png[16..24], [0, 0, 2, 128, 0, 0, 1, 144]);
    assert_eq!(png, picture.png(&all[0]));
}
