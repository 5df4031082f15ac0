//! Tallies, histograms, warm-up, intervals and estimates.
