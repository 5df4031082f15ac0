//! Scenario files: from text to a checked topology to a simulation.
