//! The metrics as Prometheus reads them.

use openmetrics_parser::prometheus::parse_prometheus;
use openmetrics_parser::{MetricNumber, PrometheusType, PrometheusValue};

use kneepoint_report::prometheus;
use serde_json::Value;

fn number(number: &MetricNumber) -> f64 {
    match number {
        MetricNumber::Float(value) => *value,
        MetricNumber::Int(value) => *value as f64,
    }
}

#[test]
fn a_reader_that_others_wrote_finds_the_numbers_of_the_json() {
    let result = super::found();
    let text = prometheus(&result);
    let read = parse_prometheus(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let json: Value = serde_json::from_str(&kneepoint_report::json(&result)).unwrap();

    let requests = &read.families["http_requests_total"];
    assert_eq!(requests.family_type, PrometheusType::Counter);
    let sum_of = |client: &str, class: &str, status: &str| -> f64 {
        let is_it = |labels: &openmetrics_parser::LabelSet| {
            [("client", client), ("class", class), ("status", status)]
                .iter()
                .all(|(label, value)| labels.get_label_value(label) == Some(*value))
        };
        let found = requests.iter_samples().filter(|sample| is_it(&sample.get_labelset().unwrap()));
        found
            .map(|sample| match &sample.value {
                PrometheusValue::Counter(counter) => number(&counter.value),
                other => panic!("{other:?}"),
            })
            .sum()
    };
    let mut statuses = 0;
    for class in json["clients"][0]["classes"].as_array().unwrap() {
        for (status, share) in class["by_status"].as_object().unwrap() {
            assert_eq!(
                sum_of("users", class["name"].as_str().unwrap(), status),
                share["total"].as_f64().unwrap()
            );
            statuses += 1;
        }
    }
    assert_eq!(statuses, 4, "two classes, each of which has timeouts");

    let durations = &read.families["http_request_duration_seconds"];
    assert_eq!(durations.family_type, PrometheusType::Histogram);
    let mut good = 0;
    for sample in durations.iter_samples() {
        let PrometheusValue::Histogram(histogram) = &sample.value else { panic!("{:?}", sample.value) };
        let counts: Vec<f64> = histogram.buckets.iter().map(|bucket| number(&bucket.count)).collect();
        assert!(counts.is_sorted(), "{counts:?}");
        assert!(histogram.buckets.last().unwrap().upper_bound.is_infinite());
        assert_eq!(*counts.last().unwrap() as u64, histogram.count.unwrap());
        let labels = sample.get_labelset().unwrap();
        let class = labels.get_label_value("class").unwrap();
        let classes = json["clients"][0]["classes"].as_array().unwrap();
        let class = classes.iter().find(|c| c["name"] == class).unwrap();
        let of = match labels.get_label_value("outcome") {
            Some("good") => &class["latency"],
            _ => &class["latency_failed"],
        };
        assert_eq!(histogram.count, of["count"].as_u64());
        let mean = number(&histogram.sum.unwrap()) / histogram.count.unwrap() as f64;
        assert!((mean / of["mean"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9);
        good += 1;
    }
    assert_eq!(good, 4);

    let utilisation = &read.families["kneepoint_part_utilisation_ratio"];
    let instances =
        &json["parts"].as_array().unwrap().iter().find(|p| p["name"] == "front").unwrap()["instances"];
    for sample in utilisation.iter_samples() {
        let labels = sample.get_labelset().unwrap();
        if labels.get_label_value("part") != Some("front") {
            continue;
        }
        let path = labels.get_label_value("instance").unwrap();
        let instance = instances.as_array().unwrap().iter().find(|i| i["path"] == path).unwrap();
        let PrometheusValue::Gauge(value) = &sample.value else { panic!("{:?}", sample.value) };
        assert_eq!(number(value), instance["utilisation"]["value"].as_f64().unwrap());
    }
}

#[test]
fn names_follow_the_conventions() {
    let text = prometheus(&super::found());
    let read = parse_prometheus(&text).unwrap();
    for (name, family) in &read.families {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(allowed), "{name}");
        assert_eq!(family.family_type == PrometheusType::Counter, name.ends_with("_total"), "{name}");
        assert!(!family.help.is_empty(), "{name}");
    }
    // Each family has its head once, before its samples.
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let once: std::collections::BTreeSet<&&str> = heads.iter().collect();
    assert_eq!(once.len(), heads.len());
    assert!(text.contains(r#"kneepoint_run_info{title="shop \"one\"","#), "{text}");
}
