//! What a call holds while it is worked on.

/// What an instance runs on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    /// Cores.
    pub cores: u32,
    /// How fast a core is: at speed 2 a work of 10 ms takes 5 ms.
    pub speed: f64,
}

impl Machine {
    /// Returns a machine of so many cores of speed 1.
    pub fn cores(cores: u32) -> Machine {
        Machine { cores, speed: 1.0 }
    }

    /// With cores of this speed.
    pub fn speed(self, speed: f64) -> Machine {
        Machine { speed, ..self }
    }
}

impl Default for Machine {
    /// One core of speed 1.
    fn default() -> Machine {
        Machine::cores(1)
    }
}

/// What is held, and how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Concurrency {
    /// So many servers of speed 1, each serving one call at a time. A call holds one only while it computes; steps
    /// of computing that follow each other directly are one service.
    ///
    /// # Source
    /// The c servers of M/M/c: Kleinrock, "Queueing Systems" vol. 1, 1975, section 3.5.
    Servers(u32),
    /// Processor sharing: k calls share so many servers of speed 1 evenly, at most one each; nobody waits.
    ///
    /// # Source
    /// Kleinrock, "Queueing Systems" vol. 2, 1976, section 4.4; Yashkov and Yashkova, "Processor sharing: a survey of
    /// the mathematical theory", Automation and Remote Control 68, 2007.
    Sharing(u32),
    /// Everybody has a server.
    Unlimited,
    /// A call holds a thread from its start to its reply; the threads share the machine's cores evenly; the queue
    /// stands in front of the threads.
    Threads {
        /// Threads.
        threads: u32,
        /// What they share.
        machine: Machine,
    },
    /// The machine's cores take one piece of computing after the other; nothing is held during calls and delays.
    EventLoop {
        /// Whose cores.
        machine: Machine,
    },
}
