//! Draws every figure of a stored result, in light and dark, as SVG and PNG.
//!
//! `cargo run -p kneepoint-plot --example all_figures -- results.json folder`

use kneepoint_plot::{Picture, Theme, figures, read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [results, folder] = arguments.as_slice() else { return Err("results.json folder".into()) };
    for figure in figures(&read(results, &std::fs::read_to_string(results)?)?) {
        for (name, theme) in [("light", Theme::LIGHT), ("dark", Theme::DARK)] {
            let picture = Picture { theme, size: None };
            let path = format!("{folder}/{}-{name}", figure.name);
            std::fs::write(format!("{path}.svg"), picture.svg(&figure))?;
            std::fs::write(format!("{path}.png"), picture.png(&figure))?;
        }
        println!("{}: {}", figure.name, figure.title);
    }
    Ok(())
}
