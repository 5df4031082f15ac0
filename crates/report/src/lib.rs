//! Tables, JSON and CSV from results.
