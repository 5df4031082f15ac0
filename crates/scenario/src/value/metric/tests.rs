use proptest::prelude::*;

use super::*;
use crate::value::series::series;

fn own(_: &Target, name: &str) -> Option<SeriesKind> {
    series(name)
}

#[test]
fn metrics_and_conditions_print_as_they_were_written() {
    for text in [
        "p99(shoppers:buy.latency, each 1min)",
        "p50(users.latency)",
        "p99.99(users.latency)",
        "p5(users.latency)",
        "errors(shoppers)",
        "availability(europeans, from 12min to 25min)",
        "utilisation(web, last 1min)",
        "queue(web, at 10s)",
        "max(origin.utilisation, each 1min)",
        "imbalance(db/shard/*.calls)",
        "highest(web/*.queue)",
        "mean(gpu.batch_size)",
        "own_series(gpu)",
        "rate(web -> db.via.Retry.retries)",
        "rate(web:buy -> db:write.via[2].retries, each 10s)",
        "retries(web -> db.via.Retry)",
        "rate(web -> db.retries)",
        "calls(web -> db)",
        "share(* -> db.via.RateLimit.limited, last 1min)",
        "mean(api.via.Bulkhead.inside)",
        "max(api.via[0].waiting)",
        "missed(fast)",
        "time_to_recover(goodput)",
        "cost()",
        "cost(web)",
        "rate(db.calls) / rate(shoppers.requests)",
        "rate(a.calls) - rate(b.calls) - rate(c.calls)",
        "rate(a.calls) - (rate(b.calls) - rate(c.calls))",
        "(rate(a.calls) + rate(b.calls)) / rate(c.calls)",
        "rate(a.calls) + rate(b.calls) * mean(c.queue)",
        "cost() / (rate(a.requests) / rate(b.requests))",
    ] {
        let metric = Metric::parse(text).expect(text);
        assert_eq!(metric.to_string(), text);
        assert_eq!(metric.measures()[0].span.start, usize::from(text.starts_with('(')), "{text}");
        for condition in [format!("{text} < 5"), format!("{text} >= 20% for 30s"), format!("{text} = 0")] {
            let parsed = Condition::parse(&condition).expect(&condition);
            assert_eq!(parsed.to_string(), condition);
            assert_eq!(parsed.metric, metric);
        }
    }
}

#[test]
fn the_pieces_of_a_condition_have_their_places() {
    let text = " p99.9(a:buy.latency, each 1min) <=  300 ms  for 2min ";
    let condition = Condition::parse(text).expect("a condition");
    let Metric::Measure(measure) = &condition.metric else { panic!("one measure") };
    assert_eq!(&text[measure.span.clone()], "p99.9(a:buy.latency, each 1min)");
    let Measure::Series { reducer, target, series, window } = &measure.value else { panic!("a series") };
    let reducer = reducer.as_ref().expect("p99.9");
    assert_eq!((reducer.value, &text[reducer.span.clone()]), (Reducer::Percentile(99.9), "p99.9"));
    assert_eq!(&text[target.span()], "a:buy");
    assert_eq!(&text[series.span.clone()], "latency");
    let window = window.as_ref().expect("each 1min");
    assert_eq!(window.value, Window::Each(Quantity::duration(60e9)));
    assert_eq!(&text[window.span.clone()], "each 1min");
    assert_eq!(condition.comparison.value, Comparison::LessOrEqual);
    assert_eq!(&text[condition.comparison.span.clone()], "<=");
    assert_eq!(condition.value.value, Quantity::duration(300e6));
    assert_eq!(&text[condition.value.span.clone()], "300 ms");
    let lasting = condition.lasting.expect("2min");
    assert_eq!((lasting.value, &text[lasting.span]), (Quantity::duration(120e9), "2min"));
}

#[test]
fn operators_bind_as_usual() {
    let metric = Metric::parse("a(x) - b(x) * c(x) - d(x)").expect("a metric");
    let Metric::Combined(outer) = &metric else { panic!("combined") };
    assert_eq!(outer.operator.value, Operator::Subtract);
    assert_eq!(outer.left.to_string(), "a(x) - b(x) * c(x)");
    assert_eq!(outer.right.to_string(), "d(x)");
    assert_eq!(metric.span(), 0..25);
    assert_eq!(metric.measures().len(), 4);
}

