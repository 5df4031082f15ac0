//! Closed forms and exact solvers with citations.
