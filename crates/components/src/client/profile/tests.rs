use super::*;
use kneepoint_random::Stream;

fn at(seconds: f64) -> SimTime {
    SimTime::from_nanos((seconds * 1e9).round() as u64)
}

fn s(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds)
}

/// One of each shape, with rates of some ten per second over the first 100 s.
fn shapes() -> Vec<(&'static str, RateProfile)> {
    let lines =
        RateProfile::lines(&[(at(10.0), 5.0), (at(30.0), 40.0), (at(60.0), 0.0), (at(80.0), 20.0)]).unwrap();
    let steps = RateProfile::steps(&[(at(0.0), 10.0), (at(20.0), 0.0), (at(50.0), 60.0)]).unwrap();
    let wave = RateProfile::wave(2.0, 40.0, s(60.0), s(15.0)).unwrap();
    let growth = RateProfile::growth(10.0, 0.5, s(30.0)).unwrap();
    let decline = RateProfile::growth(60.0, -0.5, s(20.0)).unwrap();
    let factor = RateProfile::wave(0.2, 1.0, s(35.0), s(5.0)).unwrap();
    vec![
        ("constant", RateProfile::constant(25.0).unwrap()),
        ("ramp", RateProfile::ramp(5.0, 45.0, at(20.0), s(60.0)).unwrap()),
        ("lines", lines.clone()),
        ("steps", steps.clone()),
        ("spike", RateProfile::spike(5.0, 80.0, at(30.0), [s(5.0), s(10.0), s(20.0)]).unwrap()),
        ("sudden spike", RateProfile::spike(5.0, 80.0, at(30.0), [s(0.0), s(10.0), s(0.0)]).unwrap()),
        ("wave", wave.clone()),
        ("growth", growth.clone()),
        ("decline", decline),
        ("lines × wave", RateProfile::product(vec![lines, factor.clone()]).unwrap()),
        ("steps × wave × growth", RateProfile::product(vec![steps, factor, growth.scaled(0.1)]).unwrap()),
        ("wave × wave", RateProfile::product(vec![wave.clone(), wave.scaled(0.03)]).unwrap()),
    ]
}

#[test]
fn corners_of_each_shape_are_where_they_are_written() {
    let ramp = RateProfile::ramp(10.0, 30.0, at(5.0), s(10.0)).unwrap();
    assert_eq!([0.0, 5.0, 10.0, 15.0, 99.0].map(|t| ramp.rate_at(at(t))), [10.0, 10.0, 20.0, 30.0, 30.0]);
    let sudden = RateProfile::ramp(10.0, 30.0, at(5.0), s(0.0)).unwrap();
    assert_eq!([4.999, 5.0].map(|t| sudden.rate_at(at(t))), [10.0, 30.0]);
    let steps = RateProfile::steps(&[(at(10.0), 1.0), (at(20.0), 4.0)]).unwrap();
    assert_eq!([0.0, 10.0, 19.999, 20.0, 1e6].map(|t| steps.rate_at(at(t))), [1.0, 1.0, 1.0, 4.0, 4.0]);
    let spike = RateProfile::spike(1.0, 5.0, at(10.0), [s(4.0), s(2.0), s(8.0)]).unwrap();
    assert_eq!(
        [0.0, 10.0, 12.0, 14.0, 16.0, 20.0, 24.0, 30.0].map(|t| spike.rate_at(at(t))),
        [1.0, 1.0, 3.0, 5.0, 5.0, 3.0, 1.0, 1.0]
    );
    let wave = RateProfile::wave(10.0, 30.0, s(24.0), s(6.0)).unwrap();
    for (t, value) in [(6.0, 30.0), (18.0, 10.0), (0.0, 20.0), (12.0, 20.0), (24.0 * 365.0 + 6.0, 30.0)] {
        assert!((wave.rate_at(at(t)) - value).abs() < 1e-9, "{t}");
    }
    let growth = RateProfile::growth(100.0, 0.1, s(60.0)).unwrap();
    assert!((growth.rate_at(at(120.0)) - 121.0).abs() < 1e-9);
    let product = RateProfile::product(vec![ramp, RateProfile::constant(2.0).unwrap(), wave]).unwrap();
    assert!((product.rate_at(at(12.0)) - 24.0 * 2.0 * 20.0).abs() < 1e-6);
}

#[test]
fn the_integral_is_that_of_the_slow_twin() {
    for (name, profile) in shapes() {
        for (a, b) in [(0.0, 100.0), (3.7, 51.3), (33.0, 33.5), (79.0, 200.0), (20.0, 20.0)] {
            // The midpoint rule over n cells is wrong by h²/24·|f''|·(b-a) at most where smooth, by h·jump at a jump.
            let cells = 200_000;
            let width = (b - a) / cells as f64;
            let slow: f64 =
                (0..cells).map(|i| profile.rate_at(at(a + (i as f64 + 0.5) * width)) * width).sum();
            let fast = profile.integral(at(a), at(b));
            assert!((fast - slow).abs() <= 3.0 * width * 80.0 + 1e-9 * slow, "{name} {a} {b}: {fast} {slow}");
        }
        let whole = profile.integral(at(1.0), at(90.0));
        let parts = profile.integral(at(1.0), at(44.4)) + profile.integral(at(44.4), at(90.0));
        assert!((whole - parts).abs() < 1e-9 * whole, "{name}: {whole} {parts}");
    }
}

