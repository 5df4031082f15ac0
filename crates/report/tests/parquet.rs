//! A sweep as Parquet, read back: `cargo test -p kneepoint-report --features parquet`.

use kneepoint_experiment::sweep::{Axis, Design, Study, StudyPlan, SweepOptions, SweepResult};
use kneepoint_report::{SweepParquet, sweep_csv_head, sweep_csv_point};
use kneepoint_scenario::{Overrides, Registry, Scenario};
use parquet::basic::Compression;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

const MODEL: &str = r#"(format: 1, title: "desk", run: (duration: "1min", warm_up: "5s", replications: 3),
    parts: {
        "callers": OpenClient(to: "desk", rate: "40/s"),
        "desk": Service(concurrency: Servers(3), queue: (max: 50), does: Compute(Exponential("60ms"))),
    },
    slo: { "fast": "p99(callers.latency) < 1s" })"#;

fn swept(threads: usize) -> SweepResult {
    let scenario = Scenario::from_text("desk.ron", MODEL, None).expect("it can be read");
    let axes = vec![
        Axis::parse("callers.rate=20/s..40/s:3").expect("an axis"),
        Axis::parse("desk.queue.max=0,50").expect("an axis"),
    ];
    let plan = StudyPlan { axes, design: Design::Grid, ..StudyPlan::default() };
    let registry = Registry::core();
    let study =
        Study::of_scenario(&scenario, &registry, &Overrides::default(), plan).expect("it can be swept");
    study.collect(&SweepOptions { threads: Some(threads), ..SweepOptions::default() }).expect("it runs")
}

fn written(result: &SweepResult) -> Vec<u8> {
    let mut file = SweepParquet::new(&result.facts).expect("columns have names");
    result.points.iter().for_each(|point| file.point(point).expect("rows fit"));
    file.finish().expect("it ends")
}

/// A cell as the CSV has it.
fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Long(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Str(text) => text.clone(),
        other => panic!("no column is of {other:?}"),
    }
}

#[test]
fn it_holds_the_columns_and_rows_of_the_csv_in_the_same_bytes_each_time() {
    let result = swept(1);
    let bytes = written(&result);
    assert_eq!(bytes, written(&swept(2)));

    let path = std::env::temp_dir().join(format!("kneepoint-{}.parquet", std::process::id()));
    std::fs::write(&path, &bytes).expect("writable");
    let file = std::fs::File::open(&path).expect("it was written");
    std::fs::remove_file(&path).expect("it is ours");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let about = reader.metadata();
    assert_eq!(about.file_metadata().created_by(), Some(concat!("kneepoint ", env!("CARGO_PKG_VERSION"))));
    assert!(about.row_group(0).columns().iter().all(|c| matches!(c.compression(), Compression::SNAPPY)));

    let mut csv = sweep_csv_head(&result.facts);
    result.points.iter().for_each(|point| csv += &sweep_csv_point(point));
    let mut lines = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let mut lines = lines.records().map(|line| line.expect("a row"));
    let head: Vec<String> = lines.next().expect("a head").iter().map(str::to_string).collect();
    let rows = reader.get_row_iter(None).expect("rows");
    let mut count = 0;
    for (row, line) in rows.map(|row| row.expect("a row")).zip(lines.by_ref()) {
        let columns: Vec<(String, String)> =
            row.get_column_iter().map(|(name, field)| (name.clone(), text(field))).collect();
        let expected: Vec<(String, String)> =
            head.iter().cloned().zip(line.iter().map(str::to_string)).collect();
        assert_eq!(columns, expected);
        count += 1;
    }
    assert!(lines.next().is_none());
    assert_eq!(count, 6 * 16, "six points of sixteen numbers and words");
}
