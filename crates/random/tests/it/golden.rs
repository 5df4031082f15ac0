//! The exact bits of the first draws of everything.
//!
//! A change here changes the results of every model: it needs a reason and a line in the change log. Then run
//! `REFRESH_GOLDEN=1 cargo test -p kneepoint-random --test it golden`.

use crate::laws;
use kneepoint_random::{KeyPopularity, RequestStreams, Stream, stream_key};
use std::fmt::Write;
use std::path::Path;

/// Writes a line: the name, four draws as hexadecimal bits.
fn line(text: &mut String, name: &str, mut draw: impl FnMut() -> u64) {
    let draws: Vec<String> = (0..4).map(|_| format!("{:016x}", draw())).collect();
    writeln!(text, "{name}: {}", draws.join(" ")).unwrap();
}

fn rendered() -> String {
    let mut text = String::new();
    let mut seed = 0;
    line(&mut text, "stream_key", || {
        seed += 1;
        stream_key(seed, 2, "web/any", "service")
    });
    let named = || Stream::named(1, 2, "web", "golden");
    let mut s = Stream::from_key(42);
    line(&mut text, "from_key", || s.next_u64());
    let mut s = named();
    line(&mut text, "next_u64", || s.next_u64());
    let mut s = named();
    line(&mut text, "uniform", || s.uniform().to_bits());
    let mut s = named();
    line(&mut text, "below 10", || s.below(10));
    let mut s = named();
    line(&mut text, "below 3 * 2^62", || s.below(3 << 62));
    let mut s = named();
    line(&mut text, "chance 0.5", || u64::from(s.chance(0.5)));
    let mut s = named();
    line(&mut text, "exponential", || s.exponential().to_bits());
    let mut s = named();
    line(&mut text, "normal", || s.normal().to_bits());
    // Sums of many draws pass through the rare branches: wedges and tails.
    let mut s = named();
    line(&mut text, "exponential, sum of 100000", || {
        (0..100_000).map(|_| s.exponential()).sum::<f64>().to_bits()
    });
    let mut s = named();
    line(&mut text, "normal, sum of 100000", || (0..100_000).map(|_| s.normal()).sum::<f64>().to_bits());
    let requests = RequestStreams::new(1, 2, "shoppers", "class");
    let mut index = 0;
    line(&mut text, "request streams", || {
        index += 1;
        requests.stream(index).next_u64()
    });
    for (name, law) in laws::continuous().into_iter().chain(laws::discrete()) {
        let mut s = named();
        line(&mut text, name, || law.sample(&mut s).to_bits());
        line(&mut text, &format!("{name}, sum of 10000"), || {
            (0..10_000).map(|_| law.sample(&mut s)).sum::<f64>().to_bits()
        });
    }
    for (name, popularity) in [
        ("zipf 0.8", KeyPopularity::zipf(1_000_000_000, 0.8)),
        ("zipf 1", KeyPopularity::zipf(1_000_000_000, 1.0)),
        ("zipf 1.2", KeyPopularity::zipf(1_000, 1.2)),
        ("hotspot", KeyPopularity::hotspot(1_000, 10, 0.5)),
        ("even", KeyPopularity::even(1_000)),
        ("counted", KeyPopularity::counted(&[5, 50, 20])),
    ] {
        let popularity = popularity.unwrap();
        let mut s = named();
        line(&mut text, name, || popularity.sample(&mut s));
        line(&mut text, &format!("{name}, sum of 10000"), || {
            (0..10_000).map(|_| popularity.sample(&mut s)).sum()
        });
    }
    text
}

#[test]
fn every_draw_has_the_bits_it_always_had() {
    let rendered = rendered();
    if std::env::var_os("REFRESH_GOLDEN").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden.txt");
        std::fs::write(path, &rendered).unwrap();
    } else {
        // Line by line, so that a failure names the law.
        let golden = include_str!("golden.txt");
        for (now, then) in rendered.lines().zip(golden.lines()) {
            assert_eq!(now, then);
        }
        assert_eq!(rendered.lines().count(), golden.lines().count());
    }
}

/// A transcription of the reference, <https://prng.di.unimi.it/xoshiro256plusplus.c>, its state filled by
/// `splitmix64.c` started at 42: the library behind the streams may not drift from it.
#[test]
fn the_generator_is_the_published_one() {
    let mut state: Vec<u64> = (1..=4_u64)
        .map(|i| {
            let mut z = 42_u64.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        })
        .collect();
    let mut stream = Stream::from_key(42);
    for _ in 0..1000 {
        let expected = state[0].wrapping_add(state[3]).rotate_left(23).wrapping_add(state[0]);
        let t = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= t;
        state[3] = state[3].rotate_left(45);
        assert_eq!(stream.next_u64(), expected);
    }
}