#[test]
fn faulty_metrics_are_named_at_their_place() {
    for (text, span, message) in [
        ("", 0..0, "a metric is missing; for example p99(shoppers.latency)"),
        ("p99(shoppers)", 4..12, "p99 of which series? for example p99(shoppers.latency)"),
        ("rate(web:buy)", 5..12, "rate of which series? for example rate(web:buy.calls)"),
        ("p99()", 0..5, "`p99` of what? for example p99(web.latency)"),
        ("errors()", 0..8, "`errors` of what? for example errors(web)"),
        ("p99", 0..3, "a metric is REDUCER(PART.SERIES); for example p99(shoppers.latency)"),
        ("web.queue", 0..9, "a metric is REDUCER(PART.SERIES); write queue(web)"),
        ("web/*.latency", 0..13, "a metric is REDUCER(PART.SERIES); write p99(web/*.latency)"),
        (
            "web.via.RateLimit.limited",
            0..25,
            "a metric is REDUCER(PART.SERIES); write limited(web.via.RateLimit)",
        ),
        (
            "web -> db.via[1].waiting",
            0..24,
            "a metric is REDUCER(PART.SERIES); write waiting(web -> db.via[1])",
        ),
        ("web -> db.retries", 0..17, "a metric is REDUCER(PART.SERIES); write retries(web -> db)"),
        ("web.via.RateLimit", 0..17, "a metric is REDUCER(PART.SERIES); for example p99(shoppers.latency)"),
        (
            "retries(a -> b.via.Retry.calls)",
            24..30,
            "`retries` is a series itself; write retries(a -> b.via.Retry)",
        ),
        ("gpu.batch", 0..9, "a metric is REDUCER(PART.SERIES); write mean(gpu.batch)"),
        ("p0(a.latency)", 0..2, "`p0` is not a percentile; the least is `min`"),
        ("p100(a.latency)", 0..4, "`p100` is not a percentile; the greatest is `max`"),
        ("p999(a.latency)", 0..4, "`p999` is not a percentile; did you mean `p99.9`?"),
        ("p9999(a.latency)", 0..5, "`p9999` is not a percentile; did you mean `p99.99`?"),
        ("p99.9.9(a.latency)", 0..7, "`p99.9.9` is not a percentile; percentiles lie between"),
        ("p99.(a.latency)", 0..4, "`p99.` is not a percentile"),
        ("avg(a.latency)", 0..3, "`avg` is not a reducer; did you mean `mean`?"),
        ("Mean(a.latency)", 0..4, "`Mean` is not a reducer; did you mean `mean`?"),
        ("median(a.latency)", 0..6, "`median` is not a reducer; did you mean `p50`?"),
        ("foo(a.latency)", 0..3, "`foo` is not a reducer; reducers: p50"),
        ("errors(a.latency)", 8..16, "`errors` is a series itself; write errors(a)"),
        ("latency(a)", 0..7, "`latency` is many values: name a reducer; for example p99(a.latency)"),
        ("rate(a.latency)", 0..4, "`latency` has no `rate`; it takes p50, p99, mean, min, max or total"),
        ("p99(a.errors)", 0..3, "`errors` has no `p99`; it takes share, rate or total"),
        ("rate(web -> db)", 5..14, "rate of which series? for example rate(web -> db.calls)"),
        ("rate(web -> db.via)", 15..18, "`via` of what stands there? for example via.Retry, or via[0]"),
        (
            "rate(web -> db.via.Retry)",
            5..24,
            "rate of which series? for example rate(web -> db.via.Retry.calls)",
        ),
        ("rate(web -> db.via[x].retries)", 18..20, "in `[ ]` stands a number"),
        ("p99(web -> db.via.Retry.retries)", 0..3, "`retries` has no `p99`; it takes rate or total"),
        (
            "rate(web -> db.via.Bulkhead.waiting)",
            0..4,
            "`waiting` has no `rate`; it takes mean, min, max or p99",
        ),
        (
            "response(web -> db.via.Retry)",
            0..8,
            "`response` is many values: name a reducer; for example p99(web -> db.via.Retry.response)",
        ),
        ("rate(web->db.retries)", 5..10, "blanks stand around the arrow; write `web -> db`"),
        ("p99(.latency)", 4..5, "the name of a part is missing before `.`"),
        ("p99(a.)", 6..7, "the name of a series is missing before `)`"),
        ("p99(a.latency", 3..4, "a bracket is not closed"),
        ("p99(a.latency, each 1min", 3..4, "a bracket is not closed"),
        ("p99(a.latency each 1min)", 14..23, "after the series stands `, each 1min`"),
        ("p99(a.latency, )", 14..15, "a window is `each 1min`"),
        ("p99(a.latency, every 1min)", 15..25, "a window is `each 1min`"),
        (
            "p99(a.latency, eahc 1min)",
            15..24,
            "a window is `each 1min`, `last 10s`, `from 5min to 7min` or `at 10s`; did you mean `each`?",
        ),
        ("p99(a.latency, each)", 15..19, "a duration follows `each`; for example `each 1min`"),
        ("p99(a.latency, each 1minute)", 21..27, "`minute` is not a unit; did you mean `min`?"),
        ("p99(a.latency, each 10)", 20..22, "a duration is text with a unit; did you mean \"10ms\", \"10s\""),
        ("p99(a.latency, each 0s)", 20..22, "a window is longer than 0"),
        ("p99(a.latency, last -5s)", 20..23, "a duration must not be below 0"),
        ("p99(a.latency, at 5/s)", 18..21, "\"5/s\" is a rate, a duration is needed"),
        ("p99(a.latency, from 5min)", 15..24, "`from` has a `to`"),
        ("p99(a.latency, from 5min to)", 25..27, "a duration follows `to`"),
        ("p99(a.latency, from to 5min)", 15..19, "a duration follows `from`"),
        ("p99(a.latency, from 7min to 5min)", 15..32, "5min is not after 7min"),
        ("missed()", 0..8, "`missed` takes the name of an objective: missed(fast)"),
        ("missed(a.latency)", 8..16, "`missed` takes the name of an objective: missed(fast)"),
        ("cost(web, db)", 8..12, "`cost` takes one part or nothing"),
        ("a(x)+b(x)", 4..5, "operators stand between blanks; write `a + b`"),
        ("a(x) +b(x)", 5..6, "operators stand between blanks"),
        ("a(x) +", 5..6, "a metric follows `+`"),
        ("a(x) + 5", 7..8, "a metric is needed, not a value"),
        ("$5", 0..2, "a metric is needed, not a value"),
        ("(a(x) + b(x)", 0..1, "a bracket is not closed"),
        ("a(x) b(x)", 4..9, "`b(x)` does not belong to a metric"),
        ("a(x) < 5", 4..8, "a metric is needed, not a condition"),
        ("?", 0..1, "a metric is missing before `?`"),
    ] {
        let error = Metric::parse(text).expect_err(text);
        assert_eq!(error.span, span, "{text}: {error}");
        assert!(error.to_string().starts_with(message), "{text}: {error}");
    }
}