#[test]
fn no_value_lies_outside_the_range() {
    for (name, profile) in shapes() {
        for (a, b) in [(0.0, 100.0), (11.0, 13.0), (44.0, 46.0), (14.0, 16.0), (29.0, 61.0), (70.0, 200.0)] {
            let (low, high) = profile.range(at(a), at(b));
            let values: Vec<f64> =
                (0..=1000).map(|i| profile.rate_at(at(a + (b - a) * i as f64 / 1000.0))).collect();
            let min = values.iter().copied().fold(f64::MAX, f64::min);
            let max = values.iter().copied().fold(0.0, f64::max);
            assert!(low <= min + 1e-9 && max <= high + 1e-9, "{name} {a} {b}: {low} {min} {max} {high}");
            assert_eq!(profile.maximum(at(a), at(b)), high);
            if !name.contains('×') {
                assert!(
                    max >= 0.99 * high && low > 0.99 * min - 0.3,
                    "{name} {a} {b}: {low} {min} {max} {high}"
                );
            }
        }
    }
}

#[test]
fn reaching_is_the_inverse_of_the_integral() {
    for (name, profile) in shapes() {
        for from in [0.0, 7.7, 25.0, 55.5, 90.0] {
            for amount in [1e-6, 0.3, 1.0, 17.0, 300.0] {
                match profile.reach(at(from).as_nanos(), amount) {
                    Reach::After(span) => {
                        let to = SimTime::from_nanos(later(at(from).as_nanos(), span));
                        let got = profile.integral(at(from), to);
                        // Half a nanosecond of rounding at a rate of at most 5 000/s.
                        assert!((got - amount).abs() < 3e-6, "{name} {from} {amount}: {got}");
                    }
                    // Decline to nothing: what is to come in all is value / |rate|.
                    Reach::Never => {
                        let rest = profile.rate_at(at(from)) * 20.0 / std::f64::consts::LN_2;
                        assert!(name == "decline" && rest <= amount, "{name} {from} {amount}");
                    }
                    Reach::NotYet { .. } => panic!("{name} gave up early"),
                }
            }
        }
    }
}

#[test]
fn what_is_zero_for_ever_is_never_reached() {
    let zero = RateProfile::constant(0.0).unwrap();
    let off = RateProfile::steps(&[(at(0.0), 5.0), (at(10.0), 0.0)]).unwrap();
    let wave = RateProfile::wave(0.0, 1.0, s(10.0), s(0.0)).unwrap();
    let both = RateProfile::product(vec![
        off.clone(),
        RateProfile::lines(&[(at(0.0), 1.0), (at(5.0), 2.0)]).unwrap(),
    ]);
    for profile in [zero.clone(), off.clone(), both.unwrap()] {
        assert_eq!(profile.reach(at(20.0).as_nanos(), 1.0), Reach::Never);
        assert_eq!(profile.reach(at(9.0).as_nanos(), 100.0), Reach::Never);
        let mut window = Window::default();
        let found = profile.next_point(at(20.0).as_nanos(), &mut window, &mut Stream::from_key(1));
        assert_eq!(found, Thinned::Never);
    }
    // That a product is zero for ever because one factor is cannot be known in general: the search is cut.
    let product = RateProfile::product(vec![off, wave]).unwrap();
    let mut window = Window::default();
    let found = product.next_point(at(20.0).as_nanos(), &mut window, &mut Stream::from_key(1));
    assert!(matches!(found, Thinned::NotYet(until) if until > at(300.0).as_nanos()), "{found:?}");
    assert!(matches!(product.reach(at(20.0).as_nanos(), 1.0), Reach::NotYet { missing: 1.0, .. }));
}

/// The points of a Poisson process in disjoint intervals are independent and Poisson with the integral as mean: the sum
/// over k intervals of (count - mean)²/mean has mean k, and nearly the law of chi-square with k degrees as the means are
/// above 20. 40 intervals: above 82 or below 16 with probability 10^-4 each; 12 shapes are tried.
#[test]
fn poisson_points_follow_the_integral_in_every_interval() {
    for (name, profile) in shapes() {
        let profile = profile.scaled(40.0);
        let (mut window, mut stream) = (Window::default(), Stream::named(1, 0, name, "test"));
        let (cells, width) = (40, 2.5);
        let mut counts = vec![0.0; cells];
        let mut now = 0;
        loop {
            let found = profile.next_point(now, &mut window, &mut stream);
            let (Thinned::At(next) | Thinned::NotYet(next)) = found else { break };
            assert!(next >= now);
            now = next;
            if found == Thinned::NotYet(next) {
                continue;
            }
            let cell = (now as f64 * 1e-9 / width) as usize;
            if cell >= cells {
                break;
            }
            counts[cell] += 1.0;
        }
        let (mut chi_square, mut used) = (0.0, 0.0);
        for (cell, count) in counts.iter().enumerate() {
            let mean = profile.integral(at(cell as f64 * width), at((cell + 1) as f64 * width));
            if mean == 0.0 {
                assert_eq!(*count, 0.0, "{name}");
            } else if mean > 20.0 {
                chi_square += (count - mean) * (count - mean) / mean;
                used += 1.0;
            }
        }
        // Wilson and Hilferty's normal approximation of chi-square, at 4 standard deviations.
        let width = f64::sqrt(2.0 / (9.0 * used));
        let z = (libm::cbrt(chi_square / used) - (1.0 - 2.0 / (9.0 * used))) / width;
        assert!(used >= 20.0 && z.abs() < 4.0, "{name}: {chi_square} of {used}");
    }
}

