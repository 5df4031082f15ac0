use super::*;

fn s(seconds: f64) -> SimTime {
    SimTime::from_nanos((seconds * 1e9).round() as u64)
}

fn rate(value: f64) -> Option<RateProfile> {
    Some(RateProfile::constant(value).unwrap())
}

/// The arrivals of a process before an instant \[ns\].
fn arrivals(mut process: ArrivalProcess, before: SimTime, seed: u64) -> Vec<u64> {
    let mut stream = Stream::from_key(seed);
    let mut all = Vec::new();
    loop {
        match process.next(&mut stream) {
            Next::Arrival(at) if at < before => all.push(at.as_nanos()),
            Next::NotYet(at) if at < before => {}
            _ => return all,
        }
    }
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0))
}

fn gaps(times: &[u64]) -> Vec<f64> {
    times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 * 1e-9).collect()
}

#[test]
fn even_arrivals_do_not_drift() {
    let times = arrivals(ArrivalProcess::new(Arrivals::Constant, rate(3.0)).unwrap(), s(30_000.0), 1);
    assert_eq!(times.len(), 89_999);
    for (i, at) in times.iter().enumerate() {
        let exact = (i as u64 + 1) * 1_000_000_000 / 3;
        assert!(at.abs_diff(exact) <= 1, "{i}: {at} {exact}");
    }
}

#[test]
fn even_arrivals_are_even_in_the_integral_of_the_rate() {
    let wave = RateProfile::wave(0.0, 30.0, SimDuration::from_secs(40), SimDuration::ZERO).unwrap();
    let lines = RateProfile::lines(&[(s(0.0), 0.0), (s(50.0), 20.0), (s(90.0), 1.0)]).unwrap();
    let product = RateProfile::product(vec![wave.clone(), lines.scaled(0.1)]).unwrap();
    for profile in [wave, lines, product] {
        let process = ArrivalProcess::new(Arrivals::Constant, Some(profile.clone())).unwrap();
        let times = arrivals(process, s(99.9), 1);
        assert_eq!(times.len(), profile.integral(SimTime::ZERO, s(99.9)) as usize);
        for (i, at) in times.iter().enumerate() {
            let reached = profile.integral(SimTime::ZERO, SimTime::from_nanos(*at));
            // Half a nanosecond at 60/s is 3·10^-8; where the rate is zero, a nanosecond is less.
            assert!((reached - (i + 1) as f64).abs() < 1e-6, "{i}: {reached}");
        }
    }
}

/// Gaps of mean 1 and variance 1: over n = 40 000 the mean has standard error 0.005, the variance sqrt(8/n) = 0.014.
#[test]
fn poisson_gaps_are_exponential() {
    let times = arrivals(ArrivalProcess::new(Arrivals::Poisson, rate(1.0)).unwrap(), s(40_000.0), 5);
    let (mean, variance) = mean_and_variance(&gaps(&times));
    assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.057, "{mean} {variance}");
}

/// Gamma with cv 0.5 has scv 0.25; its mean of 2 s gives way to the rate. Over n = 20 000 the mean has standard error
/// 0.5/sqrt(n) = 0.0035 of itself, the variance 0.25·sqrt((2 + 1.5)/n) = 0.0033 (excess kurtosis 1.5).
#[test]
fn renewal_keeps_the_shape_and_takes_the_mean_from_the_rate() {
    let gap = Distribution::gamma(2e9, 0.5).unwrap();
    let ramp = RateProfile::ramp(1.0, 39.0, s(100.0), SimDuration::from_secs(800)).unwrap();
    for profile in [RateProfile::constant(20.0).unwrap(), ramp] {
        let process = ArrivalProcess::new(Arrivals::Renewal(gap.clone()), Some(profile.clone())).unwrap();
        let times = arrivals(process, s(1_000.0), 6);
        let inner: Vec<f64> = times
            .windows(2)
            .map(|pair| profile.integral(SimTime::from_nanos(pair[0]), SimTime::from_nanos(pair[1])))
            .collect();
        let (mean, variance) = mean_and_variance(&inner);
        assert!((mean - 1.0).abs() < 0.014 && (variance - 0.25).abs() < 0.013, "{mean} {variance}");
    }
}

#[test]
fn renewal_without_a_rate_has_its_own_gaps() {
    let gap = Distribution::constant(2.5e9).unwrap();
    let times = arrivals(ArrivalProcess::new(Arrivals::Renewal(gap), None).unwrap(), s(10.1), 1);
    assert_eq!(times, [2_500_000_000, 5_000_000_000, 7_500_000_000, 10_000_000_000]);
}

fn two_states() -> Vec<MmppState> {
    let stay = |mean: f64| Distribution::exponential(mean).unwrap();
    vec![MmppState { rate: 0.4, stay: stay(50e9) }, MmppState { rate: 1.6, stay: stay(50e9 / 3.0) }]
}