#[test]
fn faulty_conditions_are_named_at_their_place() {
    for (text, span, message) in [
        (
            "p99(shoppers.latency)",
            0..21,
            "a condition is METRIC < VALUE; for example p99(shoppers.latency) < 300ms",
        ),
        ("errors(a)", 0..9, "a condition is METRIC < VALUE; for example errors(a) < 1%"),
        ("cost()", 0..6, "a condition is METRIC < VALUE; for example cost() < $650/month"),
        ("300ms > p99(a.latency)", 0..22, "a condition is METRIC < VALUE; the metric stands first"),
        ("errors(a) is 5", 10..14, "a condition is METRIC < VALUE; `is 5` is not <"),
        ("errors(a) <", 10..11, "a condition is METRIC < VALUE; the value is missing"),
        ("errors(a) == 5", 10..12, "`==` is not a comparison; write `=`"),
        ("errors(a) =< 5", 10..12, "`=<` is not a comparison; write `<=`"),
        ("errors(a) ≤ 5", 10..13, "`≤` is not a comparison; write `<=`"),
        ("errors(a) != 5", 10..12, "`!=` is not a comparison; a condition has"),
        ("errors(a) < five", 12..16, "\"five\" is not a quantity"),
        ("errors(a) < 5 percent", 14..21, "`percent` is not a unit; did you mean `%`?"),
        (
            "errors(a) < 5% and cost() < $5",
            15..30,
            "`and cost() < $5` does not belong to a quantity; a condition has no `and`",
        ),
        ("errors(a) < 5% for", 15..18, "`for` how long? for example `for 30s`"),
        ("errors(a) < 5% for 2", 19..20, "a duration is text with a unit; did you mean \"2ms\", \"2s\""),
        ("errors(a) < 5% for 2/s", 19..22, "\"2/s\" is a rate, a duration is needed"),
        ("errors(a) < for 2s", 12..12, "a value is missing"),
        ("p99(shoppers) < 300ms", 4..12, "p99 of which series?"),
    ] {
        let error = Condition::parse(text).expect_err(text);
        assert_eq!(error.span, span, "{text}: {error}");
        assert!(error.to_string().starts_with(message), "{text}: {error}");
    }
}

