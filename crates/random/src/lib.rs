//! Named random streams and distributions.
