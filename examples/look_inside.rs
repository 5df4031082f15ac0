//! Step through a model, look into its parts, take a snapshot and fork it.
//!
//! ```text
//! shoppers --> web (2 servers) --> db (1 server)
//! ```

use kneepoint::calls::{Fault, Status};
use kneepoint::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sim = Simulation::new(7);
    let db = sim.serve("db", Service::servers(1).does([compute(Distribution::exponential(8e6)?)]).build()?);
    let steps = [compute(Distribution::exponential(12e6)?), call(db)];
    let web = sim.serve("web", Service::servers(2).does(steps).build()?);
    let arrivals = ArrivalProcess::new(Arrivals::Poisson, Some(RateProfile::constant(90.0)?))?;
    let shoppers = sim.add("shoppers", OpenClient::new(web, arrivals, Classes::default_class()));

    // One event at a time.
    for _ in 0..1000 {
        sim.step();
    }
    println!("after 1000 events: {}, {} calls in flight", sim.now(), sim.in_flight());

    // Look into a part: the standard books, and its own series.
    sim.run_until(SimTime::from_secs(60))?;
    let now = sim.now().as_nanos();
    let queue = sim.level(db.id(), "queue").map_or(0.0, |level| level.mean(now));
    println!("after 60 s: db answered {}, {queue:.2} waited on average", sim.books(db.id()).good());

    // A clone is a snapshot. In one of two futures the database goes away for a second.
    let mut calm = sim.clone();
    let mut stormy = sim.clone();
    stormy.inject(SimTime::from_secs(70), db.id(), Fault::Crash { refuse: Status::Unavailable });
    stormy.inject(SimTime::from_secs(71), db.id(), Fault::Restart);
    for (name, future) in [("calm", &mut calm), ("stormy", &mut stormy)] {
        future.run_until(SimTime::from_secs(120))?;
        let ended = future.outcomes(shoppers).ended;
        println!(
            "{name}: {} ok, {} unavailable",
            ended[Status::Ok as usize],
            ended[Status::Unavailable as usize]
        );
    }

    // The original knows nothing of it, and continues exactly as its clone did.
    sim.run_until(SimTime::from_secs(120))?;
    println!("the original is the calm one: {}", sim.digest() == calm.digest());
    Ok(())
}
