//! What stands inside quotes: quantities, formulas, paths, metrics and conditions.
//!
//! Everything here turns one text into a tree and knows nothing of files, parts or kinds:
//! whether "web" exists and has a series `latency` is asked later.
//! A fault is a [`TextError`] with the bytes it is about, which the reader of files turns into line and column.
//!
//! - [`Quantity`]: `"12ms"`, `"3400/s"`, `"$0.085/h"`
//! - [`Formula`]: `"=peak * 1.5 + 100/s"`
//! - [`Place`], [`Target`], [`Edge`], [`Path`], [`Setting`]: `"web/3"`, `"db:read"`, `"web -> db"`, `"web.instances"`
//! - [`Metric`], [`Condition`]: `"p99(shoppers.latency, each 1min) < 300ms"`

mod arithmetic;
mod cursor;
mod dimension;
mod formula;
mod metric;
mod path;
mod quantity;
mod series;
mod text_error;
mod unit;

pub use dimension::{Dimension, Exponents, Per};
pub use formula::Formula;
pub use metric::{
    Combined, Comparison, Condition, Measure, Metric, MiddleMeasure, Operator, Reducer, Window,
};
pub use path::{
    Direction, Edge, End, NAME_MAX, Path, Piece, Place, SECTIONS, Setting, SettingBase, SettingStep, Target,
    check_name,
};
pub use quantity::{DURATION_MAX_NS, Quantity};
pub use series::{CALLED, MIDDLE_SERIES, SERIES, SeriesKind, Sort, middle_series, series};
pub use text_error::{Spanned, TextError, nearest, shown, with_article};