/// Given their number, the points of a Poisson process lie like independent draws of the density rate / integral:
/// within cells much smaller than the windows of the thinning. 60 cells (59 degrees): above 112 once in 30 000.
#[test]
fn thinning_is_exact_within_its_windows() {
    let wave = RateProfile::wave(0.0, 2_000.0, s(10.0), s(2.5)).unwrap();
    let (mut window, mut stream) = (Window::default(), Stream::named(2, 0, "wave", "test"));
    let (mut counts, mut now, mut total) = (vec![0.0; 60], 0, 0.0);
    while now < at(30.0).as_nanos() {
        let Thinned::At(next) = wave.next_point(now, &mut window, &mut stream) else {
            panic!("rates are above 0")
        };
        now = next;
        // Phase within two thirds of the rise: six windows of 0.3125 s, ten cells each.
        let cell = ((now % 10_000_000_000) as f64 / 31_250_000.0) as usize;
        if cell < 60 {
            counts[cell] += 1.0;
            total += 1.0;
        }
    }
    let mean = |cell: usize| wave.integral(at(cell as f64 * 0.031_25), at((cell + 1) as f64 * 0.031_25));
    let all: f64 = (0..60).map(mean).sum();
    let chi_square: f64 = (0..60)
        .map(|cell| {
            let expected = mean(cell) / all * total;
            (counts[cell] - expected) * (counts[cell] - expected) / expected
        })
        .sum();
    assert!(chi_square < 112.0, "{chi_square}");
}

#[test]
fn changes_of_a_count_are_found_to_the_nanosecond() {
    let steps = RateProfile::steps(&[(at(0.0), 3.0), (at(7.0), 5.0)]).unwrap();
    assert_eq!(steps.next_whole(at(0.0)), Some(at(7.0)));
    assert_eq!(steps.next_whole(at(7.0)), None);
    let ramp = RateProfile::ramp(0.0, 10.0, at(0.0), s(10.0)).unwrap();
    assert_eq!(ramp.next_whole(at(0.0)), Some(at(0.5)));
    assert_eq!(ramp.next_whole(at(0.5)), Some(at(1.5)));
    assert_eq!(ramp.next_whole(at(9.5)), None);
    assert_eq!(RateProfile::constant(2.5).unwrap().next_whole(at(1.0)), None);
    let wave = RateProfile::wave(0.0, 10.0, s(100.0), s(0.0)).unwrap();
    let first = wave.next_whole(at(0.0)).unwrap();
    assert!(
        wave.rate_at(first) < 9.5 && wave.rate_at(SimTime::from_nanos(first.as_nanos() - 1)) >= 9.5 - 1e-7
    );
}

#[test]
fn what_makes_no_profile_is_refused() {
    assert!(RateProfile::constant(-1.0).is_err());
    assert!(RateProfile::constant(f64::NAN).is_err());
    assert!(RateProfile::constant(1e16).is_err());
    assert!(RateProfile::steps(&[]).is_err());
    assert!(RateProfile::lines(&[(at(1.0), 1.0), (at(1.0), 2.0)]).is_err());
    assert!(RateProfile::wave(2.0, 1.0, s(1.0), s(0.0)).is_err());
    assert!(RateProfile::wave(1.0, 2.0, s(0.0), s(0.0)).is_err());
    assert!(RateProfile::growth(1.0, -1.0, s(1.0)).is_err());
    assert!(RateProfile::product(vec![]).is_err());
    let error = RateProfile::ramp(1.0, -2.0, at(0.0), s(1.0)).unwrap_err();
    assert_eq!(error.to_string(), "`to` is -2; it must be from 0 to 10^15");
}

#[test]
fn constants_in_a_product_leave_it_closed() {
    let two = RateProfile::constant(2.0).unwrap();
    let ramp = RateProfile::ramp(0.0, 10.0, at(0.0), s(10.0)).unwrap();
    let product = RateProfile::product(vec![two.clone(), ramp.clone(), two.clone()]).unwrap();
    assert_eq!(product, ramp.scaled(4.0));
    assert_eq!(RateProfile::product(vec![two.clone(), two]).unwrap(), RateProfile::constant(4.0).unwrap());
}
