//! Three servers and a line: M/M/3, simulated and computed.
//!
//! ```text
//! callers --80/s--> [ line ] --> 3 servers of 33 ms
//! ```

use kneepoint::prelude::*;

/// One replication: the mean time at the desk \[s\] over 2000 s after 100 s of warm-up.
fn mean_response(seed: u64, replication: u64) -> Result<f64, Box<dyn std::error::Error>> {
    let mut sim = Simulation::replication(seed, replication);
    let service = Distribution::exponential(33.3e6)?; // [ns]
    let desk = sim.serve("desk", Service::servers(3).does([compute(service)]).build()?);
    let arrivals = ArrivalProcess::new(Arrivals::Poisson, Some(RateProfile::constant(80.0)?))?;
    sim.add("callers", OpenClient::new(desk, arrivals, Classes::default_class()));
    sim.run_for(SimDuration::from_secs(100))?;
    sim.reset_statistics();
    sim.run_for(SimDuration::from_secs(2000))?;
    Ok(sim.books(desk.id()).response.mean().unwrap_or(f64::NAN) / 1e9)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let means = replicate(10, 1, |seed, replication| mean_response(seed, replication).unwrap_or(f64::NAN));
    let estimate = Estimated::from_replications(&means, 0.95);
    let known = estimate.known().ok_or("not enough data")?;
    let theory = kneepoint::analytic::Mmc::new(80.0, 1.0 / 0.0333, 3)?.response_s_mean();
    println!("simulated {:.1} ms ({:.1} to {:.1})", known.value * 1e3, known.low * 1e3, known.high * 1e3);
    println!("Erlang C  {:.1} ms", theory * 1e3);
    Ok(())
}