#[test]
fn metric_and_value_have_one_dimension() {
    for text in [
        "p99(a.latency) < 300ms",
        "errors(a) < 0.1%",
        "errors(a) < 0.001",
        "goodput(a) > 66.5/s",
        "total(a.lost) = 0",
        "imbalance(db/shard/*.calls) < 1.2",
        "max(a.lag) < 100000",
        "max(a.lag) < 5s",
        "cost() < $650/month",
        "cost_per_million(a) < $25",
        "missed(fast) < 5min",
        "rate(leaf.calls) / rate(users.requests) < 105",
        "rate(leaf.calls) / rate(users.requests) < 5%",
        "cost() / rate(a.requests) < $0.01",
        "mean(gpu.batch_size) > 4",
        "mean(gpu.batch_size) * mean(a.latency) > 4",
    ] {
        Condition::parse(text).expect(text).check(&own).expect(text);
    }
    for (text, span, message) in [
        ("p99(shoppers.latency) < 300", 24..27, "a duration is needed here; did you mean 300ms?"),
        ("p99(a.latency) < 5/s", 17..20, "\"5/s\" is a rate, a duration is needed"),
        ("goodput(a) > 66", 13..15, "a rate is needed here; did you mean 66/s?"),
        ("cost() < 5", 9..10, "a price per time is needed here; did you mean $5/month?"),
        ("cost() < $5", 9..11, "\"$5\" is money, a price per time is needed"),
        ("errors(a) < 5ms", 12..15, "\"5ms\" is a duration, a ratio is needed"),
        ("rate(a.calls) * rate(b.calls) > 5", 32..33, "a rate squared is needed here"),
        (
            "p99(a.latency) + rate(a.calls) > 5",
            0..30,
            "`p99(a.latency) + rate(a.calls)` mixes a duration and a rate",
        ),
    ] {
        let error = Condition::parse(text).expect(text).check(&own).expect_err(text);
        assert_eq!(error.span, span, "{text}: {error}");
        assert!(error.to_string().starts_with(message), "{text}: {error}");
    }
    // A series of another crate is known to the caller only.
    let foreign = |_: &Target, name: &str| {
        (name == "batch_size")
            .then_some(SeriesKind { sort: Sort::Samples, dimension: Some(Dimension::Number) })
    };
    let error = |text| Metric::parse(text).expect(text).dimension(&foreign).expect_err(text).to_string();
    assert_eq!(
        error("rate(gpu.batch_size)"),
        "`batch_size` has no `rate`; it takes p50, p99, mean, min, max or total"
    );
    assert_eq!(
        error("batch_size(gpu)"),
        "`batch_size` is many values: name a reducer; for example p99(gpu.batch_size)"
    );
}

#[test]
fn comparisons_hold_where_they_say() {
    for (sign, comparison) in COMPARISONS {
        let holds = [1.0, 2.0, 3.0].map(|measured| comparison.holds(measured, 2.0));
        let expected = match sign {
            "<" => [true, false, false],
            "<=" => [true, true, false],
            ">" => [false, false, true],
            ">=" => [false, true, true],
            _ => [false, true, false],
        };
        assert_eq!(holds, expected, "{sign}");
    }
    assert!(!Comparison::Less.holds(f64::NAN, 2.0));
}

#[test]
fn large_metrics_are_refused() {
    let deep = |n: usize| format!("{}a(x){}", "(".repeat(n), ")".repeat(n));
    assert!(Metric::parse(&deep(32)).is_ok());
    let error = Metric::parse(&deep(100_000)).expect_err("deep");
    assert_eq!((error.message.as_str(), error.span), ("a metric is at most 32 deep", 32..33));
    assert!(Metric::parse(&format!("a(x){}", " + a(x)".repeat(99))).is_ok());
    let error = Metric::parse(&format!("a(x){}", " + a(x)".repeat(100_000))).expect_err("long");
    assert_eq!(error.message, "a metric combines at most 100 measures");
}

proptest! {
    #[test]
    fn no_text_is_too_strange_and_every_span_lies_in_it(
        text in prop_oneof![
            any::<String>(),
            "[a-zé0-9().,:/*<>=$% +-]{0,24}",
            "(p99|p99\\.9|errors|missed|cost|rate|\\(|\\)|web|\\.latency|, |each|from|to| |1min|5|5%| < | for | \\+ |é){0,14}",
        ],
    ) {
        let metric = Metric::parse(&text).and_then(|m| m.dimension(&own));
        let condition = Condition::parse(&text).and_then(|c| c.check(&own));
        for error in [metric.err(), condition.err()].into_iter().flatten() {
            prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same(
        text in "\\(?(p[1-9]{2}(\\.[1-9]{1,2})?\\([a-c](:x)?\\.latency(, (each|last|at) [1-9](s|min|ms))?\\)|errors\\(a/[0-9]\\)|cost\\(\\))\\)?( [-+*/] \\(?(missed\\(x\\)|rate\\(b/\\*\\.calls\\))( [-+*/] queue\\(c\\))?\\)?){0,4} (<|<=|>|>=|=) [1-9]{1,3}(%|ms|/s|h)?( for [1-9]s)?",
    ) {
        // Brackets do not always match; those that do are the point.
        if let Ok(condition) = Condition::parse(&text) {
            let printed = condition.to_string();
            prop_assert_eq!(Condition::parse(&printed), Ok(condition), "{}", printed);
        }
    }
}