/// Mean rate (0.4·50 + 1.6·16.67) / 66.67 = 0.7. The index of dispersion of counts over a span T is
/// 1 + 2·(λ1-λ2)²·r1·r2 / (r²·(λ1·r2 + λ2·r1)) · (1 - (1 - e^(-rT))/(rT)), r = r1 + r2 (Fischer and Meier-Hellstern
/// 1993, eq. for two states): for T = 2 000 s, 10.58. Over 400 spans its estimate has relative standard error
/// sqrt(2/400) = 7 %, the mean one of sqrt(10.6/560 000) = 0.44 %; 4 of them are allowed.
#[test]
fn a_modulated_process_has_its_rate_and_its_burstiness() {
    let process = ArrivalProcess::new(Arrivals::Mmpp(two_states()), None).unwrap();
    let times = arrivals(process, s(800_000.0), 7);
    let mut counts = vec![0.0; 400];
    times.iter().for_each(|at| counts[(at / 2_000_000_000_000) as usize] += 1.0);
    let (mean, variance) = mean_and_variance(&counts);
    assert!((mean / 1_400.0 - 1.0).abs() < 0.0175, "{mean}");
    assert!((variance / mean / 10.58 - 1.0).abs() < 0.28, "{}", variance / mean);
}

/// As above, at a hundred times the rate with the same stays: the index grows to 1 + 958·0.994, the relative error of
/// the mean over 8 000 s (120 cycles) is sqrt(953/560 000) = 4.1 %.
#[test]
fn a_modulated_process_takes_its_mean_from_a_rate() {
    let process = ArrivalProcess::new(Arrivals::Mmpp(two_states()), rate(70.0)).unwrap();
    let times = arrivals(process, s(8_000.0), 8);
    assert!((times.len() as f64 / 560_000.0 - 1.0).abs() < 0.165, "{}", times.len());
}

/// 2 000 processes: a share of 75 % begins in the first state, with standard error 0.0097.
#[test]
fn a_modulated_process_begins_where_it_is_in_the_long_run() {
    let states = two_states();
    let first = (0..2_000).filter(|seed| first_state(&states, &mut Stream::from_key(*seed)) == 0).count();
    assert!((first as f64 / 2_000.0 - 0.75).abs() < 0.039, "{first}");
}

#[test]
fn a_long_silence_is_looked_through_in_pieces() {
    let off = RateProfile::steps(&[(s(0.0), 0.0), (s(1e6), 5.0)]).unwrap();
    let wave = RateProfile::wave(1.0, 1.5, SimDuration::from_secs(60), SimDuration::ZERO).unwrap();
    let late = RateProfile::product(vec![off.clone(), wave]).unwrap();
    let stay = Distribution::constant(1e6).unwrap();
    let states = vec![MmppState { rate: 1.0, stay }];
    for (arrivals, profile) in [
        (Arrivals::Poisson, late.clone()),
        (Arrivals::Constant, late.clone()),
        (Arrivals::Mmpp(states), off.clone()),
    ] {
        let mut process = ArrivalProcess::new(arrivals, Some(profile)).unwrap();
        let mut stream = Stream::from_key(3);
        let mut before = SimTime::ZERO;
        let mut looks = 0;
        loop {
            match process.next(&mut stream) {
                Next::NotYet(at) => {
                    assert!(at > before && at < s(1e6 + 1_900.0), "{at}");
                    before = at;
                    looks += 1;
                }
                Next::Arrival(at) => break assert!(at > s(1e6) && at < s(1e6 + 10.0), "{at}"),
                Next::Never => panic!("there is more to come"),
            }
            if looks > 1_000 {
                break; // states of a millisecond: it is on its way, and every look ends
            }
        }
        assert!(looks > 10);
    }
}

#[test]
fn what_makes_no_process_is_refused() {
    assert!(ArrivalProcess::new(Arrivals::Poisson, None).is_err());
    assert!(ArrivalProcess::new(Arrivals::Constant, None).is_err());
    let zero = Distribution::constant(0.0).unwrap();
    assert!(ArrivalProcess::new(Arrivals::Renewal(zero.clone()), rate(1.0)).is_err());
    assert!(ArrivalProcess::new(Arrivals::Mmpp(vec![]), None).is_err());
    assert!(ArrivalProcess::new(Arrivals::Mmpp(vec![MmppState { rate: 1.0, stay: zero }]), None).is_err());
    let silent = MmppState { rate: 0.0, stay: Distribution::constant(1e9).unwrap() };
    assert!(ArrivalProcess::new(Arrivals::Mmpp(vec![silent]), None).is_err());
    let heavy = Distribution::pareto(1.0, 0.9).unwrap();
    assert!(ArrivalProcess::new(Arrivals::Renewal(heavy), None).is_err());
}

#[test]
fn an_infinitely_silent_process_ends() {
    let off = RateProfile::steps(&[(s(0.0), 5.0), (s(10.0), 0.0)]).unwrap();
    for kind in [Arrivals::Poisson, Arrivals::Constant, Arrivals::Mmpp(two_states())] {
        let mut process = ArrivalProcess::new(kind, Some(off.clone())).unwrap();
        let mut stream = Stream::from_key(1);
        let mut n = 0;
        while process.next(&mut stream) != Next::Never {
            n += 1;
            assert!(n < 100_000);
        }
    }
}
